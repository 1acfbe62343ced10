"""How the explored frames of each iteration fall into accurate, candidate, failed and invalid."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import CLASS_COLOURS, as_text, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings

STATE = ["pressure_GPa", "temperature_K"]
CLASSES = list(CLASS_COLOURS)


def shares(table: pd.DataFrame) -> pd.DataFrame:
    """Class counts of each state as shares of its frames; a state without frames has none."""
    counts = table[CLASSES].astype(float)
    return counts.div(counts.sum(axis=1).replace(0, np.nan), axis=0).fillna(0.0)


def draw_iteration(axes: Axes, table: pd.DataFrame) -> None:
    """Stacked bars over the states of one iteration; numbers: selected, and excluded by the certificate."""
    table = table.sort_values(STATE).reset_index(drop=True)
    bottom = np.zeros(len(table))
    positions = np.arange(len(table))
    parts = shares(table)
    for kind in CLASSES:
        axes.bar(positions, parts[kind], bottom=bottom, width=0.86, color=CLASS_COLOURS[kind], label=kind)
        bottom += parts[kind].to_numpy()
    for x, row in zip(positions, table.itertuples(), strict=True):
        excluded = f"\n({int(row.excluded)})" if "excluded" in table and row.excluded > 0 else "\n"
        text = f"{int(row.selected)}{excluded}"
        axes.text(x, 1.03, text, ha="center", va="bottom", fontsize=small(0.7), linespacing=0.95)
    starts = np.flatnonzero(np.diff(table["pressure_GPa"], prepend=np.nan) != 0)
    for start in starts[1:]:
        axes.axvline(start - 0.5, color="black", linewidth=0.6)
    axes.set(xlim=(-0.5, len(table) - 0.5), ylim=(0, 1.34), yticks=[0, 0.5, 1.0])
    axes.tick_params(axis="x", length=0)
    window = f"{table['eps_lo'].iloc[0]:.2f}–{table['eps_hi'].iloc[0]:.2f} eV/Å"
    axes.set_ylabel(f"iteration {int(table['iteration'].iloc[0]):02d}\nshare of frames")
    axes.text(1.005, 0.5, f"window\n{window}", transform=axes.transAxes, va="center", fontsize=small())


def label_states(axes: Axes, table: pd.DataFrame) -> None:
    """Temperatures under the bars, the pressure of each group below them."""
    table = table.sort_values(STATE).reset_index(drop=True)
    labels = [f"{t:.0f}" for t in table["temperature_K"]]
    axes.set_xticks(range(len(table)), labels, rotation=90 if len(table) > 20 else 0, fontsize=small())
    for pressure, rows in table.groupby("pressure_GPa"):
        axes.annotate(
            f"{as_text(pressure)} GPa",
            (float(rows.index.to_numpy().mean()), 0),
            xycoords=("data", "axes fraction"),
            xytext=(0, -26 if len(table) > 20 else -17),
            textcoords="offset points",
            ha="center",
            va="top",
            fontweight="bold",
        )
    axes.set_xlabel("temperature (K)", labelpad=17)


def draw(figures: Figures, tables: list[pd.DataFrame]) -> Figure:
    """One row per iteration."""
    height = max(12.0, min(32.0, 180.0 / len(tables)))
    figure = new_figure(figures.double_column_mm, height * len(tables) + 26)
    panels = figure.subplots(len(tables), 1, sharex=False, squeeze=False)[:, 0]
    for axes, table in zip(panels, tables, strict=True):
        draw_iteration(axes, table)
        axes.set_xticks([])
    label_states(panels[-1], tables[-1])
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside upper left",
        ncols=4,
        title="number above a bar: frames selected for labelling (in brackets: excluded by the certificate)",
        alignment="left",
    )
    return figure


@reports_errors
def figures_selection(
    tables: Annotated[list[Path], typer.Argument(help="selection tables, one per iteration (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the classes of the explored frames per iteration, temperature and pressure."""
    given = Settings(settings)
    read = []
    for path in tables:
        table = pd.read_csv(path)
        missing = [name for name in (*STATE, *CLASSES, "selected", "eps_lo", "eps_hi") if name not in table]
        if missing or table.empty:
            wrong = f"lacks {', '.join(missing)}" if missing else "has no rows"
            raise UserError(f"{path}: {wrong}; redo the selection")
        read.append(table)
    read.sort(key=lambda table: int(table["iteration"].iloc[0]))
    publish_for(given, pdf, png, "Selection of explored frames", draw, read)


if __name__ == "__main__":
    typer.run(figures_selection)
