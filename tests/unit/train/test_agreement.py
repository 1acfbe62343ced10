"""How well a model agrees with the reference: against known numbers, with intervals."""

import numpy as np
import pytest

from melt2crystal.train.agreement import bootstrap_interval, pearson, pearson_interval, rmse, stable_window


def test_agreement_leaves_out_what_has_no_label():
    assert rmse([1.0, 2.0, 3.0], [1.0, np.nan, 0.0]) == pytest.approx(np.sqrt(4.5))
    assert rmse([1.0], [np.nan]) is None
    assert pearson([1, 2, 3, 9], [2, 4, 6, np.nan]) == pytest.approx(1)
    assert pearson([1, 1, 1], [1, 2, 3]) is None
    assert stable_window([-8.0, -7.0, -6.99, np.nan], 1.0).tolist() == [True, True, False, False]


def test_a_correlation_has_its_interval():
    """r = 0.989 of 62 structures, known: 0.982 to 0.993."""
    low, high = pearson_interval(0.989, 62) or (0.0, 0.0)
    assert (round(low, 3), round(high, 3)) == (0.982, 0.993)
    assert pearson_interval(0.9, 3) is pearson_interval(None, 60) is pearson_interval(1.0, 60) is None


def test_the_interval_of_an_error_comes_from_walks_not_from_frames():
    """Frames of a walk with equal errors count as one: ten walks, each once or a hundred times, have one interval."""
    squares = np.linspace(0.5, 1.5, 10) ** 2
    once = bootstrap_interval(squares, np.ones(10), list("abcdefghij"))
    often = bootstrap_interval(np.repeat(squares, 100), np.ones(1000), np.repeat(list("abcdefghij"), 100).tolist())
    assert once == pytest.approx(often) and once[0] < np.sqrt(squares.mean()) < once[1]
    # of the mean square: standard error s / sqrt(n); of its root, half of that over the root
    deviation = squares.std() / np.sqrt(10) / 2 / np.sqrt(squares.mean())
    assert (once[1] - once[0]) / (2 * 1.96) == pytest.approx(deviation, rel=0.1)
    assert bootstrap_interval(squares[:4], np.ones(4), list("abcd")) is None
