"""What is shipped says first what it loses."""

import pandas as pd
import pytest

from melt2crystal.errors import UserError
from tools.released.ship_potentials import ship, verdicts


def study(folder):
    (folder / "benchmark" / "relaxed").mkdir(parents=True)
    rows = [("alpha_quartz", 0, "lost: space group 180 instead of 154", 4.87), ("stishovite", 2, "kept", -1.4)]
    rows = [
        {"potential": "hp", "pressure_GPa": p, "polymorph": n, "kept": k, "members": 2, "verdict": v,
         "volume_error_percent": e}
        for n, k, v, e in rows for p in (0.0, 10.0)
    ]  # fmt: skip
    pd.DataFrame(rows).to_csv(folder / "benchmark/relaxed/crystals.csv", index=False)
    return folder


def test_the_card_counts_and_names_what_is_lost_at_no_pressure(tmp_path):
    text = verdicts(study(tmp_path), "hp")
    assert "loses 1 of 2 polymorphs" in text
    assert (
        "| alpha_quartz | lost: space group 180 instead of 154 | +4.9 |" in text
        and "| stishovite | kept | -1.4 |" in text
    )


def test_a_study_without_models_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match=r"no frozen models of hp.*run the study to its end"):
        ship(study(tmp_path / "study"), "hp", tmp_path / "shipped")
    assert not (tmp_path / "shipped").exists()
