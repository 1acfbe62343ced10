import numpy as np
import pytest

from melt2crystal.frames import minimum_distances, pair_limits
from melt2crystal.liquid.packing import cubic_edge, push_apart, random_packing

LIMITS = {"Si-O": 1.2, "O-O": 1.7, "Si-Si": 2.0}


def test_edge_gives_the_density():
    # 24 SiO2 of 60.083 g/mol at 2.2 g/cm3: 24 * 60.083 / 6.02214e23 / 2.2 cm3
    expected = (24 * 60.083 / 0.602214 / 2.2) ** (1 / 3)
    assert cubic_edge({"Si": 1, "O": 2}, 24, 2.2) == pytest.approx(expected, rel=1e-4)


def test_packing_has_composition_and_distances():
    atoms = random_packing({"Si": 1, "O": 2}, 24, 2.2, LIMITS, np.random.default_rng(3))
    assert atoms.get_chemical_symbols() == ["Si"] * 24 + ["O"] * 48
    found = minimum_distances(atoms)
    assert found["Si-O"] >= 1.2
    assert found["O-O"] >= 1.7
    assert found["Si-Si"] >= 2.0


def test_packings_of_different_seeds_are_independent_and_the_same_seed_repeats():
    first, again, other = (
        random_packing({"Si": 1, "O": 2}, 8, 2.2, LIMITS, np.random.default_rng(seed)).positions for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert np.abs(first - other).max() > 1


def test_pair_limits_are_symmetric_and_leave_unnamed_pairs_free():
    limits = pair_limits(np.array(["Si", "O", "O"]), {"O-Si": 1.2})
    assert limits.tolist() == [[0, 1.2, 1.2], [1.2, 0, 0], [1.2, 0, 0]]
    limits = pair_limits(["Si", "O"], {"O-Si": 1.2, "O-O": 1.7}, unnamed_A=0.5)
    assert limits.tolist() == [[0.5, 1.2], [1.2, 1.7]]


def test_push_apart_moves_a_pair_across_the_boundary_symmetrically():
    limits = np.array([[0.0, 2.0], [2.0, 0.0]])
    moved = push_apart(np.array([[0.5, 5, 5], [9.7, 5, 5]]), 10.0, limits)
    assert moved[:, 0] == pytest.approx([1.1 + 0.01, 9.1 - 0.01])  # 0.8 apart, 1.2 + 1 % of 2 missing, half each


def test_impossible_density_says_so():
    with pytest.raises(ValueError, match="density is too high"):
        random_packing({"Si": 1, "O": 2}, 8, 20.0, LIMITS, np.random.default_rng(1))
