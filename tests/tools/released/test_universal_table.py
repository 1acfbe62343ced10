"""The table of universal potentials: what a study's folder gives, and that the page shows what the table says."""

import json

import pandas as pd
import pytest

from melt2crystal.train.calculators import write_calculator
from tools.released import universal_table
from tools.released.universal_table import BEGIN, COLUMNS, END, MPTRJ, PAGE, TABLE, page_table, rows_of, with_table


@pytest.fixture
def study(tmp_path):
    """A calculator's study of which held-out melt, curves and relaxed crystals are finished."""
    folder = tmp_path / "universal-x"
    for name in ("models/hp", "train/hp", "benchmark/relaxed"):
        (folder / name).mkdir(parents=True)
    write_calculator(folder / "models/hp/0.json", "chgnet.model.dynamics:CHGNetCalculator")
    melt = {"energy_rmse_meV_per_atom": 44.81, "force_rmse_eV_per_A": 0.4}
    melt |= {"energy_interval_meV_per_atom": [30.0, 60.0], "force_interval_eV_per_A": None}
    (folder / "train/hp/heldout.json").write_text(json.dumps(melt))
    errors = {"raw_meV_per_atom": 12.3, "shifted_meV_per_atom": 4.5, "own_shift_meV_per_atom": 1.2}
    (folder / "benchmark/energy_volume_errors.json").write_text(json.dumps({"hp": {"tetrahedral": errors}}))
    total = {"kept_by_all_members": 1, "kept_by_reference": 2, "volume_rms_percent": 2.25}
    (folder / "benchmark/relaxed/totals.json").write_text(json.dumps({"hp": [total]}))
    crystals = {
        "polymorph": ["alpha_quartz", "stishovite"],
        "potential": ["hp", "hp"],
        "pressure_GPa": [0.0, 0.0],
        "verdict": ["lost: space group 180 instead of 154", "kept"],
        "volume_error_percent": [3.14, -0.5],
    }
    pd.DataFrame(crystals).to_csv(folder / "benchmark/relaxed/crystals.csv", index=False)
    return folder


def test_a_study_gives_what_it_has_finished(study):
    found = {row["quantity"]: row for row in rows_of(study)}
    assert found["labels it learnt from"]["value"] == MPTRJ
    assert found["melt: energy RMSE, meV/atom"]["high"] == 60.0
    assert found["curves, tetrahedral: RMS raw, meV/atom"]["value"] == 12.3
    assert found["relaxed alpha_quartz: volume error, %"]["value"] == 3.14
    assert not any("harmonic" in name or "found" in name or "octahedral" in name for name in found)
    (study / "models/hp/0.json").unlink()
    (study / "models/hp/manifest.json").write_text(json.dumps({"number_of_frames": 163, "frames": []}))
    assert next(rows_of(study))["value"] == 163


def test_columns_are_studies_and_what_is_missing_is_a_dash(study):
    table = pd.DataFrame(list(rows_of(study))).assign(study="universal-x", commit="c0ffee", date="2026-01-02")
    other = pd.DataFrame([{"study": "released", "quantity": "relaxed crystals: kept", "value": 7, "note": "of 11"}])
    text = page_table(pd.concat([table, other.assign(commit="beef", date="2026-01-03")]).reindex(columns=COLUMNS))
    lines = {line.split(" | ")[0].strip("| "): line for line in text.splitlines()}
    assert lines["labels it learnt from"].endswith("| 1,580,395, chgnet.model.dynamics:CHGNetCalculator, MPtrj | – |")
    assert lines["melt: energy RMSE, meV/atom"].endswith("| 44.81 (30.00 to 60.00) | – |")
    assert lines["relaxed crystals: kept"].endswith("| 1 of 2 | 7 of 11 |")
    assert lines["relaxed alpha_quartz: volume error, %"].endswith("| +3.1, lost: space group 180 instead of 154 | – |")
    assert lines["relaxed stishovite: volume error, %"].endswith("| -0.5 | – |")
    assert "`universal-x`: 2026-01-02, commit c0ffee; `released`: 2026-01-03, commit beef." in text


def test_a_second_run_replaces_the_rows_of_its_study_alone(study, tmp_path, monkeypatch):
    page, table = tmp_path / "page.md", tmp_path / "table.csv"
    page.write_text(f"# Page\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    monkeypatch.setattr(universal_table, "PAGE", page)
    monkeypatch.setattr(universal_table, "TABLE", table)
    universal_table.universal_table([study])
    first = pd.read_csv(table)
    other = first.assign(study="other")
    other.to_csv(table, index=False)
    universal_table.universal_table([study])
    universal_table.universal_table([study])
    assert list(dict.fromkeys(pd.read_csv(table).study)) == ["other", "universal-x"]
    assert len(pd.read_csv(table)) == 2 * len(first)
    assert "old" not in page.read_text() and page.read_text().endswith(f"{END}\n\nafter\n")
    with pytest.raises(SystemExit):
        universal_table.universal_table([tmp_path / "nowhere"])


def test_the_page_shows_what_the_table_says():
    page = PAGE.read_text(encoding="utf-8")
    assert with_table(page, pd.read_csv(TABLE)) == page
