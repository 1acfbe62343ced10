"""Headline numbers over the runs of a study: each run a point, their mean with its interval, aims as lines."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from melt2crystal.figures.style import OKABE_ITO, POTENTIAL_COLOURS, letter, new_figure, small
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.jobs import QUANTITIES

COLUMNS = 4
ROW_MM = 46
SPREAD = 0.36  # of the points of the runs, in widths of a potential
AIM: Any = {"color": OKABE_ITO["green"], "linestyle": "--", "linewidth": 0.9}


def draw_replicates(table: pd.DataFrame, figures: Figures) -> Figure:
    """A panel for each quantity, each potential that has it a column.

    Args:
        table: of :func:`melt2crystal.summary.replicates.replicates_table`, at least one row.
        figures: style.
    """
    table = table[table["n"] > 0]  # without what is aimed at and the study doesn't have
    names = [name for name in QUANTITIES if name in set(table["quantity"])]
    columns = min(COLUMNS, len(names))
    rows = -(-len(names) // columns)
    figure = new_figure(figures.double_column_mm, ROW_MM * rows + 8)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, (axes, name) in enumerate(zip(panels, names, strict=False)):
        _panel(axes, table[table["quantity"] == name], name)
        letter(axes, chr(ord("a") + number))
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    dot: Any = {"linestyle": "none", "markersize": 3.0}
    keys = [Line2D([], [], marker="o", color=OKABE_ITO["grey"], **dot, label="runs")]
    if (table["n"] > 1).any():
        keys.append(Line2D([], [], marker="_", color="black", label="mean, 95 % interval"))
    if table["aim"].notna().any():
        keys.append(Line2D([], [], **AIM, label="aim for HP"))
    figure.legend(handles=keys, loc="outside upper right", ncols=len(keys))
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    quantity, potentials = QUANTITIES[name], sorted(rows["potential"])
    runs = [column for column in rows if str(column).startswith("run_")]
    for row in rows.to_dict("records"):
        place, colour = potentials.index(row["potential"]), POTENTIAL_COLOURS[row["potential"]]
        values = np.array([row[run] for run in runs], float)
        beside = place - 0.1 + SPREAD * (np.arange(len(runs)) + 0.5 - len(runs)) / max(len(runs), 1)
        axes.plot(beside, values, "o", color=colour, alpha=0.6, markeredgewidth=0)
        if row["n"] > 1:
            half = row["high"] - row["mean"]
            axes.errorbar(place + 0.2, row["mean"], half, fmt="_", color="black", capsize=2.5, markersize=7)
            axes.annotate(
                f"n = {row['n']}", (place + 0.2, 1), (0, -2), xycoords=("data", "axes fraction"),
                textcoords="offset points", ha="center", va="top", fontsize=small(),
            )  # fmt: skip
        if row["aim"] == row["aim"]:
            axes.plot([place - 0.48, place + 0.48], [row["aim"]] * 2, **AIM)
    axes.set_xlim(-0.6, len(potentials) - 0.4)
    axes.set_xticks(range(len(potentials)), [potential.upper() for potential in potentials])
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.25)
    words = quantity.words.replace(", ", ",\n", 1)
    axes.set_ylabel(f"{words} ({quantity.unit})" if quantity.unit else words)
