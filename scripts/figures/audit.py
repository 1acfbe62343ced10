"""Deviation against true error of the frames that the loop had labelled: chosen ones and the audit sample."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.figure import Figure

from melt2crystal.errors import reports_errors
from melt2crystal.explore.audit import share_with_interval
from melt2crystal.explore.selection import ACCURATE, AUDIT, CANDIDATE
from melt2crystal.figures.style import CLASS_COLOURS, new_figure, publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings

KINDS = {
    CANDIDATE: ("o", CLASS_COLOURS[CANDIDATE], "candidates"),
    AUDIT: ("s", CLASS_COLOURS[ACCURATE], "audit sample"),
}


def draw(figures: Figures, rounds: list[tuple[pd.DataFrame, dict[str, float]]]) -> Figure:
    """One panel for each round; logarithmic, equal axes; the window is shaded, y = x is drawn."""
    columns = min(3, len(rounds))
    rows = -(-len(rounds) // columns)
    width = figures.single_column_mm if columns == 1 else figures.double_column_mm
    figure = new_figure(width, rows * (0.95 * width / columns) + 12)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    every = pd.concat([table[["max_devi_f", "error_max"]] for table, _ in rounds]).to_numpy(float)
    shown = every[np.isfinite(every) & (every > 0)]
    limits = (0.7 * shown.min(), 1.4 * shown.max()) if len(shown) else (0.01, 10.0)
    for axes, (table, audit) in zip(panels, rounds, strict=False):
        axes.plot(limits, limits, color="black", linewidth=0.6)
        axes.axhline(audit["eps_hi"], color="black", linewidth=0.6, linestyle=":")
        for kind, (marker, colour, label) in KINDS.items():
            of_kind = table[table["chosen_as"] == kind]
            axes.scatter(of_kind["max_devi_f"], of_kind["error_max"], s=9, marker=marker, color=colour, label=label)
        share, low, high = share_with_interval(int(audit["missed"]), int(audit["audited"]))
        counts = f"{audit['missed']} of {audit['audited']} audited missed ({low:.0%} to {high:.0%})"
        axes.set_title(
            f"round {int(audit['iteration'])}: {counts if share is not None else 'no audit'}", fontsize="small"
        )
        axes.set(xscale="log", yscale="log", xlim=limits, ylim=limits)
    for axes in panels[len(rounds) :]:
        axes.set_visible(False)
    for number, axes in enumerate(panels[: len(rounds)]):
        if number + columns >= len(rounds):
            axes.set_xlabel("deviation (eV/Å)")
        if number % columns == 0:
            axes.set_ylabel("largest true force error (eV/Å)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper left", ncols=2)
    return figure


@reports_errors
def figures_audit(
    errors: Annotated[list[Path], typer.Argument(help="errors.csv of each iteration, audit.json beside it")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw how deviation and true error go together, and what the audit sample says about frames called accurate."""
    rounds = [
        (pd.read_csv(path), json.loads(path.with_name("audit.json").read_text(encoding="utf-8"))) for path in errors
    ]
    rounds.sort(key=lambda one: one[1]["iteration"])
    publish_for(Settings(settings), pdf, png, "Deviation and true error", draw, rounds)


if __name__ == "__main__":
    typer.run(figures_audit)
