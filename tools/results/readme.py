"""Write the numbers of the README from the CSV of the pages of results.

``python -m tools.results.readme``

README claims numbers in this table alone, each with its interval or with the range of the members; a test compares.
"""

from pathlib import Path

import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from tools.results.cells import FOLDER, PAGES, Table, read_cells

README = PAGES.parents[1] / "README.md"
BEGIN = "<!-- written by 'python -m tools.results.readme' from here -->"
END = "<!-- to here -->"
STUDIES = {"released-disordered": "PBE", "laptop": "BKS, a stand-in"}  # study: its reference
# head of a column -> table and beginning of the row's name; all of HP
NUMBERS = {
    "held-out melt, meV/atom": ("Held-out melt", "energy, meV/atom"),
    "tetrahedral curves, raw": ("Energy-volume curves", "tetrahedral ("),
    "octahedral curves, raw": ("Energy-volume curves", "octahedral ("),
    "volumes, RMS, %": ("Crystals relaxed, together", "RMS error of volume"),
}
KEPT = ("Crystals relaxed, together", "kept by every member"), ("Crystals relaxed, together", "crystals that the")


def number(tables: dict[str, Table], table: str, row: str) -> str:
    """HP's cell of the first row whose name begins so, as it is shown.

    Raises:
        UserError: there is no such table or row.
    """
    if table in tables:
        for name, cells in tables[table].rows:
            if name.startswith(row):
                return str(cells[list(tables[table].columns).index("HP")])
    raise UserError(f"{table}, {row!r}: no such row; write the page of the study again")


def block(folder: Path = FOLDER) -> str:
    """The table: a row for each study that has a page of this version."""
    rows = []
    for study, reference in STUDIES.items():
        path = folder / f"{study}.csv"
        tables = {table.name: table for table, _ in read_cells(path)} if path.is_file() else {}
        if KEPT[0][0] in tables:
            kept = " of ".join(number(tables, *place) for place in KEPT)
            numbers = [number(tables, *place) for place in NUMBERS.values()]
            rows.append([f"[`{study}`](docs/results/{study}.md)", reference, *numbers[:-1], kept, numbers[-1]])
    heads = [*list(NUMBERS)[:-1], "crystals kept, relaxed", list(NUMBERS)[-1]]
    return markdown.table(["study, HP", "reference", *heads], rows)


@reports_errors
def readme() -> None:
    """Write the table again."""
    before, after = markdown.around(README, BEGIN, END)
    write_text(README, before + block() + after)
    print(f"{README}: written")


if __name__ == "__main__":
    typer.run(readme)
