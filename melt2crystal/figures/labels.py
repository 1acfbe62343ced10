"""The figure of the report on labels: status, cost, energies and forces."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from melt2crystal.figures.style import OKABE_ITO, as_text, letter, new_figure
from melt2crystal.label.report import SOURCES, STATUSES
from melt2crystal.label.report_text import good_here, hours, totals
from melt2crystal.sections.figures import Figures
from melt2crystal.structure.pressure import in_classes, too_many_to_name

STATUS_COLOURS = {
    "ok": OKABE_ITO["blue"],
    "unconverged": OKABE_ITO["orange"],
    "crashed": OKABE_ITO["vermilion"],
    "timed out": OKABE_ITO["purple"],
    "unphysical": OKABE_ITO["black"],
    "not yet": "#DDDDDD",
}
FREE_COLOUR = OKABE_ITO["sky"]
RING: dict[str, Any] = {"color": "none", "markeredgecolor": OKABE_ITO["vermilion"], "markersize": 5}
WIDE = 20  # costs that differ by more get a logarithmic axis
JITTER = 0.28  # half the width over which the points of one pressure are spread
NAMES_SIDE_BY_SIDE = 9  # pressures under a panel; more stand upright


def draw_labels(figures: Figures, rows: pd.DataFrame) -> Figure:
    """Six panels of ``report_table``: status by batch, frames by state, cost; cost, energy and force by pressure."""
    figure = new_figure(figures.double_column_mm, 0.66 * figures.double_column_mm)
    panels = figure.subplots(2, 3)
    good = rows[rows.energy_eV_per_atom.notna()]
    here = good_here(rows)
    _status(panels[0, 0], rows)
    _states(panels[0, 1], rows)
    _cost(panels[0, 2], rows)
    _strips(panels[1, 0], here, "cost", "seconds", "CPU time of a good label computed here (s)")
    _strips(panels[1, 1], good, "energy", "energy_eV_per_atom", "energy (eV/atom)")
    _strips(panels[1, 2], good, "force", "largest_force_eV_per_A", "largest force (eV/Å)")
    for k, axes in enumerate(panels.flat):
        letter(axes, chr(ord("a") + k))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    if (rows.outlier != "").any():
        handles.append(panels[1, 1].plot([], [], "o", **RING)[0])
        labels.append("outlier")
    figure.legend(handles, labels, loc="outside upper center", ncols=max(1, len(labels)))
    return figure


def _nothing(axes: Axes) -> None:
    axes.text(0.5, 0.5, "none yet", ha="center", va="center", transform=axes.transAxes, color="#555555")


def _status(axes: Axes, rows: pd.DataFrame) -> None:
    """Stacked bars, one a batch, first batch at the top; good labels that cost nothing apart."""
    batches = list(dict.fromkeys(rows.batch))
    free = (rows.status == "ok") & rows.source.isin(SOURCES[1:])
    kinds = [("ok, computed", (rows.status == "ok") & ~free, STATUS_COLOURS["ok"]), ("ok, free", free, FREE_COLOUR)]
    kinds += [(status, rows.status == status, STATUS_COLOURS[status]) for status in STATUSES[1:]]
    places, left = np.arange(len(batches)), np.zeros(len(batches))
    for name, chosen, colour in kinds:
        counts = np.array([int((chosen & (rows.batch == batch)).sum()) for batch in batches])
        if counts.any():
            axes.barh(places, counts, left=left, color=colour, label=name, height=0.7)
            left += counts
    for place, batch, end in zip(places, batches, left, strict=True):
        failed = int(((rows.batch == batch) & ~rows.status.isin(["ok", "not yet"])).sum())
        if failed:
            axes.annotate(f"{failed} failed", (end, place), xytext=(2, 0), textcoords="offset points", va="center")
    axes.margins(x=0.05 if rows.status.isin(["ok", "not yet"]).all() else 0.4)
    axes.set(xlabel="frames", yticks=places, yticklabels=batches)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    if not batches:
        _nothing(axes)


def _states(axes: Axes, rows: pd.DataFrame) -> None:
    """Temperature against pressure; area follows the number of good labels, which is written beside."""
    melts = rows[rows.temperature_K.notna() & rows.pressure_GPa.notna()]
    axes.set(xlabel="pressure (GPa)", ylabel="temperature (K)")
    if melts.empty:
        return _nothing(axes)
    counts = (
        melts.groupby(["pressure_GPa", "temperature_K"]).status.agg(lambda all_: (all_ == "ok").sum()).reset_index()
    )
    largest = max(1, counts.status.max())
    axes.scatter(
        counts.pressure_GPa,
        counts.temperature_K,
        s=4 + 50 * counts.status / largest,
        facecolors=[STATUS_COLOURS["ok"] if count else "none" for count in counts.status],
        edgecolors=STATUS_COLOURS["ok"],
        linewidths=0.6,
    )
    low, high = counts.status.min(), counts.status.max()
    words = f"{low}" if low == high else f"{low} to {high}"
    axes.set_title(f"good labels a state: {words}")
    axes.margins(0.12)


def _cost(axes: Axes, rows: pd.DataFrame) -> None:
    """CPU time kept, wasted and saved."""
    sums = totals(rows)
    kinds = [("kept", "kept_s", STATUS_COLOURS["ok"]), ("wasted", "wasted_s", STATUS_COLOURS["crashed"])]
    kinds.append(("spent\nelsewhere", "free_s", FREE_COLOUR))
    values = [sums[key] for _, key, _ in kinds]
    scale, unit = next((s, u) for s, u in ((3600.0, "h"), (60.0, "min"), (1.0, "s")) if max(values) >= 2 * s or s == 1)
    bars = axes.bar(range(3), [value / scale for value in values], color=[colour for *_, colour in kinds], width=0.6)
    axes.bar_label(bars, [hours(value) if value else "0" for value in values], padding=1)
    axes.set(xticks=range(3), xticklabels=[name for name, *_ in kinds], ylabel=f"CPU time ({unit})")
    axes.tick_params(axis="x", length=0)
    axes.margins(y=0.15)
    if sums["computed"]:
        per_label = (sums["kept_s"] + sums["wasted_s"]) / sums["computed"]
        axes.set_title(f"{hours(per_label)} per kept label")


def _strips(axes: Axes, rows: pd.DataFrame, quantity: str, column: str, label: str) -> None:
    """One point a frame, one strip a pressure of the melt, one for the rest; a bar at the median, outliers ringed."""
    pressures = rows.pressure_GPa.where(rows.temperature_K.notna())
    rounded = "rounded " if too_many_to_name(pressures) else ""
    axes.set(ylabel=label, xlabel=f"{rounded}pressure of the melt (GPa)")
    if rows.empty:
        return _nothing(axes)
    generator = np.random.default_rng(0)  # spreads points, decides nothing
    groups = list(rows.groupby(in_classes(pressures), dropna=False, sort=True))  # the rest last
    size = float(np.clip(3.5 - len(rows) / len(groups) / 100, 1.2, 3.5))
    for place, (_, group) in enumerate(groups):
        across = place + generator.uniform(-JITTER, JITTER, len(group))
        axes.plot(across, group[column], "o", color=STATUS_COLOURS["ok"], markersize=size, markeredgewidth=0, alpha=0.6)
        middle = group[column].median()
        axes.plot([place - 0.4, place + 0.4], [middle, middle], color="black", linewidth=1.0)
        named = group.outlier.str.contains(quantity).to_numpy()
        axes.plot(across[named], group[column][named], "o", **RING)
    names = ["no T" if np.isnan(pressure) else as_text(pressure) for pressure, _ in groups]
    axes.set_xticks(range(len(groups)), names, rotation=90 if len(groups) > NAMES_SIDE_BY_SIDE else 0)
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.tick_params(axis="x", length=0)
    smallest, largest = rows[column].min(), rows[column].max()
    if column == "seconds" and largest > WIDE * smallest:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())
        return None
    axes.ticklabel_format(axis="y", useOffset=False)
    if column != "energy_eV_per_atom":
        axes.set_ylim(bottom=0.0)
    return None
