"""Harmonic vibrations of a crystal from the forces on displaced supercells (finite displacements, through phonopy).

A. Togo, L. Chaput, T. Tadano, I. Tanaka, J. Phys.: Condens. Matter 35, 353001 (2023). Long-range dipoles (the splitting
of longitudinal and transverse optical modes) are not added: a short-ranged model has none, and it would not compare.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from ase import Atoms

from melt2crystal.benchmark.vdos import frequency_axis
from melt2crystal.frames import canonical_frame, perpendicular_widths
from melt2crystal.structure.crystals import conventional_cell

if TYPE_CHECKING:
    from phonopy import Phonopy

Array = npt.NDArray[np.float64]

FWHM_PER_DEVIATION = 2 * np.sqrt(2 * np.log(2))
IMAGINARY_BELOW_THZ = -0.1  # acoustic modes at Gamma scatter around zero by less
SYMPREC_A = 1e-4  # structures are kept with 1e-8 Å, relaxed ones are symmetrical to about 1e-6 Å


@dataclass(frozen=True)
class HarmonicDensity:
    """A harmonic density of states.

    Attributes:
        frequency_THz: axis [frequencies].
        density: 'total' and each species -> [frequencies], 1/THz; the total has unit area on the axis.
        lowest_THz: lowest frequency on the mesh of wave vectors; negative: imaginary.
        imaginary_share: share of the modes that are imaginary (below -0.1 THz); they are not on the axis.
    """

    frequency_THz: Array
    density: dict[str, Array]
    lowest_THz: float
    imaginary_share: float


def displaced_crystal(crystal: Atoms, width_A: float, displacement_A: float) -> "Phonopy":
    """Phonopy's view of a crystal, with its displacements made.

    Args:
        crystal: any cell of it. The supercell repeats the conventional cell until opposite faces are ``width_A``
            apart, which treats equivalent axes alike and so keeps the point group. A square face may be repeated along
            its diagonals, sqrt(2) x sqrt(2), where 2 x 2 would be taken and this is wide enough.
        width_A: smallest distance between opposite faces of the supercell.
        displacement_A: length of each displacement; symmetry makes them few, and where it does not make minus the
            image of plus, both are taken, so that forces of second order in the displacement cancel.
    """
    from phonopy import Phonopy
    from phonopy.structure.atoms import PhonopyAtoms

    cell = conventional_cell(crystal)
    matrix = repeats(cell.cell.array, width_A)
    given = PhonopyAtoms(
        symbols=cell.get_chemical_symbols(), cell=cell.cell.array, scaled_positions=cell.get_scaled_positions()
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that phonopy finds the primitive cell itself is what is wanted
        phonons = Phonopy(given, supercell_matrix=matrix.tolist(), primitive_matrix="auto", symprec=SYMPREC_A)
    phonons.generate_displacements(distance=displacement_A, is_plusminus="auto")
    return phonons


def repeats(cell: Array, width_A: float) -> npt.NDArray[np.int64]:
    """Matrix [3, 3] of the supercell of a conventional cell [3, 3] (rows are vectors): see ``displaced_crystal``."""
    matrix = np.diag(np.ceil(width_A / perpendicular_widths(cell) - 1e-6).astype(int))
    lengths, products = np.linalg.norm(cell, axis=1), cell @ cell.T
    square = abs(lengths[0] - lengths[1]) < SYMPREC_A and np.abs(products[[0, 0, 1], [1, 2, 2]]).max() < SYMPREC_A
    cubic = square and abs(lengths[0] - lengths[2]) < SYMPREC_A
    if square and not cubic and matrix[0, 0] == 2 and np.sqrt(2) * lengths[0] > width_A - 1e-6:
        matrix[:2, :2] = [[1, 1], [-1, 1]]
    return matrix


def supercells(phonons: "Phonopy") -> list[Atoms]:
    """The undisplaced supercell, then the displaced ones, as frames; ``info['displacement']`` counts them from 0."""
    frames = []
    for number, cell in enumerate([phonons.supercell, *(phonons.supercells_with_displacements or [])]):
        frame = Atoms(cell.symbols, positions=cell.positions, cell=cell.cell, pbc=True)
        frame.info["displacement"] = number
        frames.append(canonical_frame(frame))
    return frames


def harmonic_density(
    phonons: "Phonopy", forces: Sequence[Array], resolution_THz: float, largest_THz: float, mesh_length_A: float
) -> HarmonicDensity:
    """Density of states from the forces on ``supercells(phonons)``.

    The forces on the undisplaced supercell are subtracted: they are residual forces of a structure that another
    potential relaxed, no answer to a displacement. Force constants are made to obey translation and permutation.

    Args:
        forces: one array [atoms, 3] a supercell, eV/Å, the undisplaced one first.
        resolution_THz: full width at half maximum of the Gaussian each mode is broadened to, THz.
        largest_THz: end of the frequency axis, THz.
        mesh_length_A: length that sets the mesh of wave vectors, so many points as its ratio to the cell, Å.

    Raises:
        ValueError: another number of forces than of supercells, forces that are not finite, or no real frequency.
    """
    wanted = 1 + len(phonons.supercells_with_displacements or [])
    if len(forces) != wanted:
        raise ValueError(f"forces on {len(forces)} supercells, but there are {wanted}")
    if not all(np.isfinite(of_cell).all() for of_cell in forces):
        raise ValueError("forces are not finite")
    phonons.forces = [of_cell - forces[0] for of_cell in forces[1:]]
    phonons.produce_force_constants(show_drift=False)
    phonons.symmetrize_force_constants(show_drift=False)
    return density_of(phonons, resolution_THz, largest_THz, mesh_length_A)


def density_of(phonons: "Phonopy", resolution_THz: float, largest_THz: float, mesh_length_A: float) -> HarmonicDensity:
    """Density of states of a crystal whose force constants are there; see ``harmonic_density``."""
    modes = phonons.run_mesh(mesh_length_A, with_eigenvectors=True, is_mesh_symmetry=False)
    frequency = frequency_axis(largest_THz, resolution_THz)
    centres = modes.frequencies.ravel()  # [wave vectors, modes]
    power = np.abs(np.asarray(modes.eigenvectors)) ** 2  # [wave vectors, 3 atoms, modes]
    of_atoms = power.reshape(len(power), len(phonons.primitive), 3, -1).sum(axis=2)
    real = centres >= IMAGINARY_BELOW_THZ
    lines = _gaussians(frequency, centres[real], resolution_THz / FWHM_PER_DEVIATION)
    symbols = np.array(phonons.primitive.symbols)
    density = {}
    for symbol in dict.fromkeys(symbols.tolist()):
        weights = of_atoms[:, symbols == symbol].sum(axis=1).ravel()[real]
        density[symbol] = lines @ weights
    total = np.sum(list(density.values()), axis=0)
    area = np.trapezoid(total, frequency)
    if not area > 0:
        raise ValueError("no mode has a real frequency on the axis: the structure is no crystal of this potential")
    return HarmonicDensity(
        frequency,
        {"total": total / area} | {symbol: values / area for symbol, values in density.items()},
        float(centres.min()),
        float(1 - real.mean()),
    )


def _gaussians(frequency: Array, centres: Array, deviation: float) -> Array:
    """Normal distributions [frequencies, centres]."""
    return np.exp(-0.5 * ((frequency[:, None] - centres[None, :]) / deviation) ** 2) / (deviation * np.sqrt(2 * np.pi))
