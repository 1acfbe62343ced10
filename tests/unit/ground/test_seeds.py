"""Each job has its own seed, the same for ever."""

import numpy as np
import pytest

from melt2crystal.seeds import generator_for, seed_for


def test_seeds_do_not_change_between_releases():
    """Recorded once: another value would silently change every study."""
    assert [seed_for(1, "train", "iteration-00", member) for member in range(3)] == [836473396, 551740798, 557596202]


def test_jobs_get_different_seeds():
    seeds = {
        seed_for(root, stage, i, j)
        for root in (1, 2)
        for stage in ("train", "explore")
        for i in range(8)
        for j in range(8)
    }
    assert len(seeds) == 256


def test_indices_are_not_run_together():
    assert len({seed_for(1, "a", 1, 23), seed_for(1, "a", 12, 3), seed_for(1, "a1", 23), seed_for(1, "a", 123)}) == 4


@pytest.mark.parametrize("root", [0, 1, 2**31 - 1])
def test_seeds_suit_engines_that_want_a_small_positive_integer(root):
    assert all(0 < seed_for(root, "walk", i) <= 900_000_000 for i in range(200))


def test_generators_repeat_and_are_uncorrelated():
    one, again, other = (generator_for(1, "pack", i).normal(size=4000) for i in (0, 0, 1))
    assert np.array_equal(one, again)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.07  # 4 standard errors
