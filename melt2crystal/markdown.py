"""Markdown tables, the same way in every report, card and document."""

from collections.abc import Iterable, Sequence
from typing import Any


def table(head: Sequence[Any], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; cells are shown by ``str``."""
    first, *others = ("| " + " | ".join(str(cell) for cell in line) + " |" for line in (head, *rows))
    return "\n".join([first, "|" + "---|" * len(head), *others])
