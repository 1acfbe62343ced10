"""Numbers over the runs of a study: the interval against its known distribution, aims, runs that lack a number."""

import math

import numpy as np
import pytest

from melt2crystal.sections.jobs import AIMED_AT, QUANTITIES, Replicates
from melt2crystal.summary.replicates import headline, interval, replicates_table, verdict
from melt2crystal.summary.schema import Summary
from tests.helpers.replicates import summary_with


def test_two_runs_against_the_cauchy_distribution():
    """Student's t of one degree of freedom is Cauchy's distribution: its 97.5 % point is tan(0.475 pi) = 12.7062."""
    low, high = interval([1.0, 3.0])
    half = math.tan(0.475 * math.pi)  # s / sqrt(2) is 1
    assert (low, high) == pytest.approx((2 - half, 2 + half), rel=1e-12)


def test_three_runs_against_the_closed_form():
    """Of two degrees of freedom, P(T < t) = 1/2 + t / (2 sqrt(2 + t²)); at 0.975: t² = 2 q² / (1 - q²), q = 0.95."""
    t = 0.95 * math.sqrt(2 / (1 - 0.95**2))
    low, high = interval([2.0, 4.0, 6.0])  # mean 4, s 2
    assert (low, high) == pytest.approx((4 - t * 2 / math.sqrt(3), 4 + t * 2 / math.sqrt(3)), rel=1e-12)


@pytest.mark.parametrize("runs", [2, 3, 5])
def test_the_interval_holds_the_truth_in_95_of_100(runs):
    drawn = np.random.default_rng(runs).normal(7.0, 3.0, (2000, runs))
    held = np.mean([low <= 7 <= high for low, high in map(interval, drawn)])
    assert abs(held - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 2000)


def test_one_run_has_no_interval_and_equal_runs_one_without_width():
    assert interval([]) is None and interval([5.0]) is None
    assert interval([5.0, 5.0, 5.0]) == (5.0, 5.0)


@pytest.mark.parametrize(
    "of_mean, more_is_better, said",
    [
        ((1.0, 8.0), False, "met"),  # up to the aim itself
        ((7.9, 8.1), False, "undecided"),
        ((8.1, 9.0), False, "missed"),
        ((8.0, 9.0), True, "met"),
        ((7.0, 8.5), True, "undecided"),
        ((1.0, 7.9), True, "missed"),
        (None, False, "undecided"),
        (None, True, "undecided"),
    ],
)
def test_an_aim_is_met_or_missed_by_the_whole_interval(of_mean, more_is_better, said):
    assert verdict(8.0, of_mean, more_is_better) == said


def test_the_headline_of_a_summary_is_what_stands_there():
    found = headline(summary_with(octahedral=44.0, kept=5, volumes=3.8))
    assert list(found) == ["hp", "lp"]
    assert list(found["hp"]) == list(QUANTITIES)
    assert found["hp"]["octahedral_curves_meV_per_atom"] == 44.0
    assert (found["hp"]["crystals_kept"], found["hp"]["relaxed_volumes_percent"]) == (5, 3.8)  # at rest, not at 10 GPa
    assert found["hp"]["spectra_overlap"] == pytest.approx(0.7)  # of 0.6 and 0.8; one has none
    assert (found["hp"]["structures_found"], found["hp"]["found_energies_meV_per_atom"]) == (7, 29.0)
    assert found["lp"]["spectra_overlap"] is None and found["lp"]["structures_found"] is None
    assert found["lp"]["octahedral_curves_meV_per_atom"] is None and found["lp"]["crystals_kept"] is None


def test_the_table_counts_the_runs_that_have_a_number():
    runs = {
        1: summary_with(octahedral=20.0, volumes=1.0),
        2: summary_with(octahedral=22.0, volumes=None),
        4: summary_with(octahedral=24.0, volumes=1.0),
    }
    aims = {"octahedral_curves_meV_per_atom": 30.0, "relaxed_volumes_percent": 0.5, "crystals_kept": 6}
    table = replicates_table(runs, 4, aims).set_index(["potential", "quantity"])
    octahedral = table.loc["hp", "octahedral_curves_meV_per_atom"]
    assert [octahedral[f"run_{k}"] for k in (1, 2, 4)] == [20, 22, 24] and np.isnan(octahedral["run_3"])
    assert (octahedral["n"], octahedral["mean"], octahedral["verdict"]) == (3, 22.0, "met")
    assert (octahedral["low"], octahedral["high"]) == pytest.approx(interval([20, 22, 24]))
    volumes = table.loc["hp", "relaxed_volumes_percent"]
    assert (volumes["n"], volumes["mean"], volumes["verdict"]) == (2, 1.0, "undecided")  # 1.0 twice is above
    assert table.loc["hp", "crystals_kept"]["verdict"] == "missed"  # 5, 5, 5
    assert (table.loc["lp"]["verdict"] == "").all() and table.loc["lp"]["aim"].isna().all()  # aims are HP's
    assert ("lp", "octahedral_curves_meV_per_atom") not in table.index


def test_one_run_decides_no_aim():
    table = replicates_table({1: summary_with(octahedral=1.0)}, 3, {"octahedral_curves_meV_per_atom": 30.0})
    row = table.set_index(["potential", "quantity"]).loc["hp", "octahedral_curves_meV_per_atom"]
    assert (row["n"], row["mean"], row["verdict"]) == (1, 1.0, "undecided")
    assert np.isnan(row["low"]) and np.isnan(row["high"])


def test_an_aim_at_what_the_study_does_not_have_stays_in_sight():
    table = replicates_table({k: summary_with() for k in (1, 2)}, 2, {"cubic_curves_meV_per_atom": 30.0})
    row = table.set_index(["potential", "quantity"]).loc["hp", "cubic_curves_meV_per_atom"]
    assert (row["n"], row["aim"], row["verdict"]) == (0, 30.0, "undecided") and np.isnan(row["mean"])


def test_aims_name_quantities_that_have_a_better_side():
    assert set(AIMED_AT) < set(QUANTITIES) and "structures_found" not in AIMED_AT
    assert Summary.model_validate(summary_with().model_dump()) == summary_with()


@pytest.mark.parametrize(
    ("name", "aim"), [("spectra_overlap", 80.0), ("crystals_kept", -1.0), ("octahedral_curves_meV_per_atom", -8.0)]
)
def test_aims_are_numbers_that_can_be_reached(name, aim):
    with pytest.raises(ValueError, match=f"{name}: {aim:g} is no number it can have"):
        Replicates(aims={name: aim})
