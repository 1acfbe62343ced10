"""Shares that follow success: what counts give, that none dies out, and what nothing gives."""

import itertools

import numpy as np
import pytest

from melt2crystal.search.shares import FADING, FLOOR, TRIALS, Record, adapted, given_shares, in_words, origin_for, split

GIVEN = {"melt": 0.1, "p1": 0.2, "splice": 0.5, "strain": 0.2}


def test_given_shares_are_those_of_the_study():
    shares = given_shares(0.3, {"melt": 1.0, "p1": 3.0}, {"splice": 0.4, "strain": 0.1})
    assert shares == pytest.approx({"melt": 0.075, "p1": 0.225, "splice": 0.56, "strain": 0.14})
    assert sum(given_shares(0.0, {"p1": 1.0}, {"splice": 2.0}).values()) == pytest.approx(1)


def test_counts_give_shares():
    """By hand: a mean rate of 0.1; the rates of success are 0.1 but for strain, which has 8 of 32 and 8 more at 0.1."""
    tried = {"melt": 0.0, "p1": 32.0, "splice": 56.0, "strain": 32.0}
    succeeded = {"p1": 3.2, "splice": 0.8, "strain": 8.0}
    rates = {"melt": 0.1, "p1": (3.2 + 0.8) / 40, "splice": (0.8 + 0.8) / 64, "strain": (8 + 0.8) / 40}
    earned = np.array([GIVEN[name] * rates[name] for name in GIVEN])
    expected = FLOOR * np.array(list(GIVEN.values())) + (1 - FLOOR) * earned / earned.sum()
    assert TRIALS == 8
    assert list(adapted(GIVEN, tried, succeeded).values()) == pytest.approx(list(expected))


@pytest.mark.parametrize("tried", [{}, {"melt": 7.0, "splice": 300.0}])
def test_without_any_success_the_given_shares_stay(tried):
    assert adapted(GIVEN, tried, {}) == GIVEN
    assert adapted(GIVEN, tried, {"elsewhere": 3.0}) == GIVEN
    assert Record(GIVEN).shares() == GIVEN


def test_equal_success_changes_nothing():
    tried = {name: 100 * share for name, share in GIVEN.items()}
    assert adapted(GIVEN, tried, {name: number / 4 for name, number in tried.items()}) == pytest.approx(GIVEN)


@pytest.mark.parametrize("winner", GIVEN)
def test_none_dies_out_and_all_are_one(winner):
    tried = dict.fromkeys(GIVEN, 1e6)
    shares = adapted(GIVEN, tried, {winner: 1e6})
    assert sum(shares.values()) == pytest.approx(1)
    for name, share in shares.items():
        assert share >= FLOOR * GIVEN[name]
        if name != winner:
            assert share == pytest.approx(FLOOR * GIVEN[name], rel=1e-3)
    assert shares[winner] == pytest.approx(1 - FLOOR * (1 - GIVEN[winner]), rel=1e-3)


def test_the_better_an_origin_the_larger_its_share():
    tried = dict.fromkeys(GIVEN, 40.0)
    ladder = [adapted(GIVEN, tried, {"splice": 10.0, "strain": n})["strain"] for n in (0.0, 1.0, 5.0, 20.0)]
    assert all(one < other for one, other in itertools.pairwise(ladder))


def test_what_is_given_none_gets_none():
    given = {"melt": 0.0, "p1": 0.4, "splice": 0.6}
    shares = adapted(given, dict.fromkeys(given, 10.0), {"melt": 9.0, "p1": 1.0})
    assert shares["melt"] == 0 and sum(shares.values()) == pytest.approx(1)


def test_a_record_counts_what_failed_and_forgets():
    record = Record(GIVEN)
    record.add([("a", "splice"), ("b", "splice"), ("c", "p1"), ("d", "given")], ["a", "of an earlier generation"])
    assert record.tried == {"melt": 0, "p1": 1, "splice": 2, "strain": 0}
    assert record.succeeded == {"melt": 0, "p1": 0, "splice": 1, "strain": 0}
    record.add([("e", "splice"), ("f", "strain")], ["f"])
    assert record.tried["splice"] == pytest.approx(2 * FADING + 1)
    assert record.succeeded["splice"] == pytest.approx(FADING) and record.succeeded["strain"] == 1
    assert record.shares()["strain"] > GIVEN["strain"]


def test_origins_are_drawn_as_often_as_their_shares_say():
    of_starts, starts, operators = split(GIVEN, ("melt", "symmetric", "rattled", "p1"))
    assert (of_starts, starts) == (pytest.approx(0.3), {"melt": 0.1, "p1": 0.2})
    draws = [origin_for(operators, draw) for draw in (np.arange(700) + 0.5) / 700]
    assert {name: draws.count(name) for name in operators} == {"splice": 500, "strain": 200}
    assert origin_for({"melt": 0.0, "p1": 1.0}, 0.0) == "p1"
    assert origin_for(starts, np.nextafter(1.0, 0.0)) == "p1"


def test_words():
    assert in_words({"p1": 0.25, "splice": 0.75, "melt": 0.0}) == "splice 75.0 %, p1 25.0 %"
