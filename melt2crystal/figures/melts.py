"""What the two figures of the melts share: marks of training and held-out melt, legend, frames per state as bars."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from melt2crystal.figures.style import OKABE_ITO, as_text, letter
from melt2crystal.structure.pressure import in_classes, too_many_to_name

COUNTS = {
    "certified": OKABE_ITO["sky"],
    "excluded": OKABE_ITO["vermilion"],
    "cut: order rose": OKABE_ITO["purple"],
    "crystalline, kept": OKABE_ITO["orange"],
}

MARKERS = {"train": "o", "heldout": "^"}
NAMES = {"train": "training", "heldout": "held out"}


def look_of(purpose: str, colour: Any) -> dict[str, Any]:
    """Marker of a melt: filled for training, open for held out."""
    return {"color": colour, "marker": MARKERS[purpose], "markerfacecolor": colour if purpose == "train" else "white"}


def letters_and_legend(
    figure: Figure, panels: Mapping[str, Axes], colours: Mapping[float, Any], purposes: Iterable[str]
) -> None:
    """Letters of all panels; pressures and melts above the figure, named through the panel ``density``."""
    for position, axes in enumerate(panels.values()):
        letter(axes, chr(ord("a") + position))
    for pressure, colour in colours.items():
        panels["density"].plot([], [], color=colour, label=f"{as_text(pressure)} GPa")
    for purpose in purposes:
        panels["density"].plot([], [], linestyle="none", label=NAMES[purpose], **look_of(purpose, "black"))
    handles, labels = panels["density"].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=9)


def count_bars(axes: Axes, counts: pd.DataFrame) -> None:
    """Frames per state, both melts together: certified, excluded, cut, and crystalline ones that a control study keeps.

    The states of pressures that are too many to name are merged (``in_classes``).
    """
    pressures = counts["pressure_GPa"]
    rounded = "rounded " if too_many_to_name(pressures) else ""
    states = (
        counts.groupby([in_classes(pressures), "temperature_K"])[["passed", "excluded", "would_pass", "cut"]]
        .sum()
        .reset_index()
    )
    kept_crystals = (states["passed"] - states["would_pass"]).clip(lower=0)
    cut = states["cut"].clip(upper=states["excluded"])  # none where the certificate is off
    parts = {
        "certified": states["passed"] - kept_crystals,
        "excluded": states["excluded"] - cut,
        "cut: order rose": cut,
        "crystalline, kept": kept_crystals,
    }
    places, gap, previous = [], 0.0, None
    for number, pressure in enumerate(states["pressure_GPa"]):
        gap += 1.8 if previous not in (None, pressure) else 0.0  # room for two lonely names of three digits
        places.append(number + gap)
        previous = pressure
    base = np.zeros(len(states))
    for name, part in parts.items():
        if name == "certified" or part.any():
            axes.bar(places, part, bottom=base, color=COUNTS[name], width=0.8, label=name)
        base += part.to_numpy()
    names = [f"{temperature / 1000:.2g}" for temperature in states["temperature_K"]]
    axes.set_xticks(places, names, rotation=90 if len(places) > 30 else 0)
    axes.tick_params(axis="x", top=False)
    axes.set(ylabel="frames", xlim=(-1.5, places[-1] + 1.5), ylim=(0, 1.22 * max(base.max(), 1)))
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel(f"temperature of the state (kK), grouped by {rounded}pressure (above the bars, GPa)")
    for pressure, group in states.assign(place=places).groupby("pressure_GPa"):
        text = as_text(pressure)  # the number alone: a lonely state leaves little room
        axes.annotate(text, (group["place"].mean(), 1.02 * base.max()), ha="center", va="bottom")
    axes.legend(loc="upper right", ncols=3, bbox_to_anchor=(1, 1.13), borderaxespad=0)
