"""Volumes of the relaxed polymorphs beside the reference's: what each potential keeps, and what it loses."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import POTENTIAL_COLOURS, as_text, letter, literal, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings

MARKS = {"hp": "s", "lp": "^"}
ASIDE = {"hp": -0.16, "lp": 0.16}  # so that the two potentials stand side by side
SHOWN_PERCENT = 25.0  # what lies beyond stands at the edge, with its number
EDGE = 0.94
COLUMN = "volume_error_percent"


def edge_of(rows: pd.DataFrame) -> float:
    """Half the height of the axis, %: all errors of the members, no more than ``SHOWN_PERCENT``."""
    errors = rows[["volume_error_smallest", "volume_error_largest"]].to_numpy(dtype=float)
    finite = np.abs(errors[np.isfinite(errors)])
    return float(np.clip(1.2 * finite.max(), 2.0, SHOWN_PERCENT)) if finite.size else 2.0


def draw_errors(axes: Axes, rows: pd.DataFrame, places: dict[str, int], edge: float) -> None:
    """Points of both potentials over the crystals: open where it is lost, a crossed one where nothing is known."""
    for place in range(len(places)):
        if place % 2:
            axes.axvspan(place - 0.5, place + 0.5, color="#F2F2F2", linewidth=0, zorder=0)
    for name, of_crystal in rows.groupby("polymorph", sort=False):
        scatter = float(of_crystal["scatter_percent_reference"].astype(float).iloc[0])
        if np.isfinite(scatter):
            half = max(scatter, 0.005 * edge)  # a line at least
            axes.fill_between(
                [places[name] - 0.42, places[name] + 0.42], -half, half, color="#999999", linewidth=0, zorder=1
            )
        if str(of_crystal["reference_keeps"].iloc[0]) != "True":
            axes.text(places[name], -0.97 * edge, "*", ha="center", va="bottom")
        for row in of_crystal.to_dict("records"):
            potential, kept = row["potential"], row["kept"] == row["members"]
            colour, x, error = POTENTIAL_COLOURS[potential], places[name] + ASIDE[potential], float(row[COLUMN])
            if not np.isfinite(error):
                axes.plot(x, 0, "x", color=colour, markersize=4, zorder=3)
                continue
            y = float(np.clip(error, -EDGE * edge, EDGE * edge))
            ends = np.clip([row["volume_error_smallest"], row["volume_error_largest"]], -edge, edge)
            axes.plot([x, x], ends, color=colour, linewidth=1.0, zorder=2)
            face = colour if kept else "white"
            axes.plot(x, y, MARKS[potential], color=colour, markerfacecolor=face, markersize=3.6, zorder=3)
            if y != error:
                last = places[name] == len(places) - 1  # beyond it is the frame
                side = "right" if ASIDE[potential] < 0 or last else "left"
                aside = -abs(0.6 * ASIDE[potential]) if side == "right" else 0.6 * ASIDE[potential]
                axes.text(x + aside, y, as_text(error, "+.0f"), ha=side, va="center", fontsize=small())
    axes.axhline(0, color="black", linewidth=0.6, zorder=1)
    axes.set(xlim=(-0.5, len(places) - 0.5), ylim=(-edge, edge))
    axes.tick_params(axis="x", length=0)


def draw(figures: Figures, titles: dict[str, str], table: pd.DataFrame) -> Figure:
    """One panel for each pressure at which there is a reference."""
    pressures = [float(p) for p, rows in table.groupby("pressure_GPa") if rows["state_reference"].notna().any()]
    if not pressures:
        raise UserError("relaxed crystals: none has a reference; remake benchmark/relaxed/crystals.csv")
    names = [name for name in titles if name in set(table["polymorph"])]
    table = table[table["polymorph"].isin(names)]
    places = {name: place for place, name in enumerate(names)}
    wide = len(names) > 3
    width = figures.double_column_mm if wide else figures.single_column_mm
    figure = new_figure(width, 52.0 * len(pressures) + (34 if len(names) > 6 else 22))
    panels = figure.subplots(len(pressures), 1, squeeze=False, sharex=True)[:, 0]
    for number, (axes, pressure) in enumerate(zip(panels, pressures, strict=True)):
        rows = table[np.isclose(table["pressure_GPa"], pressure)]
        draw_errors(axes, rows, places, edge_of(rows))
        axes.set_ylabel("volume less reference (%)")
        axes.set_title(f"relaxed at {as_text(pressure)} GPa", pad=3)
        if len(pressures) > 1:
            letter(axes, chr(ord("a") + number))
    upright = len(names) > 6
    shown = [literal(titles[name]) for name in names]
    panels[-1].set_xticks(range(len(names)), shown, rotation=45 if upright else 0, ha="right" if upright else "center")
    figure.legend(handles=key(table), loc="outside upper left", ncols=2 if wide else 1)
    return figure


def key(table: pd.DataFrame) -> list[Any]:
    """What the marks mean."""
    point: dict[str, Any] = {"linestyle": "none", "color": "black"}
    handles: list[Any] = [
        Line2D([], [], **point | {"color": POTENTIAL_COLOURS[name]}, marker=mark, label=f"{name.upper()}: kept")
        for name, mark in MARKS.items()
        if name in set(table["potential"])
    ]
    handles.append(Line2D([], [], **point, marker="o", markerfacecolor="white", label="open: lost by a member"))
    if np.isfinite(table["scatter_percent_reference"].astype(float)).any():
        handles.append(Patch(color="#999999", linewidth=0, label="± scatter of the reference's own starts"))
    else:
        states = " or ".join(sorted(set(table["state_reference"].dropna())))
        handles.append(Line2D([], [], linestyle="none", label=f"reference: {states}, scatter unknown"))
    if (table["reference_keeps"].astype(str) == "False").any():
        handles.append(Line2D([], [], **point, marker="$*$", label="let go by the reference"))
    return handles


@reports_errors
def figures_relaxed(
    crystals: Annotated[Path, typer.Option(help="what became of the relaxed crystals (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the volumes of the relaxed polymorphs of both potentials beside the reference's."""
    given = Settings(settings)
    titles = {name: polymorph["title"] for name, polymorph in given.value("polymorphs").items()}
    publish_for(given, pdf, png, "Relaxed crystals", draw, titles, pd.read_csv(crystals))


if __name__ == "__main__":
    typer.run(figures_relaxed)
