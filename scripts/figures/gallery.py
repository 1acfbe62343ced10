"""The best structures found at each pressure: drawn, named, with space group, coordination and enthalpy."""

from pathlib import Path
from textwrap import shorten, wrap
from typing import Annotated

import pandas as pd
import typer
from ase import Atoms
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.errors import reports_errors
from melt2crystal.figures.structure_drawing import draw_structure
from melt2crystal.figures.structures_found import (
    ABOVE,
    called,
    colour_of,
    conventional,
    range_of,
    read_found,
    read_names,
    space_group_symbol,
)
from melt2crystal.figures.style import as_text, literal, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings

COLUMNS, ROWS = 5, 2  # of structures, for each pressure
ROW_MM, HEAD_MM = 46.0, 5.0
NAME_LETTERS = 22  # of a line below a picture


def draw_one(axes: Axes, atoms: Atoms, row: pd.Series, name: str, substance: Substance, colour: str) -> None:
    """One structure and four lines about it."""
    bond = substance.central_species, substance.ligand_species, substance.bond_cutoff_A
    draw_structure(axes, conventional(atoms, row["space_group_symprec_A"]), *bond, colour)
    title = "\n".join(wrap(shorten(name, 2 * NAME_LETTERS, placeholder=" …"), NAME_LETTERS))
    number = int(row["space_group"])
    words = [
        literal(title),
        f"{space_group_symbol(number)} ({number})",
        f"CN {as_text(float(row['coordination']), '.2f')}, {as_text(float(row['volume_A3_per_atom']), '.2f')} Å³/atom",
        f"+{as_text(float(row[ABOVE]), '.1f')} meV/atom",
    ]
    axes.set_title("\n".join(words), fontsize=small(), y=-0.05, va="top", linespacing=1.15)


def draw(
    figures: Figures,
    found: dict[float, tuple[pd.DataFrame, list[Atoms]]],
    names: pd.DataFrame,
    titles: dict[str, str],
    substance: Substance,
) -> Figure:
    """The lowest of each pressure, in rows.

    Args:
        found: pressure (GPa) -> rows with ``ABOVE``, lowest first, and the structures.
    """
    best = {p: min(len(rows), COLUMNS * ROWS) for p, (rows, _) in found.items()}
    lines = {p: max(1, -(-number // COLUMNS)) for p, number in best.items()}
    height = sum(HEAD_MM + ROW_MM * number for number in lines.values())
    figure = new_figure(figures.double_column_mm, height)
    shares = [HEAD_MM + ROW_MM * number for number in lines.values()]
    parts = figure.subfigures(len(found), 1, squeeze=False, height_ratios=shares)[:, 0]
    shown = [rows.iloc[: best[p]]["coordination"].astype(float) for p, (rows, _) in found.items()]
    between = range_of([value for values in shown for value in values])
    for part, (pressure, (rows, frames)) in zip(parts, found.items(), strict=True):
        part.suptitle(f"{as_text(pressure)} GPa", fontweight="bold")
        panels = part.subplots(lines[pressure], COLUMNS, squeeze=False).ravel()
        for axes in panels[best[pressure] :]:
            axes.set_axis_off()
        if not len(rows):
            panels[COLUMNS // 2].text(0.5, 0.5, "nothing was found", ha="center", va="center")
        for k in range(best[pressure]):
            row = rows.iloc[k]
            colour = colour_of(float(row["coordination"]), between)
            draw_one(panels[k], frames[k], row, called(names, str(row["id"]), titles)[0], substance, colour)
    return figure


@reports_errors
def figures_gallery(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    names: Annotated[Path, typer.Option(help="names of the structures found (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the best structures found."""
    given = Settings(settings)
    titles = {name: crystal["title"] for name, crystal in given.value("polymorphs").items()}
    pressures = map(float, given.value("pressures_GPa"))
    found = {float(pressure): read_found(path) for pressure, path in zip(pressures, tables, strict=True)}
    drawn = found, read_names(names), titles, given.section("substance", Substance)
    publish_for(given, pdf, png, "The best structures found", draw, *drawn)


if __name__ == "__main__":
    typer.run(figures_gallery)
