"""Draw how many known crystals were found after so many core-seconds, from what ``tools.bench.hits`` collected.

``python -m tools.bench.hit_figure``
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import OKABE_ITO, journal_style, new_figure, save
from melt2crystal.sections.figures import Figures
from tools.bench.hits import SEARCHES, TABLES
from tools.results.cells import PAGES

PICTURE = PAGES.parent / "figures" / "hits.png"
COLOURS = {"random": OKABE_ITO["black"], "melt-born": OKABE_ITO["vermilion"], "evolution": OKABE_ITO["blue"]}
COLUMNS = 2


def found_after(seconds: pd.Series, until: float) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the staircase of one search: core-seconds, and crystals found by then.

    Args:
        seconds: core-seconds to the first hit of each crystal, NaN where there is none.
        until: end of the search, core-seconds.
    """
    hits = np.sort(seconds.dropna().to_numpy())
    return np.concatenate([[0.0], hits, [until]]), np.concatenate([[0], np.arange(1, len(hits) + 1), [len(hits)]])


def median_found(searches: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """The median staircase of several searches, up to where the shortest ends."""
    end = min(times[-1] for times, _ in searches)
    corners = np.unique(np.concatenate([times[times <= end] for times, _ in searches] + [[end]]))
    counts = [numbers[np.searchsorted(times, corners, side="right") - 1] for times, numbers in searches]
    return corners, np.median(counts, axis=0)


def draw_panel(axes: Axes, rows: pd.DataFrame) -> None:
    """One potential and pressure: seeds thin, their median thick, the crystals that could be found as a line."""
    for method, own in rows.groupby("method", sort=True):
        colour = COLOURS.get(str(method), OKABE_ITO["green"])
        seeds = [found_after(one["core_s"], float(one["all_core_s"].max())) for _, one in own.groupby("seed")]
        for times, numbers in seeds:
            axes.step(times / 60, numbers, where="post", color=colour, linewidth=0.5, alpha=0.7)
        times, numbers = median_found(seeds)
        label = f"{method} ({len(seeds)} seed{'s' if len(seeds) > 1 else ''})"
        axes.step(times / 60, numbers, where="post", color=colour, linewidth=1.4, label=label)
    crystals = rows["crystal"].nunique()
    axes.axhline(crystals, color="grey", linewidth=0.6, linestyle="--", label=f"known minima: {crystals}")
    axes.set(xlim=(0, None), ylim=(0, crystals + 0.6), xlabel="core-minutes", ylabel="known crystals found")
    axes.yaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.legend(loc="lower right")


def draw(figures: Figures, searches: pd.DataFrame) -> Figure:
    """A panel for each potential, pressure and length of the searches."""
    groups = list(searches.groupby(["potential", "core_minutes", "pressure_GPa"], sort=True))
    lines = -(-len(groups) // COLUMNS)
    figure = new_figure(figures.double_column_mm, 65 * lines)
    panels = figure.subplots(lines, COLUMNS, squeeze=False).ravel()
    for axes, ((potential, minutes, pressure), rows) in zip(panels, groups, strict=False):
        draw_panel(axes, rows)
        axes.set_title(f"{potential}, {pressure:g} GPa, searches of {minutes:g} core-minutes")
    for axes in panels[len(groups) :]:
        axes.remove()
    return figure


@reports_errors
def hit_figure(
    folder: Annotated[Path, typer.Option(help="of the collected tables")] = TABLES,
    png: Annotated[Path, typer.Option(help="the picture; a PDF stands beside it")] = PICTURE,
) -> None:
    """Draw the figure."""
    path = folder / SEARCHES
    if not path.is_file():
        raise UserError(f"{path}: no search was collected yet; run make bench-hits first")
    with journal_style(Figures()):
        save(draw(Figures(), pd.read_csv(path)), png.with_suffix(".pdf"), png, "Known crystals found by searches")
    print(png)


if __name__ == "__main__":
    typer.run(hit_figure)
