"""Harmonic densities of states beside those from molecular dynamics, one panel per polymorph."""

from collections.abc import Collection, Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from melt2crystal.figures.style import POTENTIAL_COLOURS, letter, literal, new_figure
from melt2crystal.sections.figures import Figures

COLUMNS = 2
PANEL_MM = 40.0
Spectra = Mapping[str, pd.DataFrame]  # potential -> table with frequency_THz and vdos_total


def draw_panel(axes: Axes, harmonic: Spectra, walks: Spectra) -> None:
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
    tables = [*harmonic.values(), *walks.values()]
    axes.set_xlim(0, max((float(rows["frequency_THz"].max()) for rows in tables if len(rows)), default=1.0))
    axes.set_ylim(bottom=0)
    axes.set_yticks([])


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
    figures: Figures, titles: Mapping[str, str], harmonic: Mapping[str, Spectra], walks: Mapping[str, Spectra]
) -> Figure:
    """The figure.

    Args:
        titles: polymorph -> title, in the order of the panels.
        harmonic: polymorph -> potential -> harmonic spectrum, with the column ``member``.
        walks: polymorph -> potential -> spectrum of the velocity autocorrelation; may lack some.
    """
    lines = -(-len(titles) // COLUMNS)
    figure = new_figure(figures.double_column_mm, PANEL_MM * lines + 20)
    panels = figure.subplots(lines, COLUMNS, squeeze=False, sharex=True)
    for number, (name, title) in enumerate(titles.items()):
        axes = panels.flat[number]
        draw_panel(axes, harmonic.get(name, {}), walks.get(name, {}))
        axes.set_title(literal(title), pad=3)
        letter(axes, chr(ord("a") + number))
        axes.tick_params(labelbottom=True)
    draw_key(figure, {potential for mine in walks.values() for potential in mine})
    for axes in panels.flat[len(titles) :]:
        axes.set_axis_off()
    figure.supxlabel("frequency (THz)", fontsize="medium")
    figure.supylabel("vibrational density of states (unit area)", fontsize="medium")
    return figure
