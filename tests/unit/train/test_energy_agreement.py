"""Agreement of energies against samples with known errors."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.train.energy_agreement import agreement, bootstrap, groups_of, table_of

RNG = np.random.default_rng(7)


def test_raw_and_shifted_errors_and_orders():
    reference = np.linspace(-8.0, -7.0, 11)
    found = agreement("x", reference + 0.02, reference)
    assert found.raw_meV_per_atom == pytest.approx(20) and found.shift_meV_per_atom == pytest.approx(20)
    assert found.shifted_meV_per_atom == pytest.approx(0, abs=1e-9)
    assert found.spearman == found.kendall == pytest.approx(1) and found.pearson == pytest.approx(1)
    turned = agreement("x", -reference, reference)
    assert turned.spearman == turned.kendall == pytest.approx(-1)


def test_intervals_hold_the_truth_as_often_as_they_say():
    inside = 0
    for _ in range(200):
        error = RNG.normal(scale=0.03, size=60)
        found = agreement("x", error, np.zeros(60))
        inside += found.raw_low <= 30 <= found.raw_high
    assert 0.88 <= inside / 200 <= 0.99  # 95 % asked for; the percentile bootstrap is a little too narrow


def test_too_few_structures_have_no_interval_and_none_have_nothing():
    few = agreement("x", [-8.0, -7.0, -6.0, -5.0], [-8.1, -7.2, -6.1, -5.0])
    assert few.raw_low is None and few.spearman == 1 and few.spearman_low is None
    one = agreement("x", [-8.0], [-8.1])
    assert one.raw_meV_per_atom == pytest.approx(100) and one.shifted_meV_per_atom is None and one.spearman is None
    none = agreement("x", [], [])
    assert (none.structures, none.raw_meV_per_atom) == (0, None)
    assert bootstrap(lambda x: x.mean(axis=1), np.ones(4)) == (None, None)


def test_rank_interval_is_that_of_scipy():
    from scipy.stats import bootstrap as of_scipy
    from scipy.stats import spearmanr

    x = RNG.normal(size=50)
    y = x + RNG.normal(size=50)
    found = agreement("x", y, x)
    other = of_scipy(
        (x, y), lambda a, b: spearmanr(a, b).statistic, paired=True, vectorized=False, n_resamples=2000,
        method="percentile", rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    assert (found.spearman_low, found.spearman_high) == pytest.approx((other.low, other.high), abs=0.05)


def test_groups_are_over_what_they_say_and_the_insane_are_apart():
    energies = np.array([-8.0, -7.99, -7.96, -7.5, -6.0, -9.0, np.nan])
    table = pd.DataFrame(
        {
            "energy_reference_eV_per_atom": energies,
            "energy_hp_mean_eV_per_atom": energies + np.array([0.01, 0.01, 0.01, 0.01, 0.01, 1.0, 0.01]),
            "status": ["ok", "ok", "unconverged", "ok", "ok", "insane: a hole", "ok"],
        }
    )
    sound, every, window, tight = groups_of(table, 1.0, 0.05)
    assert (sound.structures, sound.insane, every.structures, every.insane) == (5, 0, 6, 1)
    assert sound.raw_meV_per_atom == pytest.approx(10) and every.raw_meV_per_atom > 400
    # windows begin at the lowest sound structure, whatever lies in a hole below
    assert (window.structures, tight.structures) == (4, 3)
    assert tight.group == "within 50 meV/atom of the lowest" and window.group.startswith("within 1000")
    assert len(groups_of(table[:5], 1.0, 0.05)) == 3
    assert list(table_of([sound])["structures"]) == [5]
