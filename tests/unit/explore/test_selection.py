import numpy as np
import pandas as pd
import pytest

from melt2crystal.explore.selection import (
    audit_sample,
    class_table,
    classify,
    is_saturated,
    labelling_order,
    why_none,
    window_of,
)
from melt2crystal.sections.explore import Window


def test_the_window_is_half_open_and_nan_is_invalid():
    deviation = np.array([0.1499, 0.15, 0.2999, 0.30, np.nan, np.inf, 0.2])
    sound = np.array([True] * 6 + [False])
    expected = ["accurate", "candidate", "candidate", "failed", "invalid", "invalid", "invalid"]
    assert classify(deviation, sound, 0.15, 0.30).tolist() == expected


def test_calibrated_window_follows_the_models_and_never_falls_below_the_fixed_one():
    window = Window(mode="calibrated", lo_percentile=90, hi_factor=3)
    strong = np.full((50, 3), 10.0)
    assert window_of(window, np.linspace(0, 1, 101), strong) == (0.9, 2.7)
    assert window_of(window, np.full(10, 0.01), strong) == (0.15, 0.45)
    assert window_of(Window(), np.linspace(0, 1, 101), strong) == (0.15, 0.30)


@pytest.mark.parametrize("badness", [1.0, 10.0, 1e6])
def test_a_calibrated_window_can_t_follow_the_ensemble_s_own_failure(badness):
    """Members that agree on nothing deviate by as much as they are wrong: the labels' forces bound the window."""
    forces = np.tile([3.0, 0.0, 4.0], (40, 1))  # 5 eV/A on every atom
    lower, upper = window_of(Window(mode="calibrated"), np.full(20, 2.0 * badness), forces)
    assert (lower, upper) == (1.25, 3.75)
    assert (classify(np.full(7, 2.0 * badness), np.full(7, True), lower, upper) != "accurate").all()


def candidates(cells=3, per_cell=10):
    rows = [
        {"pressure_GPa": 10.0 * cell, "temperature_K": 4000.0, "walk": f"w{cell}", "step": 10 * k}
        for cell in range(cells)
        for k in range(per_cell)
    ]
    return pd.DataFrame(rows)


def test_spread_takes_cells_in_turn_and_distant_times_first():
    table = candidates()
    order = labelling_order(table, "spread", np.random.default_rng(3))
    assert sorted(order) == list(range(30))
    turns = np.reshape(table.loc[order, "pressure_GPa"], (-1, 3))
    assert (np.sort(turns, axis=1) == [0, 10, 20]).all()
    for pressure in (0, 10, 20):  # the second of a cell lies at the far end of its walk
        first, second = [step for step, p in table.loc[order, ["step", "pressure_GPa"]].to_numpy() if p == pressure][:2]
        assert abs(first - second) >= 50


def test_a_turn_that_is_not_whole_favours_no_cell():
    """Of 20 cells 8 are wanted: over many draws the dense half gets as many as the other."""
    table = candidates(cells=20, per_cell=3)
    drawn = [labelling_order(table, "spread", np.random.default_rng(seed))[:8] for seed in range(200)]
    dense = np.mean([table.loc[order, "pressure_GPa"] >= 100 for order in drawn])
    assert abs(dense - 0.5) < 0.04  # standard error: 0.01
    assert all(table.loc[order, "pressure_GPa"].is_unique for order in drawn)


@pytest.mark.parametrize("strategy", ["spread", "random"])
def test_the_order_is_a_function_of_the_seed(strategy):
    table = candidates()
    orders = [labelling_order(table, strategy, np.random.default_rng(seed)) for seed in (1, 1, 2)]
    assert orders[0] == orders[1]
    assert orders[0] != orders[2]


def frames(**classes):
    return pd.DataFrame(
        [
            {"pressure_GPa": 0.0, "temperature_K": 4000.0, "class": name}
            for name, count in classes.items()
            for _ in range(count)
        ]
    )


def test_saturation_needs_every_cell_and_counts_failures_as_not_accurate():
    cell = [(0.0, 4000.0)]
    assert is_saturated(class_table(frames(accurate=96, candidate=4), cell), 0.05, 20)
    assert not is_saturated(class_table(frames(accurate=90, candidate=4, failed=6), cell), 0.05, 20)
    assert not is_saturated(class_table(frames(accurate=90, invalid=10), cell), 0.05, 20)
    assert not is_saturated(class_table(frames(accurate=100), [*cell, (40.0, 6000.0)]), 0.05, 20)


@pytest.mark.parametrize("seen", [1, 5, 19])
def test_a_few_accurate_frames_saturate_no_cell(seen):
    table = class_table(frames(accurate=seen), [(0.0, 4000.0)])
    assert not is_saturated(table, 0.05, 20)
    assert is_saturated(class_table(frames(accurate=20), [(0.0, 4000.0)]), 0.05, 20)
    assert "too few of them" in why_none(table)


def test_the_audit_sample_is_drawn_from_each_cell_and_by_the_seed_alone():
    table = candidates(cells=3, per_cell=10).iloc[:21]  # one frame in the last cell
    drawn = audit_sample(table, 2, np.random.default_rng(5))
    assert table.loc[drawn, "pressure_GPa"].tolist() == [0, 0, 10, 10, 20]
    assert drawn == audit_sample(table, 2, np.random.default_rng(5)) != audit_sample(table, 2, np.random.default_rng(6))
    assert (
        audit_sample(table, 0, np.random.default_rng(5)) == [] == audit_sample(table[:0], 2, np.random.default_rng(5))
    )


def test_class_table_counts_every_class_of_a_cell():
    table = class_table(frames(accurate=3, candidate=2, failed=1), [(0.0, 4000.0), (40.0, 6000.0)])
    assert table[["accurate", "candidate", "failed", "invalid"]].values.tolist() == [[3, 2, 1, 0], [0, 0, 0, 0]]
