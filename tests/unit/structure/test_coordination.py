"""Coordination numbers of structures where they are known."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from melt2crystal.structure.coordination import coordination_name, coordination_numbers, mean_coordination
from melt2crystal.structure.crystals import read_crystal

OCTAHEDRAL = ("stishovite", "seifertite")


@pytest.mark.parametrize("name", ["alpha_quartz", "coesite", "beta_cristobalite", "keatite", *OCTAHEDRAL])
def test_silicon_has_four_or_six_oxygens(name):
    numbers = coordination_numbers(read_crystal(f"data/polymorphs/{name}.cif"), "Si", "O", 2.2)
    assert set(numbers) == {6 if name in OCTAHEDRAL else 4}


def test_images_are_counted_in_a_cell_of_two_atoms():
    salt = bulk("NaCl", "rocksalt", a=5.6)
    assert coordination_numbers(salt, "Na", "Cl", 3.0).tolist() == [6]
    assert coordination_numbers(salt, "Na", "Na", 4.1).tolist() == [12]


def test_oxygen_around_oxygen_does_not_count():
    water = Atoms("OH2", [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], cell=np.eye(3) * 10, pbc=True)
    assert coordination_numbers(water, "O", "H", 1.2).tolist() == [2]
    assert coordination_numbers(water, "H", "O", 1.2).tolist() == [1, 1]
    assert coordination_numbers(water, "O", "H", 0.5).tolist() == [0]


def test_without_central_atoms_there_is_no_mean():
    argon = bulk("Ar", "fcc", a=5.3)
    assert len(coordination_numbers(argon, "Si", "O", 2.2)) == 0
    assert np.isnan(mean_coordination(argon, "Si", "O", 2.2))


def test_names():
    assert [coordination_name(number) for number in (4, 6, 5)] == ["tetrahedral", "octahedral", "5-fold"]
