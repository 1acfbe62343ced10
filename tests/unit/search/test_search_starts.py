"""Random starts: deterministic, sane, in their shares."""

import numpy as np
import pytest
from ase.geometry import minkowski_reduce
from pyxtal.symmetry import Group, get_wyckoffs

from melt2crystal.frames import frame_id, minimum_distances
from melt2crystal.search.starts.generate import NoStart, Recipe, origin_of, possible_groups, rattled, start
from melt2crystal.search.starts.symmetric import IMAGES, holds, random_crystal, sizes_of, squares
from melt2crystal.search.starts.symmetric import space_group as space_group_of
from melt2crystal.seeds import generator_for
from melt2crystal.structure.symmetry import space_group_number as space_group

DISTANCES = {"Si-O": 1.2, "O-O": 1.7, "Si-Si": 2.0}
RECIPE = Recipe({"Si": 1, "O": 2}, 2, (7.0, 16.0), DISTANCES, (0.0, 0.2, 0.4), 0.1)


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
    origins = [origin_of(index, (0.2, 0.2, 0.4)) for index in range(50)]
    for number in (5, 10, 40, 50):
        assert origins[:number].count("melt") == round(0.2 * number)
        assert origins[:number].count("symmetric") == round(0.2 * number)
        assert origins[:number].count("rattled") == round(0.4 * number)
    assert {origin_of(index, (0.0, 0.0, 0.0)) for index in range(5)} == {"p1"}
    assert {origin_of(index, (0.0, 1.0, 0.0)) for index in range(5)} == {"symmetric"}


def test_groups_that_cannot_hold_the_atoms_are_never_drawn():
    groups = possible_groups((2, 4))
    assert 136 in groups and 227 in groups  # stishovite and ideal cristobalite are 6-atom primitive cells
    assert 205 not in groups  # Pa-3: smallest positions 4a and 4b of a primitive cell


def test_impossible_distances_are_said_not_looped_over():
    crowded = Recipe({"Si": 1, "O": 2}, 2, (7.0, 8.0), dict.fromkeys(DISTANCES, 4.0), (0.0, 0.2, 0.4), 0.1)
    with pytest.raises(NoStart, match="minimum distances"):
        start(crowded, "p1", np.random.default_rng(0))


def test_smallest_distances_are_those_over_many_images():
    rng = np.random.default_rng(4)
    far = np.array(list(np.ndindex(7, 7, 7))) - 3
    for _ in range(20):
        cell = minkowski_reduce(rng.normal(size=(3, 3)) + 2 * np.eye(3))[0]
        between = 2 * rng.random((50, 3)) - 1
        expected = (((between[:, None] + far) @ cell) ** 2).sum(axis=2).min(axis=1)
        assert squares(between, cell, IMAGES @ cell) == pytest.approx(expected)


def test_every_space_group_has_its_general_position_in_the_primitive_cell():
    for number in range(1, 231):
        group = space_group_of(number)
        conventional = len(get_wyckoffs(number, dim=3)[0])
        assert len(group.positions[0].operations) == round(conventional * abs(np.linalg.det(group.primitive))), number
        assert not group.positions[0].fixed
        made = tuple((len(position.operations), position.fixed) for position in group.positions)
        assert sizes_of(number) == made, number  # as read off the tables' text


@pytest.mark.parametrize("number", [5, 14, 40, 62, 88, 122, 148, 154, 166, 186, 205, 216, 227])
def test_a_random_crystal_has_its_group_its_composition_and_its_distances(number):
    """Of every crystal system and centring; PyXtal's own check says which compositions a group holds."""
    group = Group(number, dim=3)
    made = 0
    for units in (2, 4, 6):
        counts = (units, 2 * units)
        assert holds(number, counts) == group.check_compatible(np.array(counts) * group.cellsize())[0]
        for seed in range(20):
            atoms = random_crystal(
                number, {"Si": units, "O": 2 * units}, 60.0 * units, DISTANCES, 0.5, generator_for(seed, "crystal")
            )
            if atoms is None:
                continue
            made += 1
            assert atoms.get_chemical_symbols() == ["Si"] * units + ["O"] * 2 * units
            assert atoms.get_volume() == pytest.approx(60.0 * units)
            assert frames_keep(atoms)
            found = Group(space_group(atoms, 1e-3), dim=3)
            order = len(found.wyckoffs[0]) / found.cellsize()
            assert order >= len(group.wyckoffs[0]) / group.cellsize()  # random sites can only add symmetry
            break
    assert made or not any(holds(number, (units, 2 * units)) for units in (2, 4, 6))


def frames_keep(atoms) -> bool:
    found = minimum_distances(atoms)
    return all(
        distance >= DISTANCES.get(pair, DISTANCES.get("-".join(reversed(pair.split("-"))))) - 1e-6
        for pair, distance in found.items()
    )
