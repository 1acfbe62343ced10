"""Relaxation with few calculations of the reference: BFGS that begins where a potential's ends, with its curvature.

A quasi-Newton search that knows nothing of a soft framework spends dozens of steps on learning it. A potential that is
right about most of the curvature (HP's phonons overlap with the reference's by 0.95) leaves it a few corrections: the
reference decides where the search ends, the potential only how fast.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.constraints import FixSymmetry
from ase.filters import UnitCellFilter
from ase.optimize import BFGS
from ase.stress import full_3x3_to_voigt_6_stress
from ase.units import GPa

from melt2crystal.engines.base import Label
from melt2crystal.errors import UserError
from melt2crystal.frames import bare_frame
from melt2crystal.relaxation.one_by_one import relax

Array = npt.NDArray[np.float64]

# A potential's relaxation before the reference's: where it ends, and volumes beyond which it has lost the structure.
MODEL_FORCE_EV_PER_A, MODEL_STEPS, MODEL_VOLUMES = 0.02, 300, (0.85, 1.25)
# Relaxed by the reference: pw.x's own limits (RELAXED in engines/espresso/files.py and 0.5 kbar), in other units.
FORCE_EV_PER_A, PRESSURE_GPA, STEPS = 0.0129, 0.05, 60
SHIFT = 0.01  # of each coordinate, A, for second derivatives
SOFTEST_EV_PER_A2 = 0.1  # a potential's softer modes are taken for that soft: a wrong guess must not throw atoms about
LARGEST_STEP_A = 0.1


class Labelled(Calculator):
    """Energies, forces and stresses of the labels that ``ask`` gives, with a line of progress each."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 - ASE declares a list

    def __init__(self, ask: Callable[[Atoms], Label]) -> None:
        super().__init__()
        self.ask = ask
        self.calls = 0

    def calculate(self, atoms: Atoms | None = None, properties: Any = None, system_changes: Any = None) -> None:
        """See ASE.

        Raises:
            UserError: the reference gave no label; its reason.
        """
        super().calculate(atoms, properties, system_changes)
        label = self.ask(bare_frame(self.atoms))
        self.calls += 1
        if label.status != "ok" or label.forces is None or label.stress is None or label.energy is None:
            raise UserError(f"calculation {self.calls} of the relaxation: {label.status}: {label.reason}")
        self.results = {
            "energy": label.energy,
            "forces": label.forces,
            "stress": full_3x3_to_voigt_6_stress(label.stress),
        }


def relaxed_by_model(given: Atoms, model: Calculator) -> Atoms | None:
    """Cell and atoms at 0 GPa by a potential, symmetry kept; None if the potential loses the structure."""
    moving = given.copy()
    moving.set_constraint(FixSymmetry(moving))
    reached = relax(moving, model, 0.0, MODEL_FORCE_EV_PER_A, MODEL_STEPS)
    change = reached.atoms.get_volume() / given.get_volume()
    kept = reached.converged and MODEL_VOLUMES[0] < change < MODEL_VOLUMES[1]
    name = given.info["polymorph"]
    print(f"{now()} start {name}: volume {change:.3f} of the published{'' if kept else ', not used'}", flush=True)
    return bare(reached.atoms, given.info) if kept else None


def led_relaxation(start: Atoms, model: Calculator, reference: Labelled) -> Atoms:
    """Cell and atoms at 0 GPa by the reference, symmetry kept.

    Args:
        start: where the model is at rest, or nearly.
        model: its second derivatives are the first guess of BFGS.
        reference: asked once a step; forces end below 0.0129 eV/Å, the stress within 0.05 GPa of 0.

    Raises:
        UserError: the reference fails, or 60 steps are not enough.
    """
    guess = second_derivatives(start, model)
    moving = bare(start, start.info)
    moving.set_constraint(FixSymmetry(moving))
    moving.calc = reference
    optimiser = BFGS(_filter(moving), logfile=None, maxstep=LARGEST_STEP_A)  # type: ignore[arg-type]
    optimiser.H0 = guess
    for _ in optimiser.irun(fmax=0.0, steps=STEPS):
        force = float(np.linalg.norm(moving.get_forces(), axis=1).max())
        stress = float(np.abs(moving.get_stress()).max() / GPa)
        print(
            f"{now()} relax {start.info.get('polymorph', '')}: step {optimiser.nsteps}, "
            f"{moving.get_potential_energy() / len(moving):.6f} eV/atom, largest force {force:.4f} eV/Å, stress "
            f"{stress:.3f} GPa, {moving.get_volume() / len(moving):.4f} Å³/atom",
            flush=True,
        )
        if force < FORCE_EV_PER_A and stress < PRESSURE_GPA:
            return bare(moving, start.info)
    raise UserError(
        f"{start.info.get('polymorph', 'the crystal')} is not at rest after {STEPS} steps (force {force:.4f} eV/Å, "
        f"stress {stress:.3f} GPa); every step is kept: begin with another model, or without one"
    )


def second_derivatives(atoms: Atoms, model: Calculator) -> Array:
    """Second derivatives of the energy, positions and cell in ASE's UnitCellFilter [3 atoms + 9, the same], eV/Å².

    Central differences of forces and stress, made symmetric, and none softer than 0.1 eV/Å².
    """
    moving = bare(atoms, {})
    moving.calc = model
    filtered = _filter(moving)
    at_rest = filtered.get_positions().copy()
    rows = []
    for number in range(at_rest.size):
        slopes = []
        for sign in (1, -1):
            shifted = at_rest.copy().ravel()
            shifted[number] += sign * SHIFT
            filtered.set_positions(shifted.reshape(at_rest.shape))
            slopes.append(-filtered.get_forces().ravel())
        rows.append((slopes[0] - slopes[1]) / (2 * SHIFT))
    matrix = np.array(rows)
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(np.abs(values), SOFTEST_EV_PER_A2)) @ vectors.T


def bare(atoms: Atoms, info: dict[str, Any]) -> Atoms:
    """Atoms and cell alone, with this ``info``: no constraint, calculator or label."""
    return Atoms(atoms.symbols, positions=atoms.get_positions(), cell=atoms.cell, pbc=True, info=info)


def now() -> str:
    """The time of day, for the log."""
    return time.strftime("%H:%M:%S")


def _filter(atoms: Atoms) -> UnitCellFilter:
    with warnings.catch_warnings():  # ASE advises FrechetCellFilter: twice as slow, and the end is the same
        warnings.simplefilter("ignore")
        return UnitCellFilter(atoms)
