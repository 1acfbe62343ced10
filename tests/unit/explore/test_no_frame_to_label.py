"""A round without a frame to label says why, and never "saturated"."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.explore.selection import CLASSES, refuse_failure_everywhere, why_none, window_of
from melt2crystal.sections.explore import Window


def table(**counts):
    return pd.DataFrame([{**dict.fromkeys(CLASSES, 0), **counts}, dict.fromkeys(CLASSES, 0)])


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"candidate": 5, "accurate": 9}, "none of 5 is shown to be disordered"),
        ({"failed": 4, "accurate": 16}, "no candidates, but not saturated: 4 failed and 0 invalid of 20"),
    ],
)
def test_the_reason_tells_what_became_of_the_frames(counts, words):
    assert words in why_none(table(**counts))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"failed": 40}, "all 40 explored frames failed: 40 have a deviation of 0.3 eV/Å and more, 0 are invalid"),
        ({"failed": 3, "invalid": 9}, "all 12 explored frames failed: 3 have .* 9 are invalid"),
        ({"invalid": 2}, "all 2 explored frames failed"),
        ({}, "no walk left a frame"),
    ],
)
def test_failure_everywhere_is_no_end_of_a_loop_but_an_error_that_says_what_helps(counts, words):
    with pytest.raises(UserError, match=rf"{words}.*train\.loop\.steps.*select\.max_iterations: 0"):
        refuse_failure_everywhere(table(**counts), 0.3)


@pytest.mark.parametrize("counts", [{"accurate": 1, "failed": 50}, {"candidate": 1, "invalid": 9}, {"accurate": 5}])
def test_one_frame_that_can_be_trusted_is_enough_to_go_on(counts):
    refuse_failure_everywhere(table(**counts), 0.3)


def test_an_ensemble_without_a_finite_deviation_is_told():
    with pytest.raises(UserError, match=r"none of 3 forces.*finite deviation"):
        window_of(Window(mode="calibrated"), np.full(3, np.nan), np.ones((9, 3)))
