"""Individuals and goodStructures of USPEX: one row for each structure, in the columns of MATLAB's line or in boxes.

MATLAB's line (9.4.4, 10.x) writes two lines of header, then rows that brackets divide: ``Gen ID Origin [numbers of
atoms] H V density fitness [k points] space group ...`` (Individuals, eV and A^3 of the cell) and ``ID [numbers of
atoms] H V fitness space group`` (goodStructures, eV and A^3 per atom). Python's line draws boxes with a row of names. A
structure that was kept as one of the best has a row in each generation; ``N/A`` stands for what is not known.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from melt2crystal.errors import UserError
from melt2crystal.search.others.structure import Refused

HEADER_LINES = 2
PER_ATOM = "(ev/atom)"


@dataclass(frozen=True)
class Row:
    """What USPEX says of a structure; None: it does not say it.

    Args:
        number: its ID.
        enthalpy_eV: of the cell, or per atom if ``per_atom``.
    """

    number: int
    generation: int | None
    origin: str | None
    enthalpy_eV: float | None
    per_atom: bool


def read_rows(text: str, source: str, per_atom: bool) -> tuple[list[Row], list[Refused]]:
    """Each structure once, as its first row has it, and the lines that are broken or cut off.

    Args:
        text: of Individuals (``per_atom`` false) or goodStructures (true).
        source: its name.
    """
    lines = text.splitlines()
    read = _boxed if any(line.lstrip().startswith(("+", "|")) for line in lines) else _plain
    rows: dict[int, Row] = {}
    refused = []
    for number, found in read(lines, per_atom):
        if isinstance(found, Row):
            rows.setdefault(found.number, found)
        else:
            refused.append(Refused(f"{source}, line {number}", found))
    return list(rows.values()), refused


def _plain(lines: Sequence[str], per_atom: bool) -> Iterator[tuple[int, Row | str]]:
    for number, line in enumerate(lines[HEADER_LINES:], HEADER_LINES + 1):
        if line.strip():
            try:
                yield number, _plain_row(line, per_atom)
            except UserError as error:
                yield number, str(error)


def _plain_row(line: str, good: bool) -> Row:
    head, bracket, rest = line.partition("[")
    _, closed, tail = rest.partition("]")
    named, values = head.split(), tail.partition("[")[0].split()
    if not bracket or not closed or len(values) < (3 if good else 4) or (not good and "]" not in tail):
        raise UserError(f"is cut off or no row of a table: {line.strip()[:80]!r}")
    if good:
        return Row(_whole(named[:1]), None, None, _number(values[0]), True)
    if len(named) < 3:
        raise UserError(f"lacks generation, number or origin: {line.strip()[:80]!r}")
    return Row(_whole(named[1:2]), _whole(named[:1]), " ".join(named[2:]), _number(values[0]), False)


def _boxed(lines: Sequence[str], per_atom: bool) -> Iterator[tuple[int, Row | str]]:
    names: list[str] = []
    inside, heading, ruled = False, False, False  # the names of the columns stand between the first two rules of a box
    generation = None
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text.startswith("+"):
            begins = not inside or ruled
            names, heading = ([], True) if begins else (names, False)
            inside = True
        elif not text.startswith("|"):
            inside = False
            told = re.match(r"generation\s+(\d+)", text, re.IGNORECASE)
            generation = int(told[1]) if told else generation
        elif heading:
            cells = text.strip("|").split("|")
            names = [
                f"{above} {cell.strip()}".strip().lower() for above, cell in zip_longest(names, cells, fillvalue="")
            ]
        else:
            try:
                yield number, _boxed_row(names, text, per_atom, generation)
            except UserError as error:
                yield number, str(error)
        ruled = text.startswith("+")


def _boxed_row(names: list[str], line: str, per_atom: bool, generation: int | None) -> Row:
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if len(cells) != len(names) or not line.endswith("|"):
        raise UserError(f"is cut off: {len(cells)} of {len(names)} cells are there")
    column = {name: _column(names, name) for name in ("id", "gen", "origin", "enthalp")}
    if column["id"] is None:
        raise UserError(f"stands in a table without a column ID (it has {', '.join(names)})")
    cell = {name: None if k is None else cells[k] for name, k in column.items()}
    in_unit = names[column["enthalp"]] if column["enthalp"] is not None else ""
    return Row(
        _whole([str(cell["id"])]),
        generation if cell["gen"] is None else _whole([cell["gen"]]),
        cell["origin"],
        None if cell["enthalp"] is None else _number(cell["enthalp"]),
        per_atom if "(ev" not in in_unit.replace(" ", "") else PER_ATOM in in_unit.replace(" ", ""),
    )


def _column(names: list[str], begins: str) -> int | None:
    """The column of that name; of all that begin so, the first."""
    exact = [k for k, name in enumerate(names) if name.split()[:1] == [begins]]
    return next(
        iter([*exact, *(k for k, name in enumerate(names) if begins != "id" and name.startswith(begins))]), None
    )


def _whole(words: Sequence[str]) -> int:
    if not words or not words[0].isdigit():
        raise UserError(f"has no number where one must be ({' '.join(words) or 'nothing'})")
    return int(words[0])


def _number(word: str) -> float | None:
    """None for N/A, and for what USPEX writes of a structure whose energy it does not know."""
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) < 9e4 else None
