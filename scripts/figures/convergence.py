"""How low the search got after how many relaxations, at each pressure: each cell size, and the median of all."""

from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, SymmetricalLogLocator

from melt2crystal.errors import reports_errors
from melt2crystal.figures.structures_found import read_known, title_of
from melt2crystal.figures.style import OKABE_ITO, as_text, letter, literal, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.search.found.table import SOUND, STRUCTURES, read_table
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENTHALPY

Array = npt.NDArray[np.float64]
COLOURS = [OKABE_ITO[name] for name in ("sky", "orange", "green", "purple", "vermilion", "blue", "grey")]
LINEAR_MEV = 10.0  # below, a logarithmic axis is linear: a logarithm has no zero
LOGARITHMIC_FROM_MEV = 60.0


def best_so_far(table: pd.DataFrame) -> Array:
    """Lowest enthalpy of a sound structure after each relaxation, eV/atom; NaN before the first sound one.

    Args:
        table: schema STRUCTURES, in the order in which they were relaxed.
    """
    sound = table["status"].isin(SOUND).to_numpy(dtype=bool)
    enthalpies = np.where(sound, table[ENTHALPY].to_numpy(dtype=float, na_value=np.nan), np.inf)
    best = np.minimum.accumulate(enthalpies) if len(enthalpies) else enthalpies
    return np.where(np.isfinite(best), best, np.nan)


def median_of(curves: list[Array]) -> Array:
    """Median after each relaxation, from where all have a sound structure; a search that ended keeps its lowest."""
    length = max((len(curve) for curve in curves), default=0)
    held = [np.concatenate([curve, np.full(length - len(curve), curve[-1])]) for curve in curves if len(curve)]
    return np.median(np.array(held), axis=0) if held else np.empty(0)  # a NaN of one is a NaN of the median


def draw_panel(
    axes: Axes, sizes: dict[int, list[Array]], known: pd.DataFrame, titles: dict[str, str]
) -> tuple[list[Array], float]:
    """One pressure: thin lines for each search, a thick one for their median, a dashed one for the lowest crystal."""
    curves = [curve for searches in sizes.values() for curve in searches if np.isfinite(curve).any()]
    floor = min((float(np.nanmin(curve)) for curve in curves), default=0.0)
    if len(known):
        floor = min(floor, float(known[ENTHALPY].min())) if curves else float(known[ENTHALPY].min())
    above = {units: [1000 * (curve - floor) for curve in searches] for units, searches in sizes.items()}
    for (units, searches), colour in zip(above.items(), COLOURS * len(above), strict=False):
        for k, curve in enumerate(searches):
            label = f"{units} formula unit{'s' if units > 1 else ''}" if k == 0 else None
            axes.step(np.arange(1, len(curve) + 1), curve, where="post", color=colour, linewidth=0.7, label=label,
                      zorder=3)  # fmt: skip
    drawn = [curve for searches in above.values() for curve in searches if np.isfinite(curve).any()]
    if len(drawn) > 1:
        median = median_of(drawn)
        axes.step(np.arange(1, len(median) + 1), median, where="post", color="black", linewidth=2.0, label="median")
    if len(known):
        lowest = known.loc[known[ENTHALPY].astype(float).idxmin()]
        height = 1000 * (float(lowest[ENTHALPY]) - floor)
        axes.axhline(height, color="black", linewidth=0.7, linestyle="--")
        axes.annotate(
            literal(title_of(str(lowest["crystal"]), titles)), (0.98, height), xycoords=("axes fraction", "data"),
            xytext=(0, 2), textcoords="offset points", ha="right", va="bottom", fontsize=small(),
        )  # fmt: skip
    return drawn, floor


def draw(
    figures: Figures, searches: dict[float, dict[int, list[Array]]], known: list[pd.DataFrame], titles: dict[str, str]
) -> Figure:
    """A panel for each pressure.

    Args:
        searches: pressure (GPa) -> formula units -> lowest enthalpy after each relaxation, one curve for each search.
    """
    width = figures.double_column_mm if len(searches) > 1 else figures.single_column_mm
    figure = new_figure(width, 70.0)
    panels = figure.subplots(1, len(searches), squeeze=False)[0]
    for k, (axes, (pressure, sizes), crystals) in enumerate(zip(panels, searches.items(), known, strict=True)):
        drawn, _ = draw_panel(axes, sizes, crystals, titles)
        lines = [np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()]
        highest = max((float(np.nanmax(line)) for line in lines if np.isfinite(line).any()), default=LINEAR_MEV)
        if highest > LOGARITHMIC_FROM_MEV:
            axes.set_yscale("symlog", linthresh=LINEAR_MEV)
            axes.yaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=LINEAR_MEV))
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: as_text(value)))
            axes.yaxis.set_minor_formatter(NullFormatter())
            axes.set_ylim(-0.12 * LINEAR_MEV, 1.8 * highest)
        else:
            axes.set_ylim(-0.05 * max(highest, 1.0), 1.15 * max(highest, 1.0))
        axes.set_xlim(0, 1.02 * max((len(curve) for curve in drawn), default=1))
        axes.set_xlabel("relaxations of this cell size")
        axes.set_title(f"{as_text(pressure)} GPa")
        if len(searches) > 1:
            letter(axes, chr(ord("a") + k))
        if not drawn:
            axes.text(0.5, 0.5, "no sound structure", ha="center", transform=axes.transAxes)
    panels[0].set_ylabel("lowest H, above the lowest of all (meV/atom)")
    lines = {line.get_label(): line for axes in panels for line in axes.get_lines() if str(line.get_label())[0] != "_"}
    figure.legend(list(lines.values()), list(lines), loc="outside upper center", ncols=4)
    return figure


@reports_errors
def figures_convergence(
    tables: Annotated[
        list[Path], typer.Argument(help="structures.csv of each pressure and cell size: every relaxation, in order")
    ],
    known: Annotated[Path, typer.Option(help="known crystals relaxed with HP (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the lowest enthalpy against relaxations."""
    given = Settings(settings)
    titles = {name: crystal["title"] for name, crystal in given.value("polymorphs").items()}
    searches: dict[float, dict[int, list[Array]]] = {}
    for path in tables:
        table = read_table(path, STRUCTURES)
        if len(table):
            sizes = searches.setdefault(float(table["pressure_GPa"].iloc[0]), {})
            sizes.setdefault(int(table["formula_units"].iloc[0]), []).append(best_so_far(table))
    kept = [read_known(known, pressure) for pressure in searches]
    publish_for(given, pdf, png, "Lowest enthalpy against relaxations", draw, searches, kept, titles)


if __name__ == "__main__":
    typer.run(figures_convergence)
