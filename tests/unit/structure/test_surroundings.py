import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from melt2crystal.structure.surroundings import (
    crystal_fraction,
    distinct,
    nearest_distances,
    repeated_fraction,
    surroundings,
)

ROCK_SALT = {"Na": 1, "Cl": 1}


def rock_salt(a=5.6):
    return bulk("NaCl", "rocksalt", a=a, cubic=True)


def test_rock_salt_shells():
    found = surroundings(rock_salt(), ROCK_SALT)
    scale = (5.6**3 / 4) ** (1 / 3)
    sodium, chlorine = found.distances[0][:12], found.distances[0][12:]
    assert sodium * scale == pytest.approx([5.6 / np.sqrt(2)] * 12)
    assert chlorine * scale == pytest.approx([2.8] * 6 + [2.8 * np.sqrt(3)] * 6)


def test_scale_rotation_and_supercell_do_not_matter():
    crystal = surroundings(rock_salt(), ROCK_SALT)
    other = rock_salt(a=6.1).repeat((2, 1, 1))
    other.rotate(33, (1, 2, 3), rotate_cell=True)
    other.translate([0.3, 7.0, -2.0])
    assert nearest_distances(surroundings(other, ROCK_SALT), crystal).max() < 1e-9


def test_partial_crystal_is_seen_atom_by_atom():
    """Half of a long supercell is shaken: about half of its atoms still have the crystal's surroundings."""
    atoms = rock_salt().repeat((8, 2, 2))
    shaken = atoms.positions[:, 0] < 0.5 * atoms.cell[0, 0]
    atoms.positions[shaken] += np.random.default_rng(0).normal(0, 0.6, (shaken.sum(), 3))
    crystal = surroundings(rock_salt(), ROCK_SALT)
    mine = surroundings(atoms, ROCK_SALT)
    assert 0.2 < crystal_fraction(mine, crystal, 0.02) < 0.5
    assert 0.2 < repeated_fraction(mine, 0.02) < 0.5


def test_gas_neither_repeats_nor_is_crystal_like():
    generator = np.random.default_rng(1)
    gas = Atoms("Na32Cl32", positions=generator.uniform(0, 11, (64, 3)), cell=[11] * 3, pbc=True)
    mine = surroundings(gas, ROCK_SALT)
    assert repeated_fraction(mine, 0.03) < 0.1
    assert crystal_fraction(mine, surroundings(rock_salt(), ROCK_SALT), 0.04) == 0


def test_distinct_keeps_one_of_each_kind():
    crystal = surroundings(rock_salt().repeat(2), ROCK_SALT)
    fewer = distinct(crystal)
    assert sorted(fewer.symbols) == ["Cl", "Na"]
    assert nearest_distances(crystal, fewer).max() < 1e-9


def test_other_composition_is_refused():
    with pytest.raises(ValueError, match="whole formula units"):
        surroundings(rock_salt(), {"Na": 1, "Cl": 2})
