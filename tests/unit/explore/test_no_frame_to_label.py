"""A round without a frame to label says why, and never "saturated"."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.explore.selection import CLASSES, why_none, window_of
from melt2crystal.sections.explore import Window


def table(**counts):
    return pd.DataFrame([{**dict.fromkeys(CLASSES, 0), **counts}, dict.fromkeys(CLASSES, 0)])


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"failed": 40}, "no frame can be trusted: 40 failed, 0 invalid; more melt"),
        ({"failed": 3, "invalid": 9}, "no frame can be trusted: 3 failed, 9 invalid"),
        ({}, "no walk left a frame"),
        ({"candidate": 5, "accurate": 9}, "none of 5 is shown to be disordered"),
        ({"failed": 4, "accurate": 16}, "no candidates, but not saturated: 4 failed and 0 invalid of 20"),
    ],
)
def test_the_reason_tells_what_became_of_the_frames(counts, words):
    assert words in why_none(table(**counts))


def test_an_ensemble_without_a_finite_deviation_is_told():
    with pytest.raises(UserError, match=r"none of 3 forces.*finite deviation"):
        window_of(Window(mode="calibrated"), np.full(3, np.nan))
