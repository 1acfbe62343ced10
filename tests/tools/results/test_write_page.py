"""A page of results is written from what a finished study left, and from its CSV alone comes out the same."""

import json
from pathlib import Path

import pandas as pd
import pytest

from melt2crystal.errors import UserError
from tests.helpers.golden import golden
from tools.results.cells import read_cells
from tools.results.write_page import BEGIN, END, write_block, write_page

ERRORS = {"energy_rmse_meV_per_atom": 6.26, "force_rmse_eV_per_A": 0.2931}
GROUP = {"raw_meV_per_atom": 33.04, "raw_members_meV_per_atom": [30.0, 36.4], "own_shift_meV_per_atom": 11.0}
GROUP |= {"shifted_meV_per_atom": 21.0, "shifted_members_meV_per_atom": [20.0, 23.4], "polymorphs": 1, "points": 9}
BEST = {"id": "p0-1", "formula_units": 3, "space_group": 152, "coordination": 4.0, "volume_A3_per_atom": 13.3}
BEST |= {"enthalpy_above_lowest_meV_per_atom": 0.0, "energy_search_eV_per_atom": -1.0}


def held_out(**interval):
    return {
        **ERRORS,
        "frames": 40,
        "walks": 19,
        **interval,
        "members": [ERRORS, {**ERRORS, "energy_rmse_meV_per_atom": 6.9}],
        "pressures": {"10": ERRORS, "8": ERRORS},
    }


def relaxed(potential, verdict, error, volume):
    return {
        "polymorph": "alpha_quartz",
        "pressure_GPa": 0.0,
        "potential": potential,
        "members": 2,
        "kept": 2 if verdict == "kept" else 0,
        "verdict": verdict,
        "volume_A3_per_formula": volume,
        "volume_A3_per_formula_reference": 40.08,
        "volume_error_percent": error,
        "volume_error_smallest": error - 0.2,
        "volume_error_largest": error + 0.2,
        "scatter_percent_reference": 0.03,
        **dict.fromkeys(("c_over_a", "c_over_a_reference", "bridging_angle_deg", "bridging_angle_deg_reference")),
        "space_groups": "154",
        "space_group_reference": 154,
        "state_reference": "symmetry kept",
        **dict.fromkeys(("energy_error_meV_per_atom", "rank", "rank_reference")),
    }


def summary():
    """A study of two crystals and one structure found; LP's curve of stishovite has no minimum."""
    polymorphs = [
        {"polymorph": name, "coordination": number, "raw_meV_per_atom": 28.6, "shifted_meV_per_atom": 19.3}
        for name, number in (("alpha_quartz", 4), ("stishovite", 6))
    ]
    curves = {
        "shift_meV_per_atom": 7.0,
        "groups": dict.fromkeys(("all", "tetrahedral", "octahedral"), GROUP),
        "polymorphs": polymorphs,
    }
    fits = [
        {
            "polymorph": polymorph,
            "potential": potential,
            "V0_A3_per_formula": volume,
            "B0_GPa": 100.0,
            "B0_prime": 4.0,
            "E0_eV_per_atom": -1.0 + step * above,
            "V0_error_A3_per_formula": 0.1,
            "B0_error_GPa": 1.0,
            "status": "no minimum" if potential == "lp" and above else "ok",
        }
        for polymorph, volume, above in (("alpha_quartz", 40.0, 0), ("stishovite", 24.0, 1))
        for potential, step in (("reference", 0.010), ("hp", 0.020), ("lp", 0.030))
    ]
    total = {"pressure_GPa": 0.0, "crystals": 1, "with_reference": 1, "kept_by_reference": 1}
    total |= {"kept_by_all_members": 1, "volume_rms_percent": 1.9, "misplaced_pairs": 0, "pairs": 0}
    return {
        "study": "released",
        "substance": "SiO2",
        "reference": "PBE",
        "settings_digest": "0123456789abcdef0123",
        "commit": "1234567890123",
        "datasets": [
            {"iteration": "00", "frames": 69, "frames_at_pressure": {"0": 69}, "reference_settings_digest": None}
        ],
        "iterations": [],
        "certificate_enabled": True,
        "certificates": [],
        "held_out": {
            "hp": held_out(energy_interval_meV_per_atom=[5.1, 7.2], force_interval_eV_per_A=[0.26, 0.32]),
            "lp": held_out(),
        },
        "energy_volume": {"hp": curves, "lp": curves},
        "fits": fits,
        "relaxed": [
            relaxed("hp", "kept", 1.9, 40.84),
            relaxed("lp", "2 of 2 members lost: 180", 5.7, 42.36),
        ],
        "relaxed_totals": {"hp": [total], "lp": [{**total, "kept_by_all_members": 0}]},
        "vdos_overlaps": None,
        "search": {
            "labelled": 2,
            "pearson_r": 0.969,
            "pearson_interval": [0.91, 0.99],
            "rmse_all_meV_per_atom": 30.1,
            "mean_difference_meV_per_atom": 7.2,
            "stable_window_eV_per_atom": 1.0,
            "labelled_in_window": 2,
            "rmse_window_meV_per_atom": 28.7,
            "pressures": [
                {
                    "pressure_GPa": 0.0,
                    "relaxed": None,
                    "sound": None,
                    "unique": 1,
                    "best": [{**BEST, "energy_reference_eV_per_atom": None}],
                }
            ],
            "kept": 1,
            "given": 2,
        },
        "costs": [
            {"stage": "train", "jobs": 4, "wall_s": 2300.0, "cpu_s": 2159.2, "largest_memory_MB": None},
            {"stage": "figures", "jobs": 1, "wall_s": 30.0, "cpu_s": 25.9, "largest_memory_MB": None},
        ],
    }


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "docs" / "results" / "released.md"
    path.parent.mkdir(parents=True)
    path.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    return path


def finished(folder: Path, **other) -> Path:
    (folder / "benchmark" / "harmonic").mkdir(parents=True)
    (folder / "figures").mkdir()
    (folder / "summary.json").write_text(json.dumps(summary() | other))
    (folder / "figures" / "figure1.png").write_bytes(b"drawn")
    overlaps = {
        "polymorph": ["alpha_quartz", "stishovite"],
        "overlap_hp_reference": [0.9514, 0.87],
        "overlap_others_largest": [0.877, 0.515],
        "residual_force_eV_per_A_hp": [0.051, 0.32],
        "note": ["reference: 2.4 % of the modes are imaginary, lowest -2.28 THz", None],
        "resolution_THz": 1.0,
    }
    pd.DataFrame(overlaps).to_csv(folder / "benchmark" / "harmonic" / "overlaps.csv")
    return folder


def without_day(text: str) -> str:
    """The line of the run without the day of the test."""
    return "\n".join("Study ... (run)" if line.startswith("Study `") else line for line in text.splitlines()) + "\n"


def test_a_page_gets_tables_csv_and_figures_and_keeps_its_words(tmp_path, page):
    write_page.__wrapped__(finished(tmp_path / "released"), page, "2 cores, x86_64")
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n") and text.endswith(f"{END}\nafter\n") and "\nold\n" not in text
    assert "Study `released`, settings digest `0123456789abcdef`, commit `123456789012`, 20" in text
    golden("results-page.md", without_day(text))
    assert (tmp_path / "docs/figures/released-figure1.png").read_bytes() == b"drawn"
    table, origin = read_cells(page.parent / "tables" / "released.csv")[0]
    assert (table.name, origin.machine) == ("Held-out melt", "2 cores, x86_64")
    page.write_text(f"before\n{BEGIN}\nlost\n{END}\nafter\n")
    write_block(page, page.parent / "tables" / "released.csv")
    assert page.read_text() == text


@pytest.mark.parametrize(
    ("other", "lost"),
    [
        ({"search": None}, "## Structures found"),
        ({"relaxed": [], "relaxed_totals": {}}, "## Crystals relaxed"),
        ({"energy_volume": {}, "fits": []}, "## Energy-volume curves"),
    ],
)
def test_a_study_without_a_stage_has_no_table_of_it(tmp_path, page, other, lost):
    write_page.__wrapped__(finished(tmp_path / "released", **other), page, None)
    assert lost not in page.read_text() and "## Held-out melt" in page.read_text()


def test_an_unfinished_study_another_version_and_a_page_without_lines_are_refused(tmp_path, page):
    with pytest.raises(UserError, match=r"summary.json: there is no such file.*make run STUDY="):
        write_page.__wrapped__(tmp_path, page, None)
    (tmp_path / "summary.json").write_text('{"schema_version": 1}')
    with pytest.raises(UserError, match="written by another version; run the study again"):
        write_page.__wrapped__(tmp_path, page, None)
    page.write_text("words\n")
    with pytest.raises(UserError, match="are missing"):
        write_page.__wrapped__(finished(tmp_path / "released"), page, None)
    assert page.read_text() == "words\n" and not (page.parent / "tables").exists()
