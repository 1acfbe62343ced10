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
from melt2crystal.train.agreement import pearson, stable_window
from melt2crystal.train.energy_agreement import INSANE, EnergyAgreement, groups_of

MARKERS = "os^Dv"
COLOURS = [OKABE_ITO[name] for name in ("sky", "vermilion", "green", "purple", "orange")]
FEWEST = 5  # structures that make a histogram


def in_words(group: EnergyAgreement, name: str) -> str:
    """Errors of one group, meV/atom, with their intervals where there are enough structures."""
    if group.raw_meV_per_atom is None:
        return f"{name}: no structure"
    text = f"{name} ({group.structures}): {with_interval(group.raw_meV_per_atom, group.raw_low, group.raw_high)}"
    if group.shifted_meV_per_atom is not None:
        text += f", shifted {with_interval(group.shifted_meV_per_atom, group.shifted_low, group.shifted_high)}"
    return text if group.spearman is None else f"{text}, ρ = {as_text(group.spearman, '.2f')}"


def with_interval(value: float, low: float | None, high: float | None) -> str:
    """A number and its 95 % interval."""
    return f"{value:.0f}" if low is None or high is None else f"{value:.0f} ({low:.0f}–{high:.0f})"


def per_atom(width_eV: float) -> str:
    """A window in words."""
    return f"≤ {width_eV:g} eV/atom" if width_eV >= 1 else f"≤ {1000 * width_eV:g} meV/atom"


def draw_histogram(axes: Axes, found: pd.DataFrame, colours: dict[float, str], window_eV: float) -> None:
    """Stacked histogram of E_reference - E_HP, one colour per pressure."""
    groups = found.groupby("pressure_GPa")
    differences = [1000 * (rows[REFERENCE] - rows[HP]).to_numpy() for _, rows in groups]
    shades = [colours[pressure] for pressure, _ in groups]
    axes.hist(differences, bins=20, stacked=True, color=shades, edgecolor="white", linewidth=0.3)
    axes.axvline(0, color="black", linewidth=0.6)
    axes.set_xlabel(f"ref. − HP (meV/atom), {per_atom(window_eV)} above the lowest")
    axes.set_ylabel("structures")
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.tick_params(which="both", right=False, top=False)


def panel_limits(sound: pd.DataFrame, refused: pd.DataFrame) -> tuple[float, float]:
    """Both axes of the panel: all sound structures, and refused ones up to half the range above them.

    A refused structure may lie tens of eV higher, and would leave nothing to be seen of the others.
    """
    energies = (sound if len(sound) else refused)[[HP, REFERENCE]].to_numpy()
    low, high = energies.min(), energies.max()
    near = refused[[HP, REFERENCE]].to_numpy()
    near = near[(near < high + 0.5 * (high - low)).all(axis=1)]
    low, high = min([low, *near.ravel()]), max([high, *near.ravel()])
    span = max(high - low, 0.05)
    return low - 0.06 * span, high + 0.06 * span


def draw(figures: Figures, found: pd.DataFrame, window_eV: float, tight_eV: float) -> Figure:
    """Parity panel, the window above the lowest structure shaded unless all lie in it; structures that the search
    refused are crosses, those far above the others left out and counted. Below: differences in the window.
    """
    figure = new_figure(figures.single_column_mm, 1.5 * figures.single_column_mm)
    axes, below = figure.subplots(2, height_ratios=(4, 1))
    axes.set(xlabel="reference energy (eV/atom)", ylabel="HP energy (eV/atom)")
    if found.empty:
        below.remove()
        axes.text(0.5, 0.5, "no structure has a reference energy", ha="center", transform=axes.transAxes)
        return figure
    refused = found["status"].astype(str).str.startswith(INSANE)
    sound = found[~refused]
    pressures = sorted(found["pressure_GPa"].unique())
    colours = {p: COLOURS[k % len(COLOURS)] for k, p in enumerate(pressures)}
    limits = panel_limits(sound, found[refused])
    stable = stable_window(found[REFERENCE], window_eV)
    edge = (sound if len(sound) else found)[REFERENCE].min() + window_eV
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
        rows = sound[sound["pressure_GPa"] == pressure]
        of_insane = found[refused & (found["pressure_GPa"] == pressure)]
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
        if len(of_insane):
            beyond = int((of_insane[[HP, REFERENCE]] > limits[1]).any(axis=1).sum())
            label = f"refused by the search ({len(of_insane)}{f'; {beyond} outside' if beyond else ''})"
            axes.plot(
                of_insane[REFERENCE], of_insane[HP], "x", color=colours[pressure], markersize=3, zorder=1.5, label=label
            )
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.locator_params(nbins=6)
    names = ["found", *(["and refused"] if refused.any() else []), per_atom(window_eV), per_atom(tight_eV)]
    r = pearson(sound[HP], sound[REFERENCE])
    lines = [
        f"RMSE, meV/atom (95 % interval): raw; shifted: without its mean. r = {'no data' if r is None else f'{r:.3f}'}",
        *map(in_words, groups_of(found, window_eV, tight_eV), names),
    ]
    # above the panel: inside it, there is no corner that every study leaves free
    legend = figure.legend(loc="outside upper center", title="\n".join(lines), alignment="left", ncols=2)
    legend.get_title().set_fontsize(small(0.9))
    within = sound[sound[REFERENCE] <= edge]
    if len(within) >= FEWEST:
        draw_histogram(below, within, colours, window_eV)
    else:
        below.remove()
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
    windows = given.value("search.stable_window_eV_per_atom"), given.value("search.tight_window_eV_per_atom")
    drawn = (table[finite], *windows)
    publish_for(given, pdf, png, "Energies of the structures found", draw, *drawn)


if __name__ == "__main__":
    typer.run(figures_found_energies)
