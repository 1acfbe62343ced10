"""Write the tables of a page of ``docs/results`` from a finished study, their CSV, and the figures shown there.

``python -m tools.results.write_page results/released --page docs/results/released.md``

The part of the page between its two comment lines is written from the CSV ``docs/results/tables/PAGE.csv``, which is
written from the study: a test compares both. The text around them is written by hand.
"""

import datetime
import os
import platform
import shutil
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_text
from melt2crystal.summary.schema import Summary
from tools.results.cells import FOLDER, PAGES, Origin, Table, read_cells, write_cells
from tools.results.study_tables import SECTIONS, study_tables

BEGIN = "<!-- written by 'python -m tools.results.write_page' from here -->"
END = "<!-- to here -->"
FIGURES = ("figure1", "figure2", "figure3", "figure4", "harmonic", "relaxed")


def this_machine() -> str:
    """Processor and number of cores, as far as the system tells."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        if line.startswith("model name")
    ]
    return f"{os.cpu_count()} cores, {names[0] if names else platform.machine()}"


def origin_of(study: Path, summary: Summary, machine: str | None) -> Origin:
    """Study, digest, commit, the day its summary was written, and the machine."""
    day = datetime.date.fromtimestamp((study / "summary.json").stat().st_mtime).isoformat()
    return Origin(summary.study, summary.settings_digest[:16], summary.commit, day, machine or this_machine())


def block(tables: list[tuple[Table, Origin]]) -> str:
    """What stands between the two lines of the page."""
    origin = tables[0][1]
    run = f"Study `{origin.study}`, settings digest `{origin.settings_digest}`, commit `{origin.commit[:12]}`"
    parts = [f"{run}, {origin.date}, {origin.machine}."]
    for table, _ in (pair for pair in tables if pair[0].name in SECTIONS):  # others were written by hand
        parts += [f"## {table.name}", *filter(None, [SECTIONS.get(table.name)]), table.in_markdown()]
    return "\n\n".join(parts)


def write_block(page: Path, cells: Path) -> None:
    """The part of the page between its comment lines, from its CSV."""
    before, after = markdown.around(page, BEGIN, END)
    write_text(page, before + block(read_cells(cells)) + after)


@reports_errors
def write_page(
    study: Annotated[Path, typer.Argument(help="results folder of a finished study")],
    page: Annotated[Path | None, typer.Option(help="default: docs/results/STUDY.md")] = None,
    machine: Annotated[str | None, typer.Option(help="where it ran; default: this machine")] = None,
) -> None:
    """Write CSV, tables and figures of the page again."""
    page = page or PAGES / f"{study.name}.md"
    markdown.around(page, BEGIN, END)  # a page without the lines is refused before anything is written
    tables, summary = study_tables(study)
    cells = page.parent / FOLDER.name / f"{page.stem}.csv"
    cells.parent.mkdir(exist_ok=True)
    origin = origin_of(study, summary, machine)
    write_cells(cells, ((table, origin) for table in tables))
    write_block(page, cells)
    folder = page.parent.parent / "figures"
    drawings = {name: study / "figures" / f"{name}.png" for name in FIGURES} | {"replicates": study / "replicates.png"}
    for name, drawn in drawings.items():
        if drawn.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(drawn, folder / f"{study.name}-{name}.png")
    print(f"{page}, {cells}: {len(tables)} tables of {study}")


if __name__ == "__main__":
    typer.run(write_page)
