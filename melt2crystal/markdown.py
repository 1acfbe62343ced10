"""Markdown tables, the same way in every report, card and document; files of which a program writes a part."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from string import Formatter
from typing import TYPE_CHECKING, Any

from melt2crystal.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

UNESCAPED_BAR = re.compile(r"(?<!\\)\|")


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; cells are shown by ``str``, bars and line breaks in them as what they are."""
    first, *others = ("| " + " | ".join(map(_cell, line)) + " |" for line in (head, *rows))
    return "\n".join([first, "|" + "---|" * len(head), *others])


def _cell(value: Any) -> str:
    return UNESCAPED_BAR.sub(r"\\|", str(value)).replace("\n", " ")


class _Dashed(Formatter):
    """Shows what isn't there as a dash, whatever form is asked for."""

    def format_field(self, value: Any, format_spec: str) -> str:
        return "–" if value is None or value != value else super().format_field(value, format_spec)


def records(columns: Mapping[str, str], rows: Iterable[Mapping[str, Any]]) -> str:
    """A Markdown table of named values; None and NaN are shown as dashes.

    Args:
        columns: head -> form of its cells, such as ``{energy_eV:.1f} ± {error_eV:.1f}``.
    """
    dashed = _Dashed()
    return table(list(columns), ([dashed.vformat(form, (), row) for form in columns.values()] for row in rows))


def of_frame(frame: "pd.DataFrame", formats: Mapping[str, str] | str = "g") -> str:
    """A table of pandas as a Markdown table; a number that is none is a dash.

    Args:
        frame: its columns are the head.
        formats: of the floats, column -> format, or one for all; others are shown by ``str``.
    """
    forms = {name: formats if isinstance(formats, str) else formats.get(name, "g") for name in frame.columns}
    columns = [[_shown(value, forms[name]) for value in frame[name]] for name in frame.columns]
    return table(frame.columns, zip(*columns, strict=True))


def _shown(value: Any, form: str) -> str:
    if value is None or value != value:
        return "–"
    return format(value, form) if isinstance(value, float) else str(value)


def around(page: Path, begin: str, end: str) -> tuple[str, str]:
    """What stands on a page up to the line ``begin`` and from the line ``end`` on: between them a program writes.

    Raises:
        UserError: The page has no such lines.
    """
    before, _, rest = page.read_text(encoding="utf-8").partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise UserError(f"{page}: the lines {begin!r} and {end!r} are missing; put them where the tables belong")
    return f"{before}{begin}\n\n", f"\n\n{end}{after}"


def above(page: Path, mark: str) -> str:
    """What stands in a file up to the line ``mark``, that line included: below it a program writes.

    Raises:
        UserError: The file has no such line.
    """
    before, found, _ = page.read_text(encoding="utf-8").partition(mark)
    if not found:
        raise UserError(f"{page}: has no line {mark.strip()!r}; add it where the written part shall begin")
    return before + mark
