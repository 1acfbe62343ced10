"""Dynamical stability: a structure is a minimum if none of its harmonic vibrations is imaginary.

Forces of displaced supercells through phonopy (A. Togo et al., J. Phys.: Condens. Matter 35, 353001 (2023)). Relaxation
keeps symmetry, so a structure may sit on a saddle point, which the frequencies tell; and a mode with a wave vector of
the supercell can be followed: the structure is displaced along it and relaxed again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from ase import Atoms

from melt2crystal.benchmark.harmonic import displaced_crystal, repeats, supercells
from melt2crystal.sections.phases.stability import Stability
from melt2crystal.structure.crystals import conventional_cell

if TYPE_CHECKING:
    from phonopy import Phonopy

Array = npt.NDArray[np.float64]
Forces = Callable[[Sequence[Atoms]], list[Array]]  # structures -> forces [atoms, 3] of each, eV/Å
STABLE, UNSTABLE = "stable", "unstable"  # of a state; others begin with "not tested"
STABILITY = (
    *("id", "pressure_GPa", "state", "becomes", "gained_meV_per_atom", "space_group"),
    *("gamma_THz", "lowest_THz", "wave_vector", "mesh_THz", "supercell_atoms"),
)


@dataclass(frozen=True)
class Vibrations:
    """Frequencies of a structure, THz; imaginary ones are negative.

    Args:
        gamma_THz: lowest at Gamma, the three acoustic modes (whose frequency is zero) left out.
        supercell_THz: lowest at the wave vectors that fit into the supercell, where nothing is interpolated.
        wave_vector: of that mode, in reciprocal vectors of the primitive cell.
        mesh_THz: lowest on the mesh.
        atoms: in the supercell.
        displaced: the structure along the lowest mode, in a cell that holds it; None if no mode is imaginary.
    """

    gamma_THz: float
    supercell_THz: float
    wave_vector: tuple[float, float, float]
    mesh_THz: float
    atoms: int
    displaced: Atoms | None

    def unstable(self, threshold_THz: float) -> bool:
        """Whether a mode is imaginary, wherever."""
        return min(self.gamma_THz, self.supercell_THz, self.mesh_THz) < -threshold_THz


def supercell_atoms(structure: Atoms, width_A: float) -> int:
    """Atoms of the supercell that a structure needs."""
    cell = conventional_cell(structure)
    return len(cell) * round(abs(np.linalg.det(repeats(cell.cell.array, width_A))))


def vibrations(structure: Atoms, forces: Forces, rules: Stability) -> Vibrations:
    """Harmonic vibrations of a relaxed structure.

    Raises:
        ValueError: forces are not finite.
    """
    phonons = displaced_crystal(structure, rules.width_A, rules.displacement_A)
    found = forces(supercells(phonons))
    if not all(np.isfinite(of_cell).all() for of_cell in found):
        raise ValueError("forces are not finite")
    phonons.forces = [of_cell - found[0] for of_cell in found[1:]]
    phonons.produce_force_constants(show_drift=False)
    phonons.symmetrize_force_constants(show_drift=False)
    exact = fitting_wave_vectors(phonons)
    lowest = [frequencies_at(phonons, q)[0] for q in exact]
    at = int(np.argmin(lowest))
    mesh = phonons.run_mesh(rules.mesh_length_A, is_mesh_symmetry=True)
    displaced = None
    if lowest[at] < -rules.threshold_THz:
        displaced = along_lowest_mode(phonons, exact[at], rules.amplitude_A)
    q = tuple(float(x) for x in exact[at])
    return Vibrations(
        lowest[0],
        lowest[at],
        (q[0], q[1], q[2]),
        min(_without_acoustic(mesh.qpoints, mesh.frequencies)),
        len(phonons.supercell),
        displaced,
    )


def fitting_wave_vectors(phonons: "Phonopy") -> Array:
    """Wave vectors [n, 3] whose waves fit into the supercell, Gamma first (phonopy's commensurate points)."""
    from phonopy.harmonic.dynmat_to_fc import get_commensurate_points

    matrix = np.rint(np.linalg.inv(phonons.primitive.primitive_matrix))  # that of the supercell's vectors to its own
    points = np.asarray(get_commensurate_points(matrix.astype("int64")), dtype=float)
    points -= np.rint(points)
    return points[np.argsort(np.linalg.norm(points, axis=1), kind="stable")]


def frequencies_at(phonons: "Phonopy", wave_vector: Array) -> list[float]:
    """Frequencies at a wave vector, THz, ascending; at Gamma without the three acoustic ones."""
    frequencies = phonons.run_qpoints([wave_vector.tolist()]).frequencies[0]
    return _without_acoustic([wave_vector], [frequencies])


def _without_acoustic(wave_vectors: Iterable[Array], frequencies: Iterable[Array]) -> list[float]:
    """All frequencies ascending; of those at Gamma the three nearest to zero are left out: they are translations."""
    left: list[float] = []
    for q, of_q in zip(wave_vectors, frequencies, strict=True):
        at_gamma = np.allclose(q, 0, atol=1e-8)
        ordered = sorted(np.asarray(of_q).tolist(), key=abs)
        left += ordered[3:] if at_gamma and len(ordered) > 3 else ([] if at_gamma else ordered)
    return sorted(left) or [0.0]


def along_lowest_mode(phonons: "Phonopy", wave_vector: Array, amplitude_A: float) -> Atoms:
    """The structure displaced along its lowest mode, in the smallest repetition of the primitive cell that holds it.

    Args:
        amplitude_A: largest displacement of an atom, Å.
    """
    primitive = phonons.primitive
    modes = phonons.run_qpoints([wave_vector.tolist()], with_eigenvectors=True)
    frequencies, vectors = modes.frequencies[0], np.asarray(modes.eigenvectors)[0]
    skipped = set(np.argsort(np.abs(frequencies), kind="stable")[:3]) if np.allclose(wave_vector, 0, atol=1e-8) else ()
    band = min((k for k in range(len(frequencies)) if k not in skipped), key=lambda k: frequencies[k])
    vector = vectors[:, band].reshape(-1, 3) / np.sqrt(primitive.masses)[:, None]
    cell = Atoms(primitive.symbols, positions=primitive.positions, cell=primitive.cell, pbc=True)
    times = [_repetition(float(x)) for x in wave_vector]
    cells = np.array(np.meshgrid(*map(np.arange, times), indexing="ij")).reshape(3, -1).T
    copies, displacements = [], []
    for n in cells:
        phases = np.exp(2j * np.pi * ((primitive.scaled_positions + n) @ wave_vector))
        copies.append(cell.positions + n @ cell.cell.array)
        displacements.append(vector * phases[:, None])
    complex_ones = np.concatenate(displacements)
    # the phase of a mode is free: the one that moves an atom the furthest
    largest = complex_ones.ravel()[np.argmax(np.abs(complex_ones))]
    real = np.real(complex_ones * np.conj(largest) / abs(largest))
    real *= amplitude_A / np.linalg.norm(real, axis=1).max()
    return Atoms(
        cell.get_chemical_symbols() * len(cells),
        positions=np.concatenate(copies) + real,
        cell=cell.cell.array * np.array(times)[:, None],
        pbc=True,
    )


def _repetition(component: float) -> int:
    """Smallest number of cells that a component of a fitting wave vector makes a whole number of waves in."""
    for times in range(1, 65):
        if abs(component * times - round(component * times)) < 1e-6:
            return times
    raise ValueError(f"wave vector component {component} fits into no supercell")
