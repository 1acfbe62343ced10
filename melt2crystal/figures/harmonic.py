"""Harmonic densities of states beside those from molecular dynamics, one panel per polymorph."""

from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from melt2crystal.benchmark.vdos import Array, axis_end
from melt2crystal.figures.grid import lines_of, panels_on
from melt2crystal.figures.style import POTENTIAL_COLOURS, letter, literal, new_figure, small
from melt2crystal.sections.figures import Figures

COLUMNS = 2  # at most
PANEL_MM = 40.0
Spectra = Mapping[str, pd.DataFrame]  # potential -> table with frequency_THz and vdos_total


def draw_panel(axes: Axes, harmonic: Spectra, walks: Spectra, end_THz: float) -> None:
    """Harmonic spectra as lines (reference filled, HP with the range of its members), those of walks dotted."""
    if "reference" in harmonic:
        rows = harmonic["reference"]
        axes.fill_between(rows["frequency_THz"], rows["vdos_total"], color="black", alpha=0.18, linewidth=0)
        axes.plot(rows["frequency_THz"], rows["vdos_total"], color=POTENTIAL_COLOURS["reference"], linewidth=0.7)
    if "hp" in harmonic:
        rows = harmonic["hp"]
        members = rows[rows["member"] >= 0].groupby("frequency_THz")["vdos_total"]
        colour = POTENTIAL_COLOURS["hp"]
        if len(members):
            axes.fill_between(list(members.groups), members.min(), members.max(), color=colour, alpha=0.22, linewidth=0)
        mean = rows[rows["member"] == -1]
        axes.plot(mean["frequency_THz"], mean["vdos_total"], color=colour, linewidth=0.9)
    for potential, rows in walks.items():
        colour = POTENTIAL_COLOURS[potential]
        axes.plot(rows["frequency_THz"], rows["vdos_total"], ":", color=colour, linewidth=0.9)
    axes.set_xlim(0, end_THz)
    axes.set_ylim(bottom=0)
    axes.set_yticks([])


def spectra_in(rows: pd.DataFrame) -> list[tuple[Array, Array]]:
    """Frequencies and density of each member in a table; of the one spectrum in a table without members."""
    parts = [part for _, part in rows.groupby("member")] if "member" in rows else [rows]
    return [(part["frequency_THz"].to_numpy(), part["vdos_total"].to_numpy()) for part in parts if len(part)]


def draw_key(figure: Figure, with_walks: Collection[str]) -> None:
    """What the lines are, above the panels; ``with_walks`` are the potentials that have walks in any panel."""
    handles = [
        Line2D([], [], color=POTENTIAL_COLOURS["reference"], label="reference, harmonic"),
        Line2D([], [], color=POTENTIAL_COLOURS["hp"], label="HP, harmonic (band: members)"),
    ]
    for potential, name in (("reference", "reference"), ("hp", "HP")):
        if potential in with_walks:
            colour = POTENTIAL_COLOURS[potential]
            handles.append(Line2D([], [], linestyle=":", color=colour, label=f"{name}, molecular dynamics"))
    figure.legend(handles=handles, loc="outside upper center", ncols=2)


def draw_harmonic(
    figures: Figures,
    titles: Mapping[str, str],
    harmonic: Mapping[str, Spectra],
    walks: Mapping[str, Spectra],
    words: Mapping[str, str] | None = None,
) -> Figure:
    """The figure.

    Args:
        titles: polymorph -> title, in the order of the panels.
        harmonic: polymorph -> potential -> harmonic spectrum, with the column ``member``.
        walks: polymorph -> potential -> spectrum of the velocity autocorrelation; may lack some.
        words: polymorph -> what stands in its panel: overlap, its baseline, imaginary modes.
    """
    lines = len(lines_of(len(titles), COLUMNS))
    figure = new_figure(figures.double_column_mm, PANEL_MM * lines + 20)
    panels = panels_on(figure, len(titles), COLUMNS)
    drawn = [rows for name in titles for rows in [*harmonic.get(name, {}).values(), *walks.get(name, {}).values()]]
    end = axis_end(spectrum for rows in drawn for spectrum in spectra_in(rows))
    for number, (name, title) in enumerate(titles.items()):
        axes = panels[number]
        draw_panel(axes, harmonic.get(name, {}), walks.get(name, {}), end)
        axes.set_title(literal(title), pad=3)
        letter(axes, chr(ord("a") + number))
        if words and words.get(name):
            low, high = axes.get_ylim()
            axes.set_ylim(low, high + (0.14 + 0.09 * words[name].count("\n")) * (high - low))
            axes.text(0.985, 0.97, words[name], transform=axes.transAxes, ha="right", va="top", fontsize=small())
    draw_key(figure, {potential for mine in walks.values() for potential in mine})
    for axes in panels[-lines_of(len(titles), COLUMNS)[-1] :]:
        axes.set_xlabel("frequency (THz)")
    figure.supylabel("vibrational density of states (unit area)", fontsize="medium")
    return figure
