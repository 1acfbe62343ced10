"""Enthalpies of known and found phases over pressure, above one of them; where the lowest changes."""

from itertools import cycle
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.errors import reports_errors
from melt2crystal.figures.style import OKABE_ITO, as_text, letter, literal, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.search.phases.enthalpy_curves import KNOWN, above, read_curves, transitions, zero_of
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings

COLOURS = [OKABE_ITO[name] for name in ("blue", "vermilion", "green", "purple", "orange", "sky", "grey")]
DASHES = ["-", "--", ":"]
SHOWN_MEV = 150.0  # what lies beyond, on both sides, leaves the panel


def draw_panel(axes: Axes, rows: pd.DataFrame, zero: str, looks: dict[str, Any]) -> None:
    """One potential: a line for each phase; short strokes at the bottom where the lowest phase changes."""
    shown = above(rows, zero)
    for name, own in shown.groupby("phase", sort=False):
        own = own.sort_values("pressure_GPa")
        axes.plot(own["pressure_GPa"], own["above_meV_per_atom"], **looks[str(name)], clip_on=True)
    axes.axhline(0, color="black", linewidth=0.6, zorder=0)
    values = shown["above_meV_per_atom"]
    low, high = (float(values.min()), float(values.max())) if len(values) else (-1.0, 1.0)
    low, high = max(low, -SHOWN_MEV), min(high, SHOWN_MEV)
    margin = 0.06 * max(high - low, 1.0)
    axes.set_ylim(low - 2.4 * margin, high + margin)
    for crossing in transitions(rows):
        pressure = crossing["pressure_GPa"]
        axes.axvline(pressure, ymax=0.05, color="black", linewidth=1.0)
        axes.annotate(
            as_text(pressure, ".1f"),
            (pressure, 0.06),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=small(),
        )
    axes.set_xlabel("pressure (GPa)")


def looks_of(names: list[str], titles: dict[str, str], known: set[str]) -> dict[str, dict[str, Any]]:
    """Phase -> how its line is drawn, the same in both panels; known crystals are filled circles, found ones open."""
    styles = cycle([(colour, dash) for dash in DASHES for colour in COLOURS])
    looks = {}
    for name, (colour, dash) in zip(names, styles, strict=False):
        face = colour if name in known else "white"
        title = titles.get(name, name if name not in known else name.replace("_", " "))
        looks[name] = {"color": colour, "linestyle": dash, "marker": "o", "markersize": 2.8, "markerfacecolor": face}
        looks[name]["label"] = literal(title)
    return looks


def draw(figures: Figures, tables: dict[str, pd.DataFrame], wanted: str | None, titles: dict[str, str]) -> Figure:
    """HP, and the reference beside it where there is one."""
    both = pd.concat(list(tables.values()), ignore_index=True)
    zero = zero_of(both, wanted)
    width = figures.double_column_mm if len(tables) > 1 else figures.single_column_mm
    figure = new_figure(width, 78.0)
    panels = figure.subplots(1, len(tables), squeeze=False, sharex=True)[0]
    if zero is None:
        panels[0].text(0.5, 0.5, "no phase was kept at any pressure", ha="center", transform=panels[0].transAxes)
        return figure
    kept = {name: above(rows, zero) for name, rows in tables.items()}
    names = [name for name in dict.fromkeys(both["phase"]) if any(name in set(rows["phase"]) for rows in kept.values())]
    known = set(both.loc[both["origin"] == KNOWN, "phase"])
    looks = looks_of(names, titles, known)
    for k, (name, axes) in enumerate(zip(tables, panels, strict=True)):
        draw_panel(axes, tables[name], zero, looks)
        if len(tables) > 1:
            letter(axes, chr(ord("a") + k))
            axes.set_title("HP" if name == "hp" else "reference")
    panels[0].set_ylabel(f"H − H({literal(looks[zero]['label'])}) (meV/atom)")
    lines = {line.get_label(): line for axes in panels for line in axes.get_lines() if line.get_label()[0] != "_"}
    figure.legend(
        lines.values(), lines.keys(), loc="outside right upper" if len(tables) > 1 else "outside upper center"
    )
    return figure


@reports_errors
def figures_enthalpies(
    tables: Annotated[list[Path], typer.Argument(help="enthalpies over pressure, HP's first (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw enthalpies over pressure."""
    given = Settings(settings)
    titles = {name: crystal["title"] for name, crystal in given.value("polymorphs").items()}
    read = {path.stem: read_curves(path) for path in tables}
    wanted = given.value("search.enthalpy_curves.relative_to")
    publish_for(given, pdf, png, "Enthalpies over pressure", draw, read, wanted, titles)


if __name__ == "__main__":
    typer.run(figures_enthalpies)
