import json
from pathlib import Path

import pandas as pd
import pytest

from melt2crystal.errors import UserError
from tests.helpers.golden import golden
from tools.released.results_tables import BEGIN, END, found, minima, results_tables, tables

OWN = {"raw_meV_per_atom": 33.0, "raw_members_meV_per_atom": [30.0, 36.4], "own_shift_meV_per_atom": 11.0}
OWN |= {"shifted_meV_per_atom": 21.0, "shifted_members_meV_per_atom": [20.0, 23.4]}


def fits(lp_status="ok"):
    """E0 in eV/atom: the second crystal 10 meV/atom above the first in the reference, 20 in HP, 30 in LP."""
    rows = [
        {
            "polymorph": polymorph,
            "potential": potential,
            "member": member,
            "V0_A3_per_formula": volume,
            "E0_eV_per_atom": -1.0 + step * above + member,
            "status": lp_status if potential == "lp" and above else "ok",
        }
        for polymorph, volume, above in (("alpha_quartz", 40.0, 0), ("stishovite", 24.0, 1))
        for potential, step in (("reference", 0.010), ("hp", 0.020), ("lp", 0.030))
        for member in (-1, 0)
    ]
    return pd.DataFrame(rows)


def study(folder: Path) -> Path:
    """What a finished study leaves, one polymorph of each coordination and two structures found."""
    one = {"energy_rmse_meV_per_atom": 10.9, "force_rmse_eV_per_A": 0.48}
    errors = {**one, "frames": 17, "members": [one, one], "pressures": {"10": one, "8": one}}
    crystals = [
        {"polymorph": name, "coordination": number, "raw_meV_per_atom": 28.6, "shifted_meV_per_atom": 19.3}
        for name, number in (("alpha_quartz", 4), ("stishovite", 6))
    ]
    groups = {name: {**OWN, "polymorphs": 1} for name in ("all", "tetrahedral", "octahedral")}
    summary = {
        "study": "released",
        "substance": "SiO2",
        "reference": "PBE",
        "settings_digest": "0123456789abcdef0123",
        "datasets": [{"frames": 12}, {"frames": 69}],
        "held_out": {"hp": errors, "lp": errors},
        "energy_volume": {name: {"groups": groups, "polymorphs": crystals} for name in ("hp", "lp")},
        "search": {
            "labelled": 2,
            "pearson_r": 0.969,
            "rmse_all_meV_per_atom": 30.1,
            "stable_window_eV_per_atom": 1.0,
            "labelled_in_window": 2,
            "rmse_window_meV_per_atom": 30.1,
            "kept": 1,
            "given": 2,
        },
        "costs": [{"stage": "train", "cpu_s": 2159.2}, {"stage": "figure", "cpu_s": 25.9}],
    }
    for name in ("benchmark/harmonic", "search", "figures"):
        (folder / name).mkdir(parents=True)
    (folder / "summary.json").write_text(json.dumps(summary))
    fits().to_csv(folder / "benchmark/fits.csv")
    found = {"energy_hp_mean_eV_per_atom": [-0.98, -0.96], "energy_reference_eV_per_atom": [-1.0, -1.0]}
    pd.DataFrame({**found, "coordination": [4.0, 6.0]}).to_csv(folder / "search/found.csv")
    (folder / "figures/figure1.png").write_bytes(b"drawn")
    return folder


def test_the_page_gets_tables_and_figures_and_keeps_its_words(tmp_path):
    page = tmp_path / "docs" / "results" / "released.md"
    page.parent.mkdir(parents=True)
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    results_tables.__wrapped__(study(tmp_path / "released"), page, None)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n") and text.endswith(f"{END}\nafter\n") and "\nold\n" not in text
    golden("results-tables.md", text)  # pressures sorted as numbers; HP's crystals lie 20 and 40 meV/atom off
    assert (tmp_path / "docs/figures/released-figure1.png").read_bytes() == b"drawn"


def test_a_study_with_vibrations_and_curves_without_minimum(tmp_path):
    folder = study(tmp_path / "released")
    fits("no minimum").to_csv(folder / "benchmark/fits.csv")
    overlaps = {
        "polymorph": ["alpha_quartz", "stishovite"],
        "overlap_hp_reference": [0.9514, 0.87],
        "overlap_others_largest": [0.877, 0.515],
        "note": ["reference: 2.4 % of the modes are imaginary, lowest -2.28 THz", None],
        "resolution_THz": 1.0,
    }
    residual = {"residual_force_eV_per_A_hp": [0.051, 0.32]}
    pd.DataFrame({**overlaps, **residual}).to_csv(folder / "benchmark/harmonic/overlaps.csv")
    golden("results-tables-vibrations.md", tables(folder) + "\n")


def test_minima_are_compared_by_formula_unit():
    assert "| stishovite | 30 | 60 | 90 |" in minima({"substance": "SiO2"}, fits())


def test_too_few_structures_for_a_correlation_are_a_dash():
    table = pd.DataFrame({"energy_hp_mean_eV_per_atom": [-1.0], "energy_reference_eV_per_atom": [-1.1]})
    numbers = {"labelled": 1, "pearson_r": None, "rmse_all_meV_per_atom": 100.0, "stable_window_eV_per_atom": 1.0}
    numbers |= {"labelled_in_window": 1, "rmse_window_meV_per_atom": 100.0}
    assert "| Pearson r (95 % interval) | 0.987 | – | 0.987 |" in found(numbers, table.assign(coordination=4.0))


def test_an_unfinished_study_and_a_page_without_marks_are_refused(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("words\n")
    with pytest.raises(UserError, match="are missing"):
        results_tables.__wrapped__(tmp_path, page, None)
    page.write_text(f"{BEGIN}\n{END}\n")
    with pytest.raises(UserError, match=r"summary.json: there is no such file.*make run STUDY="):
        results_tables.__wrapped__(tmp_path, page, None)
    assert page.read_text() == f"{BEGIN}\n{END}\n"
