"""Write the numbers of the README from the CSV of the pages of results.

``python -m tools.results.readme``

README claims numbers in this table alone, each with its interval or with the range of the members; a test compares.
"""

from pathlib import Path

import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.sections.jobs import QUANTITIES
from tools.results.cells import FOLDER, PAGES, Table, read_cells
from tools.results.runs import RUNS

README = PAGES.parents[1] / "README.md"
BEGIN = "<!-- written by 'python -m tools.results.readme' from here -->"
END = "<!-- to here -->"
STUDIES = {"released-disordered": "PBE", "laptop": "BKS, a stand-in"}  # study: its reference
TOGETHER = "Crystals relaxed, together"
# head of a column -> quantity of the runs, table of one run and beginning of the row's name; all of HP
NUMBERS = {
    "held-out melt, meV/atom": ("held_out_energy_meV_per_atom", "Held-out melt", "energy, meV/atom"),
    "tetrahedral curves, raw": ("tetrahedral_curves_meV_per_atom", "Energy-volume curves", "tetrahedral ("),
    "octahedral curves, raw": ("octahedral_curves_meV_per_atom", "Energy-volume curves", "octahedral ("),
    "crystals kept, relaxed": ("crystals_kept", TOGETHER, "kept by every member"),
    "volumes, RMS, %": ("relaxed_volumes_percent", TOGETHER, "RMS error of volume"),
}


def cell(tables: dict[str, Table], table: str, column: str, row: str) -> str:
    """The cell of the first row whose name begins so, as it is shown.

    Raises:
        UserError: there is no such table or row.
    """
    if table in tables:
        for name, cells in tables[table].rows:
            if name.startswith(row):
                return str(cells[list(tables[table].columns).index(column)])
    raise UserError(f"{table}, {row!r}: no such row; write the page of the study again")


def number(tables: dict[str, Table], quantity: str, table: str, row: str) -> str:
    """The mean over the runs where there are several, else the number of the one run; both with what is in brackets."""
    if RUNS in tables:
        return cell(tables, RUNS, "mean", f"HP: {QUANTITIES[quantity].words}")
    return cell(tables, table, "HP", row)


def block(folder: Path = FOLDER) -> str:
    """The table: a row for each study that has a page of this version."""
    rows = []
    for study, reference in STUDIES.items():
        path = folder / f"{study}.csv"
        tables = {table.name: table for table, _ in read_cells(path)} if path.is_file() else {}
        if TOGETHER in tables:
            runs = sum(column.startswith("run ") for column in tables[RUNS].columns) if RUNS in tables else 1
            numbers = {head: number(tables, *place) for head, place in NUMBERS.items()}
            numbers["crystals kept, relaxed"] += " of " + cell(tables, TOGETHER, "HP", "crystals that the")
            rows.append([f"[`{study}`](docs/results/{study}.md)", reference, str(runs), *numbers.values()])
    return markdown.table(["study, HP", "reference", "runs", *NUMBERS], rows)


@reports_errors
def readme() -> None:
    """Write the table again."""
    before, after = markdown.around(README, BEGIN, END)
    write_text(README, before + block() + after)
    print(f"{README}: written")


if __name__ == "__main__":
    typer.run(readme)
