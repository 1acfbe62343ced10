"""Space group by plateau, and equal structures."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import make_supercell
from ase.io import read

from melt2crystal.search.found.minima import classes
from melt2crystal.structure.symmetry import space_group_plateau

CRYSTALS = Path(__file__).parents[3] / "data" / "polymorphs"
SYMPRECS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2]


def crystal(name: str) -> Atoms:
    atoms = read(CRYSTALS / f"{name}.cif")
    return Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)


def noisy(atoms: Atoms, amplitude_A: float, seed: int = 0) -> Atoms:
    copy = atoms.copy()
    copy.positions += np.random.default_rng(seed).normal(scale=amplitude_A, size=(len(copy), 3))
    return copy


def test_stishovite_as_relaxations_leave_it_is_136():
    plateau = space_group_plateau(noisy(crystal("stishovite"), 0.002), SYMPRECS)
    assert plateau.number == 136
    assert 0.002 < plateau.symprec_A <= 0.02  # what the noise demands, no less
    exact = space_group_plateau(crystal("stishovite"), SYMPRECS)
    assert (exact.number, exact.symprec_A) == (136, 0.001)
    assert exact.decades == pytest.approx(np.log10(200))


def test_a_loose_end_does_not_outvote_the_plateau():
    # alpha-quartz is a displaced beta-quartz: large tolerances alone would see more symmetry
    assert space_group_plateau(crystal("alpha_quartz"), SYMPRECS).number in (152, 154)


def test_disorder_is_p1():
    atoms = noisy(crystal("alpha_quartz"), 0.5)
    assert space_group_plateau(atoms, SYMPRECS).number == 1


def test_rotated_shifted_mirrored_and_larger_copies_are_the_same_structure():
    quartz = crystal("alpha_quartz")
    turned = quartz.copy()
    turned.rotate(37.0, (1, 2, 3), rotate_cell=True)
    turned.translate([0.3, 0.2, 0.1])
    turned.wrap()
    mirrored = Atoms(quartz.numbers, quartz.positions * [1, 1, -1], cell=quartz.cell.array * [1, 1, -1], pbc=True)
    doubled = make_supercell(quartz, [[1, 1, 0], [0, 1, 0], [0, 0, 2]])
    other = crystal("beta_quartz")
    structures = [quartz, turned, mirrored, doubled, crystal("stishovite"), other]
    found = classes(structures, [0.0, 1e-4, 2e-4, 3e-4, 4e-4, 0.05], 0.003, 0.02)
    assert sorted(sorted(members) for members in found) == [[0, 1, 2, 3], [4], [5]]


def test_equal_geometry_outside_the_windows_stays_apart():
    quartz = crystal("alpha_quartz")
    swollen = quartz.copy()
    swollen.set_cell(1.02 * quartz.cell.array, scale_atoms=True)
    assert classes([quartz, quartz], [0.0, 0.01], 0.003, 0.02) == [[0], [1]]  # enthalpy
    assert classes([quartz, swollen], [0.0, 0.0], 0.003, 0.02) == [[0], [1]]  # volume: 6 per cent
    assert classes([quartz, swollen], [0.0, 0.0], 0.003, 0.1) == [[0, 1]]


def test_classes_come_by_enthalpy():
    structures = [crystal("coesite"), crystal("stishovite"), crystal("alpha_quartz")]
    assert classes(structures, [0.3, 0.1, 0.2], 0.003, 0.02) == [[1], [2], [0]]
