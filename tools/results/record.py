"""Record the tables of a page that people wrote as CSV: what was measured once, with its origin.

``python -m tools.results.record docs/results/laptop.md``

Above each table, or above the first of several, stands a comment line ``<!-- measured: study | settings digest | commit
| date | machine -->``. Tables that are written from a study (``tools.results.write_page``) are left as they are.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from markdown_it import MarkdownIt

from melt2crystal.errors import UserError, reports_errors
from tools.results.cells import FOLDER, Cell, Origin, Table, read_cells, write_cells
from tools.results.study_tables import SECTIONS
from tools.results.write_page import BEGIN

MEASURED = re.compile(r"<!-- measured: (.*?) -->")
NUMBER = re.compile(r"-?\d+(?:\.(\d+))?")


def tables_of(page: Path) -> Iterator[tuple[Table, Origin | None]]:
    """The tables of a page in their order, without those of pictures; named by the heading above."""
    heading, origin = "", None
    head: list[str] = []
    rows: list[list[str]] = []
    seen: dict[str, int] = {}
    where = ""
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8")):
        if token.type == "html_block" and (found := MEASURED.search(token.content)):
            parts = [part.strip() for part in found.group(1).split("|")]
            if len(parts) != 5:
                raise UserError(f"{page}: {found.group(0)!r} needs study | settings digest | commit | date | machine")
            origin = Origin(*parts)
        elif token.type in ("heading_open", "table_open", "thead_open", "tbody_open"):
            where = token.type
            head, rows = ([], []) if where == "table_open" else (head, rows)
        elif token.type == "tr_open" and where == "tbody_open":
            rows.append([])
        elif token.type == "inline" and where == "heading_open":
            heading, where = token.content, ""
        elif token.type == "inline" and where == "thead_open":
            head.append(token.content)
        elif token.type == "inline" and where == "tbody_open":
            rows[-1].append(token.content)
        elif token.type == "table_close":
            seen[heading] = seen.get(heading, 0) + 1
            name = heading if seen[heading] == 1 else f"{heading} ({seen[heading]})"
            cells = [(row[0], [_read(cell) for cell in row[1:]]) for row in rows]
            if "![" not in "".join(cell for row in rows for cell in row):  # a table of pictures holds no numbers
                yield Table(name, head[1:], cells, head[0]), origin
            where = ""


def _read(text: str) -> Cell:
    number = NUMBER.fullmatch(text)
    return Cell(float(text), len(number.group(1) or "")) if number else Cell(text=text)


@reports_errors
def record(pages: Annotated[list[Path], typer.Argument(help="pages of docs/results")]) -> None:
    """Write the CSV of each page."""
    for page in pages:
        path = page.parent / FOLDER.name / f"{page.stem}.csv"
        written = BEGIN in page.read_text(encoding="utf-8")
        tables = [pair for pair in read_cells(path) if pair[0].name in SECTIONS] if written else []
        for table, origin in tables_of(page):
            if written and table.name in SECTIONS:
                continue
            if origin is None:
                raise UserError(f"{page}, {table.name}: no line '<!-- measured: ... -->' above; say where it is from")
            tables.append((table, origin))
        if tables:
            write_cells(path, tables)
            print(f"{path}: {len(tables)} tables")


if __name__ == "__main__":
    typer.run(record)
