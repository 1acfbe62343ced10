"""Panels of a figure, any number of them: lines that are all full, so that no cell is left empty."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

MOST = 4  # panels side by side in a two-column figure
PARTS = 12  # of a line: 1, 2, 3, 4 and 6 panels share it evenly


def lines_of(number: int, most: int = MOST) -> list[int]:
    """Panels on each line, as even as can be, fuller lines first: 7 -> [4, 3], 11 -> [4, 4, 3], 13 -> [4, 3, 3, 3]."""
    lines = max(1, -(-number // most))
    fewest, fuller = divmod(number, lines)
    return [fewest + 1] * fuller + [fewest] * (lines - fuller)


def panels_on(figure: Figure, number: int, most: int = MOST) -> list[Axes]:
    """So many panels, line by line; each line fills the width.

    Args:
        most: panels side by side, a divisor of 12 as are all smaller numbers: at most 4.
    """
    lines = lines_of(number, most)
    grid = figure.add_gridspec(len(lines), PARTS)
    panels = []
    for line, on_line in enumerate(lines):
        width = PARTS // on_line
        panels += [figure.add_subplot(grid[line, k * width : (k + 1) * width]) for k in range(on_line)]
    return panels
