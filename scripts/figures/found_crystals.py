"""Figure 4: found structures beside known crystals at equal pressure: partial radial distributions and drawings."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from ase import Atoms
from matplotlib.figure import Figure, SubFigure

from melt2crystal.benchmark.equation_of_state import INSIDE, volume_at_pressure
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.structure_drawing import draw_structure
from melt2crystal.figures.style import OKABE_ITO, as_text, literal, new_figure, publish_for, small
from melt2crystal.frames import read_frames
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.search.found.table import read_with_ids
from melt2crystal.sections.figures import Comparison, Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import (
    conventional_cell,
    formula_units,
    read_crystal,
    scaled_volume,
    space_group,
)
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.structure.rdf import pairs_of, partial_rdf

FOUND_COLOUR, LIBRARY_COLOUR = OKABE_ITO["blue"], "#8C8C8C"


@dataclass(frozen=True)
class Panel:
    """One found structure, the crystal it is compared with, why it was chosen, and what the other is."""

    pressure_GPa: float
    found: Atoms
    row: "pd.Series[Any]"
    reason: str
    library: Atoms
    title: str
    what: str


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
    wanted = " or ".join(str(group) for group in groups)
    for k in order:
        if matches(library, frames[k]):
            return k, f"no SG {wanted}: lowest that matches"
    return order[0], f"no SG {wanted}, no match: lowest of all"


@dataclass(frozen=True)
class Known:
    """Crystals that found structures are compared with.

    Args:
        crystals: polymorph -> crystal of the benchmark, from which its curve is scaled.
        fits: Birch-Murnaghan fits of the curves, or an empty table.
        files: further crystals of the library, files of the composition.
        relaxed: the crystals were relaxed by the reference; else they are as in their files.
    """

    crystals: dict[str, Atoms]
    fits: pd.DataFrame
    files: list[Path]
    relaxed: bool

    def at(self, polymorph: str, pressure_GPa: float, substance: Substance) -> tuple[Atoms, str]:
        """A polymorph at the volume that the reference's curve has at this pressure, and in words what it is."""
        crystal = self.crystals[polymorph]
        fits = self.fits
        of = fits[(fits["polymorph"] == polymorph) & (fits["potential"] == "reference") & (fits["status"] == INSIDE)]
        if len(of):
            V0, B0, B0_prime = of[["V0_A3_per_formula", "B0_GPa", "B0_prime"]].iloc[0].to_numpy(dtype=float)
            if (volume := volume_at_pressure(pressure_GPa, V0, B0, B0_prime)) is not None:
                units = formula_units(crystal, substance.formula, polymorph)
                scaled = scaled_volume(crystal, volume * units / crystal.get_volume())
                return scaled, f"reference at {as_text(pressure_GPa)} GPa"
        return crystal, "reference, relaxed at 0 GPa" if self.relaxed else "as in its file"

    def like(self, found: Atoms, group: int) -> tuple[Atoms, str] | None:
        """The first crystal of the files that has this space group and matches a structure; None if there is none."""
        for path in self.files:
            crystal = read_crystal(path)
            if space_group(crystal) == group and matches(crystal, found):
                return crystal, path.stem
        return None


def matches(crystal: Atoms, other: Atoms) -> bool:
    """Whether pymatgen's StructureMatcher takes them for one, volumes aside."""
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.io.ase import AseAtomsAdaptor

    one, two = (AseAtomsAdaptor.get_structure(atoms) for atoms in (crystal, other))
    return bool(StructureMatcher().fit(one, two))


def panel_of(
    comparison: Comparison, structures: list[Path], polymorphs: dict[str, dict[str, Any]], known: Known, of: Substance
) -> Panel | None:
    """The panel of one comparison; None if nothing was found at its pressure.

    A found structure whose space group is not the polymorph's is compared with a crystal of its own space group, if the
    library has one that matches it.
    """
    polymorph = polymorphs[comparison.polymorph]
    library, what = known.at(comparison.polymorph, comparison.pressure_GPa, of)
    for path in structures:
        table = read_with_ids(path.with_suffix(".csv"))
        if table.empty or not np.isclose(float(table["pressure_GPa"].iloc[0]), comparison.pressure_GPa):
            continue
        frames = read_frames(path)
        if len(frames) != len(table):
            raise UserError(
                f"{path}: {len(frames)} structures, but {len(table)} rows in the CSV beside it; remake both"
            )
        k, reason = choose(table, frames, library, comparison.space_groups)
        title, group = polymorph["title"], int(table.loc[k, "space_group"])
        if group != space_group(library) and (other := known.like(frames[k], group)):
            library, title = other
            what = "as in its file"
        return Panel(comparison.pressure_GPa, frames[k], table.loc[k], reason, library, title, what)
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
        f"found at {as_text(panel.pressure_GPa)} GPa\nSG {int(panel.row['space_group'])}, CN {coordination:.2g}",
        f"{literal(panel.title)}, SG {space_group(panel.library)}\n{panel.what}",
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
            text = f"found: {panel.reason};\n{volumes[0]:.2f} (found), {volumes[1]:.2f} (known) Å³/atom"
            low, high = axes.get_ylim()
            axes.set_ylim(low, 1.45 * high)  # room for two lines
            axes.text(0.985, 0.95, text, transform=axes.transAxes, ha="right", va="top", fontsize=small())


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
    crystals: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
    fits: Annotated[Path | None, typer.Option(help="Birch-Murnaghan fits of the curves (CSV)")] = None,
    library: Annotated[list[Path] | None, typer.Option(help="further crystals of the library (files)")] = None,
) -> None:
    """Draw figure 4: found structures beside known crystals at equal pressure, with both drawn."""
    given = Settings(settings)
    figures, substance = given.section("figures", Figures), given.section("substance", Substance)
    polymorphs = given.value("polymorphs")
    known = Known(
        crystals={atoms.info["polymorph"]: atoms for atoms in read_frames(crystals)},
        fits=pd.read_csv(fits) if fits else pd.DataFrame(columns=["polymorph", "potential", "status"]),
        files=library or [],
        relaxed=given.value("benchmark.energy_volume.structures") == "reference",
    )
    wanted = [c for c in figures.comparisons if c.polymorph in polymorphs]
    panels = [panel for c in wanted if (panel := panel_of(c, structures, polymorphs, known, substance))]
    publish_for(given, pdf, png, "Found structures and known crystals", draw, panels, substance)


if __name__ == "__main__":
    typer.run(figures_found_crystals)
