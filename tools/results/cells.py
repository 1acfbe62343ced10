"""Tables of a page of results as cells, which are written to CSV and to Markdown and read back."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path

from melt2crystal import markdown
from melt2crystal.errors import UserError
from melt2crystal.files import write_text
from melt2crystal.jobs.snakemake_plan import ROOT

PAGES = ROOT / "docs" / "results"
FOLDER = PAGES / "tables"
ORIGIN = ("study", "settings_digest", "commit", "date", "machine")
COLUMNS = (*ORIGIN, "table", "number", "row", "first", "column", "value", "decimals", "low", "high", "text")


@dataclass(frozen=True)
class Cell:
    """A number with the range that belongs to it, or words.

    Args:
        value: the number; None: not known.
        decimals: how many are shown.
        low, high: 95 % interval, or smallest and largest of the members; the column's head or the row says which.
        text: words, shown before the number if there is one.
    """

    value: float | None = None
    decimals: int = 0
    low: float | None = None
    high: float | None = None
    text: str = ""

    def __str__(self) -> str:
        if self.value is None or math.isnan(self.value):
            return self.text or "–"
        beside = ""
        if self.low is not None and self.high is not None:
            beside = f" ({self.low:.{self.decimals}f} to {self.high:.{self.decimals}f})"
        return f"{self.text} {self.value:.{self.decimals}f}{beside}".strip()


@dataclass(frozen=True)
class Origin:
    """Where the numbers of a table come from."""

    study: str
    settings_digest: str
    commit: str
    date: str
    machine: str


@dataclass
class Table:
    """One table: the head of its first column and of the others, then the name of each row and its cells."""

    name: str
    columns: Sequence[str]
    rows: list[tuple[str, list[Cell]]] = field(default_factory=list)
    first: str = ""

    def add(self, name: str, *cells: Cell | str) -> None:
        """One more row; words may stand for a cell."""
        made = [Cell(text=cell) if isinstance(cell, str) else cell for cell in cells]
        if len(made) != len(self.columns):
            raise ValueError(f"{self.name}, {name}: {len(made)} cells for {len(self.columns)} columns")
        self.rows.append((name, made))

    def shown(self) -> list[list[str]]:
        """Head and rows as they stand on the page."""
        return [[self.first, *self.columns], *([name, *map(str, cells)] for name, cells in self.rows)]

    def in_markdown(self) -> str:
        """The table of the page."""
        head, *rows = self.shown()
        return markdown.table(head, rows)


def write_cells(path: Path, tables: Iterable[tuple[Table, Origin]]) -> None:
    """One line for each cell, with its origin: the CSV that a page's tables are compared with."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for table, origin in tables:
        for number, (row, cells) in enumerate(table.rows, 1):
            for column, cell in zip(table.columns, cells, strict=True):
                numbers = [_short(cell.value, cell), cell.decimals, _short(cell.low, cell), _short(cell.high, cell)]
                own = [table.name, number, row, table.first, column]
                writer.writerow([*astuple(origin), *own, *numbers, cell.text])
    write_text(path, text.getvalue())


def read_cells(path: Path) -> list[tuple[Table, Origin]]:
    """Tables in the order of the file, each with its origin.

    Raises:
        UserError: another head, or rows of one table that have different origins.
    """
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise UserError(f"{path}: columns {reader.fieldnames}; expected {', '.join(COLUMNS)}: write it again")
        rows = list(reader)
    tables: dict[str, tuple[Table, Origin]] = {}
    for row in rows:
        origin = Origin(*(row[name] for name in ORIGIN))
        table, of_table = tables.setdefault(row["table"], (Table(row["table"], [], first=row["first"]), origin))
        if origin != of_table:
            raise UserError(f"{path}: table {row['table']!r}: rows of two origins; write it again")
        if int(row["number"]) > len(table.rows):
            table.rows.append((row["row"], []))
        if len(table.rows) == 1:
            table.columns = [*table.columns, row["column"]]
        table.rows[-1][1].append(_cell(row))
    return list(tables.values())


def _short(value: float | None, cell: Cell) -> str:
    """Two digits beyond what is shown: a page that rounds again rounds to the same."""
    return "" if value is None or math.isnan(value) else f"{value:.{cell.decimals + 2}f}"


def _cell(row: dict[str, str]) -> Cell:
    value, low, high = (float(row[name]) if row[name] else None for name in ("value", "low", "high"))
    return Cell(value, int(row["decimals"]), low, high, row["text"])
