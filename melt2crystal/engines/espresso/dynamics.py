"""Native molecular dynamics of pw.x: input with velocities, and steps out of an output that may be cut off anywhere.

pw.x integrates with Verlet's algorithm, r(t + h) = 2 r(t) - r(t - h) + h^2 F(t) / m, and extrapolates density and
wavefunctions from step to step. Velocities are Verlet's, v(t) = (r(t + h) - r(t - h)) / 2h.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ase import Atoms, units
from ase.io.espresso import units as espresso_units  # the constants that labels are read with

from melt2crystal.engines.espresso.files import Calculation, write_input
from melt2crystal.sections.reference import EspressoRecipe, EspressoReference

Array = npt.NDArray[np.float64]

RYDBERG_TIME = 2 * units.AUT  # pw.x's unit of time (hbar/Ry), in ASE's
VELOCITY = units.Bohr / RYDBERG_TIME  # and of velocities
ENERGY = re.compile(r"^!\s+total energy\s+=\s+(-?\d+\.\d+) Ry", re.MULTILINE)
# the line after each block shows that the block is whole
FORCES = re.compile(r"Forces acting on atoms[^\n]*\n(.*?)\n\s*Total force =", re.DOTALL)
FORCE = re.compile(r"atom\s+\d+ type\s+\d+\s+force =\s+(\S+)\s+(\S+)\s+(\S+)")
POSITIONS = re.compile(r"ATOMIC_POSITIONS \(angstrom\)\n(.*?)\n\s*kinetic energy \(Ekin\) =", re.DOTALL)


@dataclass(frozen=True)
class Step:
    """One configuration of a walk: positions [atoms, 3], Å; energy, eV (as in labels); forces [atoms, 3], eV/Å."""

    positions: Array
    energy: float
    forces: Array


def write_md_input(
    path: Path,
    start: Atoms,
    reference: EspressoReference,
    recipe: EspressoRecipe,
    time_step_fs: float,
    steps: int,
) -> None:
    """Write the input of an NVE walk.

    Args:
        start: configuration with velocities (of the same moment).
        steps: energies and forces computed, the first at ``start`` itself.
    """
    motion: dict[str, dict[str, object]] = {
        "control": {"dt": time_step_fs * units.fs / RYDBERG_TIME, "nstep": steps, "tstress": False},
        "system": {"nosym": True},  # the start may be symmetrical, the motion is not
        "ions": {
            "ion_dynamics": "verlet",
            "ion_velocities": "from_input",
            "pot_extrapolation": "second_order",
            "wfc_extrapolation": "second_order",
        },
    }
    rows = [
        f"{symbol} {x:.14e} {y:.14e} {z:.14e}\n"
        for symbol, (x, y, z) in zip(start.symbols, start.get_velocities() / VELOCITY, strict=True)
    ]
    cards = "ATOMIC_VELOCITIES a.u\n" + "".join(rows)
    write_input(path, start, reference, recipe, Calculation("md", variables=motion, cards=cards))


def steps_of(output: str, start: Array) -> list[Step]:
    """All steps whose energy and forces are whole.

    Args:
        output: of pw.x, up to wherever it was cut off.
        start: positions in the input, A (pw.x prints them with fewer digits).
    """
    steps: list[Step] = []
    positions: Array | None = start
    marks = list(ENERGY.finditer(output))
    for mark, following in zip_longest(marks, marks[1:]):
        text = output[mark.end() : following and following.start()]
        forces = FORCES.search(text)
        if positions is None or forces is None:
            break
        values = np.array(FORCE.findall(forces.group(1)), dtype=float)
        scale = espresso_units["Ry"] / espresso_units["Bohr"]
        steps.append(Step(positions, float(mark.group(1)) * espresso_units["Ry"], values[: len(start)] * scale))
        moved = POSITIONS.search(text)
        positions = moved and np.array([line.split()[1:4] for line in moved.group(1).split("\n") if line], dtype=float)
    return steps


def velocities_at_end(steps: Sequence[Step], masses: Array, time_step_fs: float) -> Array:
    """Verlet's velocities [atoms, 3] of the last step, ASE's unit: a walk that goes on from there with them is the walk
    that was interrupted.

    The step after the last one, which the velocity needs, follows from the last force.

    Args:
        steps: the last two at least.
        masses: [atoms], atomic mass units.
    """
    before, last = steps[-2], steps[-1]
    step = time_step_fs * units.fs
    return (last.positions - before.positions) / step + 0.5 * step * last.forces / masses[:, None]
