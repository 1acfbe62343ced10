"""What the audit says of frames that nobody asked to label, and how sure it is."""

import numpy as np
import pandas as pd
import pytest

from melt2crystal.explore.audit import force_errors, missed_by_cell, share_with_interval, verdict


def test_the_error_is_that_of_the_mean_force_and_its_largest_is_over_atoms():
    label = np.zeros((3, 3))
    models = np.zeros((2, 3, 3))
    models[0, 1], models[1, 1] = (3.0, 0.0, 4.0), (3.0, 8.0, 4.0)  # mean (3, 4, 4)
    errors = force_errors([models], [label])
    assert errors["error_max"][0] == pytest.approx(np.sqrt(41))
    assert errors["error_rms"][0] == pytest.approx(np.sqrt(41 / 9))
    assert force_errors([], []).empty


@pytest.mark.parametrize(
    ("wrong", "total", "low", "high"),
    [(0, 20, 0.0, 0.1684), (1, 20, 0.0013, 0.2487), (20, 20, 0.8316, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_that_of_clopper_and_pearson(wrong, total, low, high):
    share, least, most = share_with_interval(wrong, total)
    assert share == (wrong / total if total else None)
    assert (least, most) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))


def test_only_the_audit_sample_tells_what_was_missed_and_an_unseen_cell_says_nothing():
    rows = [(0.0, 4000.0, "candidate", 0.4, 9.0)] * 5 + [(0.0, 4000.0, "audit", 0.1, 0.2)] * 3
    rows += [(0.0, 4000.0, "audit", 0.14, 0.3)]
    errors = pd.DataFrame(rows, columns=["pressure_GPa", "temperature_K", "chosen_as", "max_devi_f", "error_max"])
    table = missed_by_cell(errors, [(0.0, 4000.0), (40.0, 6000.0)], 0.3)
    assert table[["audited", "missed"]].to_numpy().tolist() == [[4, 1], [0, 0]]
    assert np.isnan(table["share"][1]) and (table["share_low"][1], table["share_high"][1]) == (0.0, 1.0)
    answer = verdict(errors, table, 0.3)
    assert (answer["audited"], answer["missed"], answer["missed_share"]) == (4, 1, 0.25)
    assert answer["rank_correlation"] is None and answer["frames"] == 9  # too few to say
    assert verdict(pd.concat([errors, errors]), table, 0.3)["rank_correlation"] > 0.9


def test_a_round_without_labels_claims_nothing():
    empty = pd.DataFrame(columns=["pressure_GPa", "temperature_K", "chosen_as", "max_devi_f", "error_max"])
    answer = verdict(empty, missed_by_cell(empty, [(0.0, 4000.0)], 0.3), 0.3)
    assert answer["missed_share"] is None and answer["rank_correlation"] is None
    assert (answer["missed_share_low"], answer["missed_share_high"]) == (0.0, 1.0)
