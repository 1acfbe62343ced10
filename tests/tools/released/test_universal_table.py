"""The table of universal potentials: what a study's folder gives, and that page and CSV say the same."""

import json

import pandas as pd
import pytest

from melt2crystal.train.calculators import Zero, write_calculator
from tools.released.universal_table import BEGIN, END, MPTRJ, rows_of, universal_table
from tools.results.cells import read_cells
from tools.results.record import tables_of

ZERO = Zero(constant_eV_per_atom=-417.0, frames=40, walks=19, standard_error_eV_per_atom=0.012)


@pytest.fixture
def study(tmp_path):
    """A calculator's study of which held-out melt, curves and relaxed crystals are finished."""
    folder = tmp_path / "universal-x"
    for name in ("models/hp", "train/hp", "benchmark/relaxed"):
        (folder / name).mkdir(parents=True)
    write_calculator(folder / "models/hp/0.json", "chgnet.model.dynamics:CHGNetCalculator", zero=ZERO)
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
    found = dict(rows_of(study))
    assert found["labels it learnt from"].value == MPTRJ and found["standard error of it, meV/atom"].value == 12
    assert str(found["held-out melt: energy RMSE, meV/atom"]) == "44.8 (30.0 to 60.0)"
    assert str(found["held-out melt: force RMSE, eV/Å"]) == "0.400"
    assert found["curves, tetrahedral, raw: RMS, meV/atom"].value == 12.3
    assert str(found["alpha_quartz, relaxed: error of volume, %"]) == "3.1"
    assert str(found["alpha_quartz, relaxed: kept?"]) == "lost: space group 180 instead of 154"
    assert not any("harmonic" in name or "found" in name or "octahedral" in name for name in found)
    (study / "models/hp/0.json").unlink()
    (study / "models/hp/manifest.json").write_text(json.dumps({"number_of_frames": 163, "frames": []}))
    assert next(rows_of(study))[1].value == 163


def test_page_and_csv_say_the_same_and_what_is_missing_is_a_dash(study, tmp_path):
    other = tmp_path / "released"
    (other / "models/hp").mkdir(parents=True)
    (other / "models/hp/manifest.json").write_text(json.dumps({"number_of_frames": 163, "frames": []}))
    page = tmp_path / "page.md"
    page.write_text(f"# Page\n\n{BEGIN}\nold\n{END}\n\nafter\n")
    universal_table([study, other], page, "a machine")
    ((table, origin),) = tables_of(page)
    ((told, from_csv),) = read_cells(tmp_path / "tables/page.csv")
    assert table.shown() == told.shown() and origin == from_csv
    assert table.shown()[0] == ["", "`universal-x`", "`released`"]
    assert ["labels it learnt from", str(MPTRJ), "163"] in table.shown()
    assert ["curves, tetrahedral, raw: RMS, meV/atom", "12.3", "–"] in table.shown()
    assert origin.study == "universal-x, released" and origin.machine == "a machine"
    assert "old" not in page.read_text() and page.read_text().endswith(f"{END}\n\nafter\n")
    (tmp_path / "nothing/models/hp").mkdir(parents=True)
    with pytest.raises(SystemExit):
        universal_table([tmp_path / "nothing"], page, "a machine")
