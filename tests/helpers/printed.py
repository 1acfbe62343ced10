"""Texts of a figure that are too small to be printed."""

import re
from collections.abc import Iterator

from matplotlib.figure import Figure, FigureBase
from matplotlib.text import Text

from melt2crystal.figures.style import SMALLEST_PT


def texts(figure: FigureBase) -> Iterator[Text]:
    """All texts that are drawn."""
    yield from (text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip())


def too_small(figure: Figure) -> list[str]:
    """Texts below 6 pt, and mathematics with an index or a power: these are drawn at 70 %."""
    figure.draw_without_rendering()
    found = [
        f"{t.get_text()!r}: {t.get_fontsize():.2f} pt" for t in texts(figure) if t.get_fontsize() < SMALLEST_PT - 1e-6
    ]
    indices = [t.get_text() for t in texts(figure) if re.search(r"(?<!\\)\$[^$]*[_^][^$]*\$", t.get_text())]
    return found + indices
