"""Figure 4: found structures beside crystals of the library: partial radial distribution functions and drawings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from ase import Atoms
from matplotlib.figure import Figure, SubFigure

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.structure_drawing import draw_structure
from melt2crystal.figures.style import OKABE_ITO, as_text, literal, new_figure, publish_for
from melt2crystal.frames import read_frames
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Comparison, Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import conventional_cell, read_crystal
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.structure.rdf import pairs_of, partial_rdf

FOUND_COLOUR, LIBRARY_COLOUR = OKABE_ITO["blue"], "#8C8C8C"


@dataclass(frozen=True)
class Panel:
    """One found structure, the crystal it is compared with, and why it was chosen."""

    pressure_GPa: float
    found: Atoms
    row: "pd.Series[Any]"
    reason: str
    library: Atoms
    title: str


def choose(table: pd.DataFrame, frames: list[Atoms], library: Atoms, groups: list[int]) -> tuple[int, str]:
    """Row of ``table`` to draw, and the reason in words.

    The lowest structure of the first space group that occurs; else the lowest one that matches the library crystal
    (pymatgen's StructureMatcher, primitive cells, scaled volumes); else the lowest of all.
    """
    order = table[ENTHALPY].astype(float).sort_values(kind="stable").index
    for group in groups:
        of_group = [k for k in order if int(table.loc[k, "space_group"]) == group]
        if of_group:
            return of_group[0], f"lowest with SG {group}"
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.io.ase import AseAtomsAdaptor

    target = AseAtomsAdaptor.get_structure(library)
    matcher = StructureMatcher()
    wanted = " or ".join(str(group) for group in groups)
    for k in order:
        if matcher.fit(target, AseAtomsAdaptor.get_structure(frames[k])):
            return k, f"no SG {wanted}: lowest that matches"
    return order[0], f"no SG {wanted}, no match: lowest of all"


def panel_of(comparison: Comparison, structures: list[Path], polymorphs: dict[str, dict[str, Any]]) -> Panel | None:
    """The panel of one comparison; None if nothing was found at its pressure."""
    polymorph = polymorphs[comparison.polymorph]
    library = read_crystal(polymorph["file"])
    for path in structures:
        table = pd.read_csv(path.with_suffix(".csv"), dtype={"id": str})
        if table.empty or not np.isclose(float(table["pressure_GPa"].iloc[0]), comparison.pressure_GPa):
            continue
        frames = read_frames(path)
        if len(frames) != len(table):
            raise UserError(
                f"{path}: {len(frames)} structures, but {len(table)} rows in the CSV beside it; remake both"
            )
        k, reason = choose(table, frames, library, comparison.space_groups)
        return Panel(comparison.pressure_GPa, frames[k], table.loc[k], reason, library, polymorph["title"])
    return None


def draw_panel(part: SubFigure, panel: Panel, substance: Substance, figures: Figures, name: str) -> None:
    """The two drawings above, the partial RDFs below."""
    species = substance.species
    pairs = pairs_of(species)
    part.text(0.008, 0.995, name, va="top", fontweight="bold")
    grid = part.add_gridspec(1 + len(pairs), 2, height_ratios=[2.4] + [1.0] * len(pairs))
    symprec = float(panel.row.get("space_group_symprec_A", 1e-2))
    found = conventional_cell(panel.found, symprec if np.isfinite(symprec) else 1e-2)
    library = conventional_cell(panel.library, 1e-2)
    coordination = float(panel.row["coordination"])
    captions = (
        f"found at {as_text(panel.pressure_GPa)} GPa (SG {int(panel.row['space_group'])}, CN {coordination:.2g})",
        f"{literal(panel.title)}, database",
    )
    for column, (crystal, colour) in enumerate(((found, FOUND_COLOUR), (library, LIBRARY_COLOUR))):
        axes = part.add_subplot(grid[0, column])
        draw_structure(
            axes, crystal, substance.central_species, substance.ligand_species, substance.bond_cutoff_A, colour
        )
        axes.set_title(captions[column], color=colour if column == 0 else "#555555", pad=3)
    first = None
    for k, pair in enumerate(pairs):
        axes = part.add_subplot(grid[1 + k, :], sharex=first)
        first = first or axes
        for crystal, colour, filled in ((panel.library, LIBRARY_COLOUR, True), (panel.found, FOUND_COLOUR, False)):
            r, g = partial_rdf(crystal, pair, figures.rdf_range_A, 0.01, figures.rdf_broadening_A)
            if filled:
                axes.fill_between(r, g, color=colour, alpha=0.55, linewidth=0)
            else:
                axes.plot(r, g, color=colour, linewidth=0.9)
        axes.set(xlim=(0.4 * min(1.0, figures.rdf_range_A), figures.rdf_range_A))
        axes.set_ylim(0, 1.08 * axes.get_ylim()[1])
        axes.text(0.015, 0.86, f"{pair[0]}–{pair[1]}", transform=axes.transAxes, va="top")
        axes.locator_params(axis="y", nbins=3)
        last = k == len(pairs) - 1
        axes.tick_params(labelbottom=last)
        if last:
            axes.set_xlabel("r (Å)")
        if k == len(pairs) // 2:
            axes.set_ylabel("partial g(r)")
        if k == 0:
            volumes = [a.get_volume() / len(a) for a in (panel.found, panel.library)]
            text = f"found: {panel.reason};\n{volumes[0]:.2f} (found), {volumes[1]:.2f} (database) Å³/atom"
            axes.text(0.985, 0.86, text, transform=axes.transAxes, ha="right", va="top", fontsize="x-small")


def draw(figures: Figures, panels: list[Panel], substance: Substance) -> Figure:
    """One column for each comparison."""
    width = figures.double_column_mm if len(panels) > 1 else figures.single_column_mm
    figure = new_figure(width, 118.0)
    if not panels:
        axes = figure.subplots()
        axes.set_axis_off()
        axes.text(0.5, 0.5, "nothing was found at the pressures asked for", ha="center")
        return figure
    parts = np.atleast_1d(figure.subfigures(1, len(panels)))
    for k, (part, panel) in enumerate(zip(parts, panels, strict=True)):
        draw_panel(part, panel, substance, figures, chr(ord("a") + k))
    return figure


@reports_errors
def figures_found_crystals(
    structures: Annotated[
        list[Path], typer.Argument(help="unique structures of each pressure (extended XYZ; the CSV is beside it)")
    ],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw figure 4: found structures against database crystals, with both drawn."""
    given = Settings(settings)
    figures, substance = given.section("figures", Figures), given.section("substance", Substance)
    polymorphs = given.value("polymorphs")
    known = [c for c in figures.comparisons if c.polymorph in polymorphs]
    panels = [panel for c in known if (panel := panel_of(c, structures, polymorphs))]
    publish_for(given, pdf, png, "Found structures and database crystals", draw, panels, substance)


if __name__ == "__main__":
    typer.run(figures_found_crystals)
