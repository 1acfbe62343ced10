"""Enthalpy against volume of the structures found at each pressure, coloured by coordination; known crystals marked."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from melt2crystal.errors import reports_errors
from melt2crystal.figures.structures_found import ABOVE, COLOURS, range_of, read_found, read_known, title_of
from melt2crystal.figures.style import as_text, letter, literal, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENTHALPY

VOLUME = "volume_A3_per_atom"
SHOWN_MEV = 500.0  # above the lowest; how many structures lie higher is said
FRAMED_PERCENT = 8.0  # free room left and right of the points, of their span


def draw_panel(
    axes: Axes, found: pd.DataFrame, known: pd.DataFrame, between: tuple[float, float], numbers: dict[str, int]
) -> None:
    """One pressure. Known crystals are numbered diamonds, also below the lowest structure found."""
    shown = found[found[ABOVE] <= SHOWN_MEV]
    axes.scatter(
        shown[VOLUME].astype(float), shown[ABOVE].astype(float), c=shown["coordination"].astype(float), s=10,
        cmap=COLOURS, norm=Normalize(*between), edgecolors="white", linewidths=0.25, zorder=3,
    )  # fmt: skip
    volumes, heights = [*shown[VOLUME].astype(float)], [*shown[ABOVE].astype(float), 0.0]
    lowest = float(found[ENTHALPY].min()) if len(found) else float(known[ENTHALPY].min()) if len(known) else 0.0
    for crystal, volume, enthalpy in zip(known["crystal"], known[VOLUME], known[ENTHALPY], strict=True):
        above = 1000 * (enthalpy - lowest)
        if above > SHOWN_MEV:
            continue
        axes.plot(volume, above, "D", markersize=5, markerfacecolor="none", markeredgecolor="black",
                  markeredgewidth=0.7, zorder=4)  # fmt: skip
        axes.annotate(
            str(numbers[crystal]), (volume, above), xytext=(4, 3), textcoords="offset points", fontsize=small(),
            zorder=5,
        )  # fmt: skip
        volumes.append(float(volume))
        heights.append(above)
    if volumes:
        margin = FRAMED_PERCENT / 100 * max(max(volumes) - min(volumes), 0.5)
        axes.set_xlim(min(volumes) - margin, max(volumes) + margin)
    span = max(max(heights) - min(heights), 10.0)
    axes.set_ylim(min(heights) - 0.06 * span, max(heights) + 0.14 * span)
    axes.set_xlabel("volume (Å³/atom)")
    higher = len(found) - len(shown)
    text = f"{len(shown)} structures" + (f", {higher} above {SHOWN_MEV:g} meV/atom not shown" if higher else "")
    axes.text(0.98, 0.98, text, transform=axes.transAxes, ha="right", va="top", fontsize=small())


def draw(
    figures: Figures, tables: dict[float, pd.DataFrame], known: list[pd.DataFrame], titles: dict[str, str]
) -> Figure:
    """A panel for each pressure, one bar of colours, one list of numbered crystals.

    Args:
        tables: pressure (GPa) -> structures found, with ``ABOVE``.
        known: crystals that HP keeps at each of these pressures.
    """
    width = figures.double_column_mm if len(tables) > 1 else figures.single_column_mm
    between = range_of([value for table in tables.values() for value in table["coordination"].astype(float)])
    crystals = list(dict.fromkeys(crystal for table in known for crystal in table["crystal"]))
    numbers = {crystal: number for number, crystal in enumerate(crystals, 1)}
    columns = 4 if len(tables) > 1 else 2
    lines = -(-len(crystals) // columns)
    figure = new_figure(width, 66.0 + 3.4 * lines)
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    for k, (axes, (pressure, found), kept) in enumerate(zip(panels, tables.items(), known, strict=True)):
        draw_panel(axes, found, kept, between, numbers)
        if len(tables) > 1:
            letter(axes, chr(ord("a") + k))
        axes.set_title(f"{as_text(pressure)} GPa")
    panels[0].set_ylabel("H − H(lowest found) (meV/atom)")
    bar = figure.colorbar(ScalarMappable(Normalize(*between), COLOURS), ax=list(panels), pad=0.02, fraction=0.05)
    bar.set_label("mean coordination number")
    bar.set_ticks(list(np.arange(between[0], between[1] + 0.5, max(1, round((between[1] - between[0]) / 5)))))
    if crystals:
        marks = [axes_mark(panels[0]) for _ in crystals]
        words = [f"{numbers[crystal]} {literal(title_of(crystal, titles))}" for crystal in crystals]
        figure.legend(marks, words, loc="outside upper center", ncols=columns, fontsize=small(), columnspacing=1.0,
                      handletextpad=0.3)  # fmt: skip
    return figure


def axes_mark(axes: Axes) -> object:
    """A diamond for the list of crystals."""
    return axes.plot([], [], "D", markersize=4, markerfacecolor="none", markeredgecolor="black", markeredgewidth=0.7)[0]


@reports_errors
def figures_landscape(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    known: Annotated[Path, typer.Option(help="known crystals relaxed with HP (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw enthalpy against volume."""
    given = Settings(settings)
    titles = {name: crystal["title"] for name, crystal in given.value("polymorphs").items()}
    found = {
        float(p): read_found(path)[0] for p, path in zip(map(float, given.value("pressures_GPa")), tables, strict=True)
    }
    kept = [read_known(known, pressure) for pressure in found]
    publish_for(given, pdf, png, "Enthalpy against volume of the structures found", draw, found, kept, titles)


if __name__ == "__main__":
    typer.run(figures_landscape)
