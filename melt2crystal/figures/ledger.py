"""The cost of a study as bars: boxes below each other, iterations beside each other."""

from collections.abc import Sequence

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.figures.style import OKABE_ITO, journal_style, new_figure, small
from melt2crystal.jobs.ledger import Waste
from melt2crystal.sections.figures import Figures

OUTSIDE = OKABE_ITO["grey"]
ROUNDS = "viridis"
BAR = 0.7


def draw_ledger(table: pd.DataFrame, wasted: Sequence[Waste], figures: Figures) -> Figure:
    """Reserved core-hours, and GPU-hours if there are any, of each box; parts of a bar are iterations.

    Args:
        table: of :func:`melt2crystal.jobs.ledger.ledger`.
        wasted: hatched bars below the boxes.
    """
    boxes = list(dict.fromkeys(table["box"]))
    with_gpu = bool(table["gpu_hours"].sum() or sum(waste.gpu_hours for waste in wasted))
    spent = [waste for waste in wasted if waste.core_hours or waste.gpu_hours]
    with journal_style(figures):
        height_mm = 16 + 4.2 * (len(boxes) + len(spent))
        figure = new_figure(figures.double_column_mm if with_gpu else figures.single_column_mm, height_mm)
        axes = figure.subplots(1, 2 if with_gpu else 1, sharey=True, squeeze=False)[0]
        for panel, (name, word) in zip(axes, (("core_hours", "core-hours"), ("gpu_hours", "GPU-hours")), strict=False):
            _bars(panel, table, boxes, spent, name)
            panel.set_xlabel(word)
        axes[0].set_yticks(range(len(boxes) + len(spent)), [*boxes, *(waste.what for waste in spent)])
        axes[0].invert_yaxis()
        handles, labels = axes[0].get_legend_handles_labels()
        if len(labels) > 1:
            axes[0].legend(handles, labels, loc="lower right")
    return figure


def _bars(panel: Axes, table: pd.DataFrame, boxes: list[str], spent: Sequence[Waste], name: str) -> None:
    rounds = sorted(set(table["iteration"]))
    shades = _shades(len(rounds) - ("" in rounds))
    left = np.zeros(len(boxes))
    for iteration in rounds:
        part = (
            table[table["iteration"] == iteration].groupby("box")[name].sum().reindex(boxes, fill_value=0.0).to_numpy()
        )
        colour = OUTSIDE if iteration == "" else shades.pop(0)
        panel.barh(
            range(len(boxes)),
            part,
            BAR,
            left=left,
            color=colour,
            label=f"iteration {iteration}" if iteration else "once",
        )
        left += part
    values = [*left, *(getattr(waste, name) for waste in spent)]
    for number, waste in enumerate(spent, len(boxes)):
        panel.barh(number, getattr(waste, name), BAR, facecolor="white", edgecolor=OKABE_ITO["vermilion"], hatch="////")
    for number, value in enumerate(values):
        text = f"{value:.2g}" if value else "0"
        panel.annotate(text, (value, number), (2, 0), textcoords="offset points", va="center", fontsize=small())
    panel.set_xlim(0, 1.18 * max([*values, 1e-9]))
    panel.tick_params(axis="y", length=0)


def _shades(count: int) -> list[tuple[float, float, float, float]]:
    """One shade for each iteration, dark to light."""
    ramp = matplotlib.colormaps[ROUNDS]
    return [ramp(0.15 + 0.7 * number / max(count - 1, 1)) for number in range(count)]
