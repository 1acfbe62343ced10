"""Vibrational spectrum of one short walk of the reference, with the scatter of its blocks, and models beside it."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from melt2crystal.benchmark.walk_spectra import BlockSpectra
from melt2crystal.figures.style import OKABE_ITO, POTENTIAL_COLOURS, new_figure
from melt2crystal.sections.figures import Figures

HEIGHT_MM = 62.0


def draw_walk(
    figures: Figures,
    title: str,
    reference: BlockSpectra,
    models: Mapping[str, BlockSpectra],
    others: Sequence[BlockSpectra],
    label: str,
) -> Figure:
    """The figure.

    Args:
        reference: mean of blocks as a line, one standard error as a band.
        models: walks that begin as the reference's; mean of the members as a line, their range as a band.
        others: walks of the first model with other velocities; their range in grey.
    """
    figure = new_figure(figures.single_column_mm, HEIGHT_MM)
    axes = figure.subplots()
    frequency, colour = reference.frequency_THz, POTENTIAL_COLOURS["hp"]
    if others:
        low, high = _range([spectra.mean for spectra in others])
        grey = OKABE_ITO["grey"]
        axes.fill_between(frequency, low, high, color=grey, alpha=0.3, linewidth=0, label=f"{label}, other velocities")
    if models:
        means = np.array([spectra.mean for spectra in models.values()])
        axes.fill_between(frequency, *_range(means), color=colour, alpha=0.3, linewidth=0)
        axes.plot(frequency, means.mean(axis=0), color=colour, label=f"{label}, same beginning")
    black, error = POTENTIAL_COLOURS["reference"], reference.standard_error
    axes.fill_between(frequency, reference.mean - error, reference.mean + error, color=black, alpha=0.25, linewidth=0)
    axes.plot(frequency, reference.mean, color=black, label="reference ± standard error")
    axes.set(xlabel="frequency (THz)", ylabel="density of states (1/THz)", xlim=(0, frequency[-1]))
    axes.set_ylim(bottom=0)
    axes.set_title(title, pad=3)
    figure.legend(loc="outside upper center", ncols=1)
    return figure


def _range(curves: Sequence[np.ndarray] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.min(curves, axis=0), np.max(curves, axis=0)
