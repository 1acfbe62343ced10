"""Learning curves of all ensembles: how the errors fall while the networks train."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from matplotlib.figure import Figure

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import OKABE_ITO, POTENTIAL_COLOURS, letter, new_figure, plain_logarithmic, publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings

# column, factor to the unit of the axis, label
QUANTITIES = [
    ("rmse_e", 1000.0, "energy RMSE (meV/atom)"),
    ("rmse_f", 1.0, "force RMSE (eV/Å)"),
    ("rmse_v", 1000.0, "virial RMSE (meV/atom)"),
]
LOOP_COLOURS = [OKABE_ITO[name] for name in ("grey", "sky", "green", "orange", "purple")]
POINTS = 60  # drawn per curve after averaging; the raw curves of batch size 1 are mostly noise


def smoothed(steps: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square over equal blocks of the curve: at most ``POINTS`` points of (step, value)."""
    finite = np.isfinite(values)
    steps, values = steps[finite], values[finite]
    blocks = np.array_split(np.arange(len(values)), min(POINTS, len(values))) if len(values) else []
    return (
        np.array([steps[block].mean() for block in blocks]),
        np.array([np.sqrt(np.mean(values[block] ** 2)) for block in blocks]),
    )


def draw(figures: Figures, curves: dict[str, list[pd.DataFrame]]) -> Figure:
    """One panel for each quantity that occurs; a colour per ensemble, a line per member."""
    every = [table for tables in curves.values() for table in tables]
    shown = [q for q in QUANTITIES if any(f"{q[0]}_trn" in table or f"{q[0]}_val" in table for table in every)]
    if not shown:
        raise UserError("learning curves: none of the columns rmse_e_trn, rmse_f_trn, ... occurs; redo the training")
    figure = new_figure(figures.double_column_mm, 0.4 * figures.double_column_mm)
    panels = figure.subplots(1, len(shown), squeeze=False)[0]
    loop = iter(LOOP_COLOURS * len(curves))
    for ensemble, tables in curves.items():
        colour = POTENTIAL_COLOURS.get(ensemble) or next(loop)
        for axes, (column, factor, _) in zip(panels, shown, strict=True):
            for table in tables:
                for suffix, style in (("trn", "-"), ("val", "--")):
                    if f"{column}_{suffix}" in table:
                        steps, values = smoothed(
                            table["step"].to_numpy(float), factor * table[f"{column}_{suffix}"].to_numpy(float)
                        )
                        axes.plot(steps, values, style, color=colour, linewidth=0.6, alpha=0.8)
        name = ensemble.upper() if ensemble in POTENTIAL_COLOURS else ensemble.replace("-", " ")
        panels[0].plot([], [], color=colour, label=f"{name} ({len(tables)} members)")
    for k, (axes, (_, _, label)) in enumerate(zip(panels, shown, strict=True)):
        axes.set(xlabel="training step", ylabel=label, yscale="log")
        plain_logarithmic(axes.yaxis)
        axes.ticklabel_format(axis="x", style="plain")
        axes.locator_params(axis="x", nbins=4)
        letter(axes, chr(ord("a") + k))
    panels[0].plot([], [], "-", color="black", linewidth=0.6, label="training")
    panels[0].plot([], [], "--", color="black", linewidth=0.6, label="validation")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=min(len(labels), 6))
    return figure


@reports_errors
def figures_learning(
    curves: Annotated[list[Path], typer.Argument(help="learning curves, .../train/{ensemble}/{member}/lcurve.csv")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the learning curves of all ensembles."""
    given = Settings(settings)
    of_ensemble: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(curves, key=lambda p: (p.parents[1].name in POTENTIAL_COLOURS, str(p))):
        of_ensemble.setdefault(path.parents[1].name, []).append(pd.read_csv(path))
    publish_for(given, pdf, png, "Learning curves", draw, of_ensemble)


if __name__ == "__main__":
    typer.run(figures_learning)
