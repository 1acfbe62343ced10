"""Random starts: deterministic, sane, in their shares."""

import numpy as np
import pytest

from melt2crystal.frames import frame_id, minimum_distances
from melt2crystal.search.generate import NoStart, Recipe, origin_of, possible_groups, rattled, start
from melt2crystal.seeds import generator_for
from melt2crystal.structure.symmetry import space_group_number as space_group

DISTANCES = {"Si-O": 1.2, "O-O": 1.7, "Si-Si": 2.0}
RECIPE = Recipe({"Si": 1, "O": 2}, 2, (7.0, 16.0), DISTANCES, 0.2, 0.4, 0.1)


@pytest.mark.parametrize("origin", ["symmetric", "rattled", "p1"])
def test_start_has_the_composition_the_volume_and_the_distances(origin):
    for index in range(5):
        atoms = start(RECIPE, origin, generator_for(1, "test", index))
        assert atoms.get_chemical_symbols() == ["Si", "Si", "O", "O", "O", "O"]
        if origin == "rattled":
            continue  # the rattle may change both a little
        assert 6.9 <= atoms.get_volume() / 6 <= 16.1
        for pair, distance in minimum_distances(atoms).items():
            limit = DISTANCES.get(pair, DISTANCES.get("-".join(reversed(pair.split("-")))))
            assert distance >= limit - 1e-6


def test_symmetric_start_has_at_least_the_symmetry_it_was_drawn_with_and_a_rattled_one_none():
    rng = generator_for(3, "test")
    atoms = start(RECIPE, "symmetric", rng)
    assert atoms.info["group"] > 1
    assert space_group(atoms, 1e-3) >= atoms.info["group"]  # random sites can only add symmetry
    assert space_group(rattled(atoms, 0.1, rng), 1e-3) == 1


def test_the_same_seed_gives_the_same_start_whatever_was_made_before():
    first = start(RECIPE, "symmetric", generator_for(1, "test", 7))
    start(RECIPE, "p1", generator_for(1, "test", 8))
    assert frame_id(start(RECIPE, "symmetric", generator_for(1, "test", 7))) == frame_id(first)
    assert frame_id(start(RECIPE, "symmetric", generator_for(1, "test", 9))) != frame_id(first)


def test_shares_hold_for_any_number_of_candidates():
    origins = [origin_of(index, 0.2, 0.4) for index in range(50)]
    for number in (5, 10, 40, 50):
        assert origins[:number].count("symmetric") == round(0.2 * number)
        assert origins[:number].count("rattled") == round(0.4 * number)
    assert {origin_of(index, 0.0, 0.0) for index in range(5)} == {"p1"}
    assert {origin_of(index, 1.0, 0.0) for index in range(5)} == {"symmetric"}


def test_groups_that_cannot_hold_the_atoms_are_never_drawn():
    groups = possible_groups((2, 4))
    assert 136 in groups and 227 in groups  # stishovite and ideal cristobalite are 6-atom primitive cells
    assert 205 not in groups  # Pa-3: smallest positions 4a and 4b of a primitive cell


def test_impossible_distances_are_said_not_looped_over():
    crowded = Recipe({"Si": 1, "O": 2}, 2, (7.0, 8.0), dict.fromkeys(DISTANCES, 4.0), 0.2, 0.4, 0.1)
    with pytest.raises(NoStart, match="minimum distances"):
        start(crowded, "p1", np.random.default_rng(0))
