"""Figure 3: energies of the structures found, HP against the reference."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from melt2crystal.errors import reports_errors
from melt2crystal.figures.style import OKABE_ITO, as_text, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import HP, REFERENCE
from melt2crystal.train.agreement import pearson, rmse, stable_window

MARKERS = "os^Dv"
COLOURS = [OKABE_ITO[name] for name in ("sky", "vermilion", "green", "purple", "orange")]
FEWEST = 5  # structures that make a histogram


def per_atom_in_words(value: float | None) -> str:
    """RMSE in meV/atom, or what is missing."""
    return "no data" if value is None else f"{1000 * value:.0f} meV/atom"


def draw_histogram(axes: Axes, found: pd.DataFrame, colours: dict[float, str]) -> None:
    """Stacked histogram of E_reference - E_HP, one colour per pressure."""
    differences = [1000 * (rows[REFERENCE] - rows[HP]).to_numpy() for _, rows in found.groupby("pressure_GPa")]
    axes.hist(differences, bins=20, stacked=True, color=list(colours.values()), edgecolor="white", linewidth=0.3)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_xlabel("ref. − HP (meV/atom)", labelpad=1)
    axes.set_ylabel("structures", labelpad=1)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.tick_params(which="both", right=False, top=False)


def draw(figures: Figures, found: pd.DataFrame, window_eV: float) -> Figure:
    """Parity panel, the window above the lowest structure shaded unless all lie in it, and the histogram in the lower
    right corner."""
    figure = new_figure(figures.single_column_mm, 1.12 * figures.single_column_mm)
    axes = figure.subplots()
    axes.set(xlabel="reference energy (eV/atom)", ylabel="HP energy (eV/atom)")
    if found.empty:
        axes.text(0.5, 0.5, "no structure has a reference energy", ha="center", transform=axes.transAxes)
        return figure
    pressures = sorted(found["pressure_GPa"].unique())
    colours = {p: COLOURS[k % len(COLOURS)] for k, p in enumerate(pressures)}
    energies = found[[HP, REFERENCE]].to_numpy()
    low, high = energies.min(), energies.max()
    span = max(high - low, 0.05)
    limits = (low - 0.06 * span, high + 0.06 * span)
    stable = stable_window(found[REFERENCE], window_eV)
    edge = found[REFERENCE].min() + window_eV
    if not stable.all():
        axes.axvspan(
            limits[0],
            min(edge, limits[1]),
            facecolor="#E4ECF2",
            edgecolor="#7A93A8",
            linestyle="--",
            zorder=-1,
            label=f"up to {window_eV:g} eV/atom above the lowest",
        )
    axes.plot(limits, limits, color="black", linewidth=0.6)
    for k, pressure in enumerate(pressures):
        rows = found[found["pressure_GPa"] == pressure]
        axes.plot(
            rows[REFERENCE],
            rows[HP],
            MARKERS[k % len(MARKERS)],
            color=colours[pressure],
            markersize=3,
            markeredgecolor="white",
            markeredgewidth=0.3,
            label=f"found at {as_text(pressure)} GPa ({len(rows)})",
        )
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.locator_params(nbins=6)
    r = pearson(found[HP], found[REFERENCE])
    inside = found[stable]
    lines = [
        f"all {len(found)}: r = {'no data' if r is None else f'{r:.3f}'}, "
        f"RMSE {per_atom_in_words(rmse(found[HP], found[REFERENCE]))}",
        f"all lie within {window_eV:g} eV/atom of the lowest"
        if stable.all()
        else f"shaded {len(inside)}: RMSE {per_atom_in_words(rmse(inside[HP], inside[REFERENCE]))}",
    ]
    # above the panel: inside it, there is no corner that every study leaves free
    legend = figure.legend(loc="outside upper center", title="\n".join(lines), alignment="left", ncols=2)
    legend.get_title().set_fontsize(small(0.9))
    if len(found) >= FEWEST:  # below the points: one that lies there is seen
        draw_histogram(axes.inset_axes((0.60, 0.13, 0.37, 0.29), zorder=1), found, colours)
    return figure


@reports_errors
def figures_found_energies(
    found: Annotated[Path, typer.Option(help="structures found, with reference energies (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw figure 3: found structures' energies, and the histogram of the differences."""
    given = Settings(settings)
    table = pd.read_csv(found)
    finite = np.isfinite(table[HP].astype(float)) & np.isfinite(table[REFERENCE].astype(float))
    drawn = table[finite], given.value("search.stable_window_eV_per_atom")
    publish_for(given, pdf, png, "Energies of the structures found", draw, *drawn)


if __name__ == "__main__":
    typer.run(figures_found_energies)
