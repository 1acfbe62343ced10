"""Every table of a page of results stands in its CSV, with study, settings digest, commit, date and machine."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.markdown import around
from tools.results.cells import FOLDER, PAGES, Cell, Origin, Table, read_cells, write_cells
from tools.results.readme import BEGIN as BEGIN_OF_README
from tools.results.readme import NUMBERS, README
from tools.results.readme import block as of_readme
from tools.results.record import record, tables_of
from tools.results.runs import runs_table
from tools.results.write_page import BEGIN, END, block

WITH_TABLES = [page for page in sorted(PAGES.glob("*.md")) if any(tables_of(page))]
ORIGIN = Origin("released", "0123456789abcdef", "1234567", "2026-11-30", "2 cores, x86_64")
DATE = re.compile(r"20\d\d-\d\d-\d\d")


def shown(page: Path) -> list[list[list[str]]]:
    return [table.shown() for table, _ in tables_of(page)]


@pytest.mark.parametrize("page", WITH_TABLES, ids=lambda page: page.stem)
def test_each_table_of_a_page_stands_in_its_csv(page):
    told = read_cells(FOLDER / f"{page.stem}.csv")
    assert shown(page) == [table.shown() for table, _ in told]
    for _, origin in told:
        assert origin.study and origin.settings_digest and origin.commit and origin.machine
        assert DATE.fullmatch(origin.date), origin


@pytest.mark.parametrize("page", WITH_TABLES, ids=lambda page: page.stem)
def test_a_page_that_is_written_is_what_its_csv_says(page):
    if BEGIN in page.read_text(encoding="utf-8"):
        before, after = around(page, BEGIN, END)
        assert page.read_text(encoding="utf-8") == before + block(read_cells(FOLDER / f"{page.stem}.csv")) + after


def test_every_csv_has_its_page():
    assert {path.stem for path in FOLDER.glob("*.csv")} == {page.stem for page in WITH_TABLES}


@pytest.mark.parametrize(
    ("cell", "as_shown"),
    [
        (Cell(6.345, 1, 5.5, 7.04), "6.3 (5.5 to 7.0)"),
        (Cell(-0.7, 1, -1.25, 0.31), "-0.7 (-1.2 to 0.3)"),
        (Cell(36), "36"),
        (Cell(None, 2), "–"),
        (Cell(float("nan"), 2), "–"),
        (Cell(text="154 -> 180"), "154 -> 180"),
        (Cell(7.6, 1, text="at most"), "at most 7.6"),
    ],
)
def test_a_cell_is_shown_and_comes_back_from_csv(tmp_path, cell, as_shown):
    table = Table("Curves", ["HP", "aim"])
    table.add("tetrahedral, raw", cell, "8")
    table.add("tetrahedral, raw", Cell(1.0), "")  # a second row of the same name stays a row
    write_cells(tmp_path / "page.csv", [(table, ORIGIN)])
    ((back, origin),) = read_cells(tmp_path / "page.csv")
    assert origin == ORIGIN
    assert back.shown() == table.shown()
    assert back.shown()[1:] == [["tetrahedral, raw", as_shown, "8"], ["tetrahedral, raw", "1", "–"]]


def test_a_number_that_is_changed_on_a_page_is_seen(tmp_path):
    page = tmp_path / "docs" / "results" / "one.md"
    page.parent.mkdir(parents=True)
    text = "# One\n\n<!-- measured: ci | ab | cd | 2026-11-30 | 2 cores -->\n\n| | a |\n|---|---|\n| V, Å³ | 40.39 |\n"
    page.write_text(text)
    (page.parent / "tables").mkdir()
    record.__wrapped__([page])
    told = [table.shown() for table, _ in read_cells(page.parent / "tables" / "one.csv")]
    assert shown(page) == told == [[["", "a"], ["V, Å³", "40.39"]]]
    for other in (text.replace("40.39", "40.30"), text + "| V, Å³ | 1 |\n", text.replace("| | a |", "| | b |")):
        page.write_text(other)
        assert shown(page) != told


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("", "no line '<!-- measured: ... -->' above"),
        ("<!-- measured: ci | ab | cd -->\n\n", "needs study | settings digest | commit | date | machine"),
    ],
)
def test_a_table_without_origin_is_refused(tmp_path, line, said):
    page = tmp_path / "one.md"
    page.write_text(f"# One\n\n{line}| | a |\n|---|---|\n| V | 1 |\n")
    with pytest.raises(UserError, match=re.escape(said)):
        record.__wrapped__([page])


def test_the_readme_shows_what_the_csv_say_and_no_other_number():
    before, after = around(README, BEGIN_OF_README, END)
    text = README.read_text(encoding="utf-8")
    assert text == before + of_readme() + after
    assert "[`released-disordered`]" in of_readme()
    prose = before + after
    measured = re.compile(r"\d+(\.\d+)? ?(meV|eV/Å|%|Å³|GPa of|times)")
    assert not measured.search(prose), measured.search(prose)


def test_a_study_without_the_rows_is_refused(tmp_path):
    table = Table("Crystals relaxed, together", ["HP"])
    table.add("kept by every member", Cell(1))
    write_cells(tmp_path / "laptop.csv", [(table, ORIGIN)])
    with pytest.raises(UserError, match="no such row; write the page of the study again"):
        of_readme(tmp_path)


def test_of_several_runs_the_readme_shows_the_mean_with_its_interval_and_of_one_run_that_run(tmp_path):
    def one_run(study):
        together = ["crystals that the reference keeps", "kept by every member", "RMS error of volume"]
        for name, rows in {
            "Held-out melt": ["energy, meV/atom"],
            "Energy-volume curves": ["tetrahedral (1), raw", "octahedral (1), raw"],
            "Crystals relaxed, together": together,
        }.items():
            table = Table(name, ["HP"])
            for row in rows:
                table.add(row, Cell(8))
            yield table, ORIGIN

    runs = pd.DataFrame(
        {
            "potential": ["lp", *["hp"] * 5],
            "quantity": ["crystals_kept", *(place[0] for place in NUMBERS.values())],
            "run_1": [0, 9.2, 16.4, 44.9, 4, 2.7],
            "run_2": [0, 10.2, 20.4, 50.9, 5, 2.9],
            "run_3": [np.nan] * 6,
            "mean": [0, 9.7, 18.4, 47.9, 4.5, 2.8],
            "low": [np.nan, 3.3, -7, 9.8, -1.9, 1.5],
            "high": [np.nan, 16.1, 43.8, 86, 10.9, 4.1],
            "aim": [np.nan, 8, 8, 25, np.nan, 2],
            "verdict": [None, *["undecided"] * 3, None, "undecided"],
        }
    )
    runs.to_csv(tmp_path / "replicates.csv")
    write_cells(tmp_path / "laptop.csv", [(runs_table(tmp_path), ORIGIN), *one_run("laptop")])
    write_cells(tmp_path / "released-disordered.csv", one_run("released-disordered"))
    *_, one, several = of_readme(tmp_path).splitlines()
    assert one.endswith("| PBE | 1 | 8 | 8 | 8 | 8 of 8 | 8 |")
    assert (
        "| 2 | 9.7 (3.3 to 16.1) | 18.4 (-7.0 to 43.8) | 47.9 (9.8 to 86.0) | 4.5 (-1.9 to 10.9) of 8 | 2.8" in several
    )


@pytest.mark.parametrize("finished", [0, 1])
def test_one_run_has_no_table_of_runs(tmp_path, finished):
    if finished:
        numbers = {"run_1": [9.2], "run_2": [np.nan], "mean": [9.2], "low": [np.nan], "high": [np.nan]}
        rows = {"potential": ["hp"], "quantity": ["crystals_kept"], **numbers, "aim": [np.nan], "verdict": [None]}
        pd.DataFrame(rows).to_csv(tmp_path / "replicates.csv")
    assert runs_table(tmp_path) is None
