"""The page of random beside spread: paired differences with their intervals, what is said of them, page and CSV."""

import json

import numpy as np
import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.markdown import around
from tools.experiments import random_against_spread_page as page_of
from tools.experiments.random_against_spread import CELLS, DESIGN, KEY, TABLES, TRAININGS
from tools.experiments.random_against_spread_page import MEASURES, all_counts, block, errors_table, of_both, paired
from tools.results.cells import read_cells
from tools.results.record import tables_of

DESIGN_TOLD = {"study": "laptop", "settings_digest": "0123456789abcdef0123", "steps": 1000, "base_per_state": 1}
DESIGN_TOLD |= {"base_frames": 2, "members": 4, "ensemble_steps": 500, "tests": 30}
ORIGIN = {"commit": "1234567", "machine": "2 cores, x86_64", "date": "2026-11-30"}


def rows(gain=0.0, noise=0.0, seeds=5, counts=(10, 20)):
    """Rows whose random error is ``gain`` times larger; seeds differ much more than strategies do."""
    generator, found = np.random.default_rng(3), []
    for seed in range(1, seeds + 1):
        level = 1 + 0.5 * seed
        found.append({"strategy": "none", "added": 0, "seed": seed, "cells": 0, **dict.fromkeys(MEASURES, 2 * level)})
        for added in counts:
            for strategy in ("spread", "random"):
                error = level * (1 + gain * (strategy == "random")) * (1 + noise * generator.normal())
                found.append({"strategy": strategy, "added": added, "seed": seed, "cells": 2})
                found[-1] |= dict.fromkeys(MEASURES, error)
    return pd.DataFrame(found).assign(shared=1, **ORIGIN)


def cells():
    counts = {"accurate": [5, 5], "candidate": [40, 30], "failed": [1, 0], "invalid": [0, 2]}
    return pd.DataFrame({**counts, "to_choose_from": [30, 20], "test": [10, 20], "eps_lo": 0.2, "eps_hi": 0.6})


def test_the_interval_is_that_of_students_t():
    found = paired([1.0, 2.0, 3.0])
    half = 4.302653 / np.sqrt(3)  # t of 97.5 % with two degrees of freedom; the standard deviation is one
    assert (found.number, found.mean) == (3, 2.0)
    assert (found.low, found.high) == (pytest.approx(2 - half, abs=1e-5), pytest.approx(2 + half, abs=1e-5))
    assert not found.tells and paired([1.0, 1.1, 1.2]).tells and paired([-1.0, -1.1, -1.2]).tells
    assert paired([4.0]).low is None and not paired([4.0]).tells
    assert np.isnan(paired([]).mean)


def test_pairs_have_one_seed_and_are_whole():
    table = rows(gain=0.1, noise=1e-9).sample(frac=1, random_state=1)
    beside = of_both(table, "heldout_force_eV_per_A")
    assert len(beside) == 10
    assert np.allclose(beside["random"] / beside["spread"], 1.1), "the same seed, whatever the order of the rows"
    alone = table[~((table["strategy"] == "spread") & (table["seed"] == 4) & (table["added"] == 20))]
    beside = of_both(alone, "heldout_force_eV_per_A")
    assert len(beside) == 9 and (20, 4) not in beside.index
    assert all_counts(alone, "heldout_force_eV_per_A").number == 4, "a seed that lacks a number of labels is left out"
    begun = table[~((table["added"] == 20) & (table["seed"] > 1))]
    assert all_counts(begun, "heldout_force_eV_per_A").number == 5, "a number of labels with one seed is left out"


def test_a_difference_smaller_than_that_of_seeds_is_seen_in_pairs():
    table = rows(gain=0.05, noise=0.005)
    found = all_counts(table, "heldout_force_eV_per_A")
    assert found.tells and found.low < 5.0 < found.high
    spread = table.loc[(table["strategy"] == "spread") & (table["added"] == 10), "heldout_force_eV_per_A"]
    assert spread.std() / spread.mean() > 0.2


def test_the_verdict_says_what_the_numbers_say():
    better, worse = page_of.verdict(rows(gain=0.1, noise=1e-6)), page_of.verdict(rows(gain=-0.1, noise=1e-6))
    assert "6 of 6 errors differ" in better and "force, eV/Å: 10.0 % larger (10.0 to 10.0)" in better
    assert "6 of 6 errors differ" in worse and "force, eV/Å: 10.0 % smaller (10.0 to 10.0)" in worse
    assert "Of 12 single paired differences 12 " in better and "(12 for spread, 0 for random)" in better
    assert "(0 for spread, 12 for random)" in worse
    none = page_of.verdict(rows(noise=0.1))
    assert "No difference is seen" in none and "none of 6 errors differs" in none and "(10, 20)" in none
    assert "No answer yet" in page_of.verdict(rows(gain=0.5, seeds=1))


def test_labels_that_change_nothing_are_said_to_tell_nothing():
    halved = page_of.whether_labels_matter(rows(noise=1e-6))  # the base alone is twice as wrong
    assert halved == (
        "Labels matter: 20 frames more change the force error of held-out melt by −50.0 % (−50.0 to −50.0) of that of "
        "the base alone."
    )
    same = rows(noise=0.05)
    same.loc[same["strategy"] == "none", list(MEASURES)] /= 2
    assert "no choice of them can be judged" in page_of.whether_labels_matter(same)
    assert "can't be said yet" in page_of.whether_labels_matter(rows(seeds=1))


def test_the_table_tells_the_seeds_of_each_point():
    table = rows(gain=0.1, noise=1e-6)
    table = table[~((table["added"] == 20) & (table["seed"] > 2))]
    shown = {row[0]: row[1:] for row in errors_table(table).shown()}
    assert [shown[f"held-out melt, force, eV/Å, {added}"][0] for added in ("none", 10, 20)] == ["5", "5", "2"]
    assert shown["held-out melt, force, eV/Å, none"][1] == shown["held-out melt, force, eV/Å, none"][2] == "5.000"
    assert shown["held-out melt, force, eV/Å, all numbers together"] == ["2", "–", "–", "–", "10.0 (10.0 to 10.0)"]


@pytest.fixture
def place(tmp_path):
    page = tmp_path / "docs" / "results" / "random-against-spread.md"
    page.parent.mkdir(parents=True)
    page.write_text(f"# Random\n\n{page_of.BEGIN}\n\nold\n\n{page_of.END}\n\nafter\n")
    collected = tmp_path / "collected"
    collected.mkdir()
    rows(gain=0.1, noise=0.02).to_csv(collected / TRAININGS, index=False)
    cells().to_csv(collected / CELLS, index=False)
    (collected / DESIGN).write_text(json.dumps(DESIGN_TOLD))
    return page, collected, tmp_path / "tables", tmp_path / "figure.png"


def test_page_csv_and_figure_are_written_from_the_rows(place):
    page, collected, tables, figure = place
    page_of.random_against_spread_page.__wrapped__(collected, tables, page, figure)
    text = page.read_text()
    assert text.startswith("# Random\n") and text.endswith("after\n") and "old" not in text
    assert "72 candidates" not in text and "70 candidates, 1 failed, 2 invalid" in text
    assert "both strategies choose: 50, of 2 states" in text
    ((table, origin),) = read_cells(page.parent / "tables" / "random-against-spread.csv")
    assert [one.shown() for one, _ in tables_of(page)] == [table.shown()]
    assert (origin.study, origin.settings_digest, origin.date) == ("laptop", "0123456789abcdef", "2026-11-30")
    assert figure.stat().st_size > 10_000
    assert sorted(path.name for path in tables.iterdir()) == [CELLS, DESIGN, TRAININGS]
    page_of.random_against_spread_page.__wrapped__(None, tables, page, figure)
    assert page.read_text() == text


@pytest.mark.parametrize("missing", [TRAININGS, CELLS, DESIGN])
def test_what_was_not_collected_is_named(place, missing):
    page, collected, tables, figure = place
    before = page.read_text()
    (collected / missing).unlink()
    with pytest.raises(UserError, match=f"{missing}: there is none"):
        page_of.random_against_spread_page.__wrapped__(collected, tables, page, figure)
    assert page.read_text() == before
    with pytest.raises(UserError, match="nothing was collected"):
        page_of.random_against_spread_page.__wrapped__(None, page.parent / "no", page, figure)


def test_the_page_of_the_repository_is_what_its_rows_say():
    trainings = pd.read_csv(TABLES / TRAININGS).sort_values(KEY)
    design = json.loads((TABLES / DESIGN).read_text(encoding="utf-8"))
    before, after = around(page_of.PAGE, page_of.BEGIN, page_of.END)
    text, _, _ = block(trainings, pd.read_csv(TABLES / CELLS), design)
    assert page_of.PAGE.read_text(encoding="utf-8") == before + text + after
    assert not trainings[KEY].duplicated().any()
