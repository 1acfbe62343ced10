"""Figure 2: energy-volume curves of the polymorphs, with vibrational spectra as insets."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.benchmark.equation_of_state import birch_murnaghan
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import POTENTIAL_COLOURS, as_text, letter, literal, new_figure, publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENERGY

COLUMNS = 4
VOLUME = "volume_A3_per_formula"
MARKS: dict[str, dict[str, Any]] = {
    "reference": {"marker": "o", "markerfacecolor": "white"},
    "hp": {"marker": "s"},
    "lp": {"marker": "^"},
}
FITTED = ["V0_A3_per_formula", "B0_GPa", "B0_prime", "E0_eV_per_atom"]
INSET = (0.44, 0.60, 0.54, 0.38)  # left, bottom, width, height of the spectrum, in units of the panel
POINT = ["polymorph", "volume_scale"]


def common_shift(curves: pd.DataFrame, reference: pd.DataFrame) -> float:
    """Mean difference of the ensemble mean from the reference over all points of all polymorphs, eV/atom."""
    both = curves[curves["member"] == -1].merge(reference[reference["member"] == -1], on=POINT)
    if both.empty:
        raise UserError("energy-volume tables: no point is in the model's and the reference's table; remake them")
    return float((both[f"{ENERGY}_x"] - both[f"{ENERGY}_y"]).mean())


def draw_curves(
    axes: Axes, curves: dict[str, pd.DataFrame], fits: pd.DataFrame, shifts: dict[str, float], atoms_per_formula: int
) -> None:
    """Points, Birch-Murnaghan lines and bands of the members of one polymorph, shifted, eV/atom."""
    for potential in filter(curves.__contains__, ("lp", "hp", "reference")):
        rows = curves[potential].sort_values(VOLUME)
        colour, shift = POTENTIAL_COLOURS[potential], shifts[potential]
        members = rows[rows["member"] >= 0].groupby(VOLUME)[ENERGY]
        if len(members) and potential != "reference":
            low, high = members.min() - shift, members.max() - shift
            axes.fill_between(low.index, low, high, color=colour, alpha=0.22, linewidth=0)
        points = rows[rows["member"] == -1]
        size, order = (3.4, 2) if potential == "reference" else (2.2, 3)
        look = MARKS[potential] | {"linestyle": "none", "markersize": size, "markeredgewidth": 0.6, "zorder": order}
        axes.plot(points[VOLUME], points[ENERGY] - shift, color=colour, **look)
        for fit in fits.loc[(fits["potential"] == potential) & (fits["member"] == -1), FITTED].to_numpy(float):
            if np.isfinite(fit).all():
                V0, B0, B0_prime, E0 = fit
                volumes = np.linspace(points[VOLUME].min(), points[VOLUME].max(), 100)
                energies = birch_murnaghan(volumes, V0, B0, B0_prime, E0 * atoms_per_formula) / atoms_per_formula
                axes.plot(volumes, energies - shift, color=colour, linewidth=0.8)


def draw_spectra(axes: Axes, spectra: Mapping[str, pd.DataFrame]) -> None:
    """Normalised densities of states of HP and, if it was computed, the reference."""
    if "reference" in spectra:
        rows = spectra["reference"]
        axes.fill_between(rows["frequency_THz"], rows["vdos_total"], color="black", alpha=0.22, linewidth=0)
    for potential, width in (("reference", 0.5), ("hp", 0.8)):
        if potential in spectra:
            rows = spectra[potential]
            axes.plot(rows["frequency_THz"], rows["vdos_total"], color=POTENTIAL_COLOURS[potential], linewidth=width)
    axes.set(xlim=(0, max(rows["frequency_THz"].max() for rows in spectra.values())), yticks=[])
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="x", nbins=4)
    axes.tick_params(axis="x", pad=1, labelsize="xx-small", top=False)
    axes.set_xlabel("THz", fontsize="xx-small", labelpad=0)
    axes.patch.set_alpha(0.0)


def draw_key(
    axes: Axes, shifts: dict[str, float], spread: bool, spectra: str, left: float, note_at: tuple[float, float]
) -> None:
    """Legend in the free cell of the grid, from ``left`` of its width on (negative: into the gap)."""
    axes.set_axis_off()
    handles: list[Any] = []
    for potential in filter(shifts.__contains__, ("reference", "hp", "lp")):
        shifted = f"{potential.upper()} (shift {as_text(-1000 * shifts[potential], '+.1f')} meV/atom)"
        label = potential if potential == "reference" else shifted
        handles += axes.plot([], [], color=POTENTIAL_COLOURS[potential], label=label, **MARKS[potential])
    if spread:
        handles += [
            axes.fill_between([], [], [], color="#888888", alpha=0.4, linewidth=0, label="spread of the members")
        ]
    legend = axes.legend(handles=handles, loc="upper left", borderaxespad=0, bbox_to_anchor=(left - 0.03, 1.04))
    legend.set_in_layout(False)
    text = (
        "points: computed;\nlines: Birch-Murnaghan fits;\nshift: one per potential, its mean\n"
        "difference over all points\nof all panels" + spectra
    )
    note = axes.text(*note_at, text, transform=axes.transAxes, va="top", fontsize="small", linespacing=1.35)
    note.set_in_layout(False)


def draw(
    figures: Figures,
    polymorphs: dict[str, dict[str, Any]],
    curves: dict[str, pd.DataFrame],
    fits: pd.DataFrame,
    spectra: dict[str, dict[str, pd.DataFrame]],
    atoms_per_formula: int,
) -> Figure:
    """One panel per polymorph and the key in the last cell."""
    with_panels, lines = -(-len(polymorphs) // COLUMNS), -(-(len(polymorphs) + 1) // COLUMNS)
    heights = [1.0] * with_panels + [0.55] * (lines - with_panels)  # a row for the key alone is a low one
    figure = new_figure(figures.double_column_mm, 44.0 * sum(heights) + 8)
    panels = figure.subplots(lines, COLUMNS, squeeze=False, height_ratios=heights)
    shifts = {
        "reference": 0.0,
        **{p: common_shift(curves[p], curves["reference"]) for p in ("hp", "lp") if p in curves},
    }
    zero = curves["reference"][ENERGY].min()  # of the lowest reference point of all polymorphs
    for k, (name, polymorph) in enumerate(polymorphs.items()):
        axes = panels.flat[k]
        mine = {p: table[table["polymorph"] == name] for p, table in curves.items()}
        if mine["reference"].empty:  # its labels failed: the summary says why
            axes.text(0.5, 0.5, "no label of the reference", ha="center", transform=axes.transAxes, fontsize="small")
        offsets = {p: shift + zero for p, shift in shifts.items()}
        draw_curves(axes, mine, fits[fits["polymorph"] == name], offsets, atoms_per_formula)
        axes.set_title(f"{literal(polymorph['title'])} (SG {polymorph['space_group']})", pad=3)
        letter(axes, chr(ord("a") + k))
        axes.locator_params(nbins=5)
        low, high = axes.get_ylim()
        if name in spectra:  # room for the inset above the curves
            axes.set_ylim(low, low + 1.75 * (high - low))
            draw_spectra(axes.inset_axes(INSET), spectra[name])
    for axes in panels.flat[max(0, len(polymorphs) - COLUMNS) : len(polymorphs)]:  # the lowest of each column
        axes.set_xlabel("volume (Å³ per formula unit)")
    between = "\n" if lines == 1 else " "
    figure.supylabel(f"energy above the lowest{between}reference point (eV/atom)", fontsize="medium")
    last = len(polymorphs)
    with_reference = any("reference" in pair for pair in spectra.values())
    about = ";\ninsets: vibrational density of states" + (
        ",\nHP (blue), reference (grey)" if with_reference else ", HP"
    )
    left = -0.08 if last + 1 == panels.size else 0.1  # a lonely cell is narrow
    note_at = (1.6, 1.0) if lines > with_panels else (left, 0.55)  # beside the legend, or below it
    spread = any((table["member"] > 0).any() for table in curves.values())  # an ensemble of one has none
    draw_key(panels.flat[last], shifts, spread, about if spectra else "", left, note_at)
    for axes in panels.flat[last + 1 :]:
        axes.set_axis_off()
    return figure


@reports_errors
def figures_energy_volume(
    hp: Annotated[Path, typer.Option(help="energy-volume table of HP (CSV)")],
    reference: Annotated[Path, typer.Option(help="energy-volume table of the reference (CSV)")],
    fits: Annotated[Path, typer.Option(help="Birch-Murnaghan fits (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
    lp: Annotated[Path | None, typer.Option(help="energy-volume table of LP, if there is one (CSV)")] = None,
    vdos: Annotated[
        list[Path] | None, typer.Argument(help="spectra, .../{hp,reference}/{polymorph}.csv; none: no insets")
    ] = None,
) -> None:
    """Draw figure 2: energies of all polymorphs over volume, spectra as insets."""
    given = Settings(settings)
    curves = {name: pd.read_csv(path) for name, path in (("lp", lp), ("hp", hp), ("reference", reference)) if path}
    spectra: dict[str, dict[str, pd.DataFrame]] = {}
    for path in vdos or []:
        spectrum = pd.read_csv(path)
        if len(spectrum):  # empty where the walk failed
            spectra.setdefault(path.stem, {})[path.parent.name] = spectrum
    atoms = given.section("substance", Substance).atoms_per_formula_unit
    drawn = given.value("polymorphs"), curves, pd.read_csv(fits), spectra, atoms
    publish_for(given, pdf, png, "Energy-volume curves of the polymorphs", draw, *drawn)


if __name__ == "__main__":
    typer.run(figures_energy_volume)
