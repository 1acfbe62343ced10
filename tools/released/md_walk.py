"""A walk of the reference as it is released: gzipped extended XYZ, positions, energies and forces of every step."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from ase import Atoms, units
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.benchmark.walk_spectra import kinetic_temperature, verlet_velocities
from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames, write_frames

Array = npt.NDArray[np.float64]

SPLIT = "md"  # ``training_guard`` keeps it out of training


@dataclass(frozen=True)
class ReleasedWalk:
    """A walk with a constant time step in a constant cell, from its first step on.

    Attributes:
        atoms: species and cell.
        positions: [steps, atoms, 3], A, not wrapped.
        energies: [steps], eV, potential.
        forces: [steps, atoms, 3], eV/Å.
        time_step_fs: between two steps.
        polymorph, settings_digest: what it is of, and by which settings.
        temperature_K: asked for.
    """

    atoms: Atoms
    positions: Array
    energies: Array
    forces: Array
    time_step_fs: float
    polymorph: str
    settings_digest: str
    temperature_K: float

    @property
    def velocities(self) -> Array:
        """Verlet's [steps - 2, atoms, 3], A/ps, of all steps but the first and the last."""
        return verlet_velocities(self.positions, self.time_step_fs)

    @property
    def length_ps(self) -> float:
        """From the first to the last step."""
        return (len(self.positions) - 1) * self.time_step_fs / 1000

    def beginning(self) -> Atoms:
        """The first step with its velocities, from which a model can make the same walk."""
        start, step = self.atoms.copy(), self.time_step_fs * units.fs
        start.set_positions(self.positions[0])
        half = (self.positions[1] - self.positions[0]) / step
        start.set_velocities(half - 0.5 * step * self.forces[0] / start.get_masses()[:, None])
        return start


@dataclass(frozen=True)
class Conservation:
    """How well a walk keeps its energy.

    Attributes:
        drift_meV_per_atom_per_ps: slope of kinetic and potential energy.
        scatter_meV_per_atom: standard deviation about that line (of Verlet's energy, second order in the time step).
        temperature_K: mean.
    """

    drift_meV_per_atom_per_ps: float
    scatter_meV_per_atom: float
    temperature_K: float


def conservation(walk: ReleasedWalk, skip_ps: float) -> Conservation:
    """Energy and temperature of a walk after its first ``skip_ps``."""
    masses, count = walk.atoms.get_masses(), len(walk.atoms)
    temperature = kinetic_temperature(walk.velocities, masses)
    kinetic = 0.5 * (3 * count - 3) * units.kB * temperature
    total = 1000 * (kinetic + walk.energies[1:-1]) / count
    time = walk.time_step_fs / 1000 * np.arange(1, len(walk.energies) - 1)
    late = time > skip_ps
    line = np.polynomial.Polynomial.fit(time[late], total[late], 1).convert()
    scatter = float((total[late] - line(time[late])).std())
    return Conservation(float(line.coef[1]), scatter, float(temperature[late].mean()))


def write_walk(path: Path, walk: ReleasedWalk) -> None:
    """Write a walk; equal walks give equal bytes."""
    frames = []
    for number, (positions, energy, forces) in enumerate(zip(walk.positions, walk.energies, walk.forces, strict=True)):
        frame = Atoms(walk.atoms.symbols, positions=positions, cell=walk.atoms.cell, pbc=True)
        frame.info = {
            "split": SPLIT,
            "polymorph": walk.polymorph,
            "temperature_K": walk.temperature_K,
            "time_ps": round(number * walk.time_step_fs / 1000, 6),
            "settings_digest": walk.settings_digest,
        }
        frame.calc = SinglePointCalculator(frame, energy=round(float(energy), 7), forces=forces)
        frames.append(frame)
    write_frames(path, frames)


def read_walk(path: Path) -> ReleasedWalk:
    """Read a walk.

    Raises:
        UserError: the file holds no walk, or not one walk.
    """
    frames = read_frames(path)
    if len(frames) < 3 or not all("time_ps" in frame.info for frame in frames):
        raise UserError(
            f"{path}: holds no walk (three frames or more that tell time_ps); tools.released.release_md writes one"
        )
    first = frames[0]
    times = [float(frame.info["time_ps"]) for frame in frames]
    same = ("polymorph", "settings_digest", "temperature_K")
    if not np.allclose(np.diff(times), times[1] - times[0], rtol=1e-6) or any(
        [frame.info[key] for key in same] != [first.info[key] for key in same] for frame in frames
    ):
        raise UserError(f"{path}: its frames are not one walk with one time step; take one file a walk")
    return walk_of(
        first,
        [frame.get_positions() for frame in frames],
        [frame.get_potential_energy() for frame in frames],
        [frame.get_forces() for frame in frames],
        (times[1] - times[0]) * 1000,
        {key: first.info[key] for key in same},
    )


def walk_of(
    first: Atoms,
    positions: Sequence[Array],
    energies: Sequence[float],
    forces: Sequence[Array],
    time_step_fs: float,
    told: dict,
) -> ReleasedWalk:
    """A walk from its steps; ``told``: polymorph, settings_digest, temperature_K."""
    atoms = Atoms(first.symbols, positions=first.get_positions(), cell=first.cell, pbc=True)
    steps = np.array(positions), np.array(energies), np.array(forces)
    return ReleasedWalk(atoms, *steps, time_step_fs=round(time_step_fs, 6), **told)
