"""Figure 2: energy-volume curves of the polymorphs, with vibrational spectra as insets."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from melt2crystal.benchmark.equation_of_state import birch_murnaghan
from melt2crystal.benchmark.vdos import axis_end
from melt2crystal.errors import reports_errors
from melt2crystal.figures.grid import lines_of, panels_on
from melt2crystal.figures.style import POTENTIAL_COLOURS, as_text, letter, literal, new_figure, publish_for, small
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENERGY

VOLUME = "volume_A3_per_formula"
MARKS: dict[str, dict[str, Any]] = {
    "reference": {"marker": "o", "markerfacecolor": "white"},
    "hp": {"marker": "s"},
    "lp": {"marker": "^"},
}
FITTED = ["V0_A3_per_formula", "B0_GPa", "B0_prime", "E0_eV_per_atom"]
HEIGHT_MM = {1: 62.0, 2: 58.0, 3: 48.0, 4: 44.0}  # of a line of so many panels
INSET = (0.43, 0.60, 0.53, 0.38)  # left, bottom, width, height of the spectrum, in units of the panel
MOST_PRESSURES_NAMED = 5  # in the legend


def draw_curves(
    axes: Axes, curves: dict[str, pd.DataFrame], fits: pd.DataFrame, zero: float, atoms_per_formula: int
) -> None:
    """Points, Birch-Murnaghan lines and bands of the members of one polymorph above one zero of all, eV/atom."""
    for potential in filter(curves.__contains__, ("lp", "hp", "reference")):
        rows = curves[potential].sort_values(VOLUME)
        colour = POTENTIAL_COLOURS[potential]
        members = rows[rows["member"] >= 0].groupby(VOLUME)[ENERGY]
        if len(members) and potential != "reference":
            low, high = members.min() - zero, members.max() - zero
            axes.fill_between(low.index, low, high, color=colour, alpha=0.22, linewidth=0)
        points = rows[rows["member"] == -1]
        size, order = (3.4, 2) if potential == "reference" else (2.2, 3)
        look = MARKS[potential] | {"linestyle": "none", "markersize": size, "markeredgewidth": 0.6, "zorder": order}
        axes.plot(points[VOLUME], points[ENERGY] - zero, color=colour, **look)
        for fit in fits.loc[(fits["potential"] == potential) & (fits["member"] == -1), FITTED].to_numpy(float):
            if np.isfinite(fit).all():
                V0, B0, B0_prime, E0 = fit
                volumes = np.linspace(points[VOLUME].min(), points[VOLUME].max(), 100)
                energies = birch_murnaghan(volumes, V0, B0, B0_prime, E0 * atoms_per_formula) / atoms_per_formula
                axes.plot(volumes, energies - zero, color=colour, linewidth=0.8)


def draw_spectra(axes: Axes, spectra: Mapping[str, pd.DataFrame], end_THz: float) -> None:
    """Normalised densities of states of HP and, if computed, of the reference; all insets end at one frequency."""
    if "reference" in spectra:
        rows = spectra["reference"]
        axes.fill_between(rows["frequency_THz"], rows["vdos_total"], color="black", alpha=0.22, linewidth=0)
    for potential, width in (("reference", 0.5), ("hp", 0.8)):
        if potential in spectra:
            rows = spectra[potential]
            axes.plot(rows["frequency_THz"], rows["vdos_total"], color=POTENTIAL_COLOURS[potential], linewidth=width)
    axes.set(xlim=(0, end_THz), yticks=[])
    axes.set_ylim(bottom=0)
    axes.locator_params(axis="x", nbins=3)
    axes.tick_params(axis="x", pad=1, labelsize=small(0.7), top=False)
    axes.set_xlabel("THz", fontsize=small(0.7), labelpad=0)
    axes.patch.set_alpha(0.0)


def key(potentials: Collection[str], seen: dict[str, str], spread: bool, spectra: str, ions: str) -> list[Any]:
    """What marks, lines and bands are; ``seen`` says which melts a potential saw; an ensemble of one has no spread."""
    handles: list[Any] = []
    for potential in filter(potentials.__contains__, ("reference", "hp", "lp")):
        name = potential if potential == "reference" else f"{potential.upper()}{seen.get(potential, '')}"
        handles.append(Line2D([], [], color=POTENTIAL_COLOURS[potential], label=name, **MARKS[potential]))
    if spread:
        handles.append(Patch(color="#888888", alpha=0.4, linewidth=0, label="band: range of the members"))
    handles.append(Line2D([], [], color="#555555", linewidth=0.8, label=f"lines: Birch-Murnaghan fits ({ions})"))
    if spectra:
        handles.append(Line2D([], [], linestyle="none", label=f"insets: vibrational density of states, {spectra}"))
    return handles


def draw(
    figures: Figures,
    polymorphs: dict[str, dict[str, Any]],
    curves: dict[str, pd.DataFrame],
    fits: pd.DataFrame,
    spectra: dict[str, dict[str, pd.DataFrame]],
    atoms_per_formula: int,
    seen: dict[str, str] | None = None,
    ions: str = "ions clamped",
) -> Figure:
    """One panel per polymorph, raw energies above one zero, and the key above them all.

    Args:
        seen: potential -> which melts it saw, for the key.
        ions: what the ions do along a curve.
    """
    lines = lines_of(len(polymorphs))
    alone = len(polymorphs) == 1
    width, height = (figures.single_column_mm, 62.0) if alone else (figures.double_column_mm, HEIGHT_MM[lines[0]])
    figure = new_figure(width, height * len(lines) + (26 if alone else 20))
    panels = panels_on(figure, len(polymorphs))
    zero = float(curves["reference"][ENERGY].min())  # of the lowest reference point of all polymorphs
    drawn = [rows for name in polymorphs for rows in spectra.get(name, {}).values()]
    end = axis_end((rows["frequency_THz"].to_numpy(), rows["vdos_total"].to_numpy()) for rows in drawn)
    for k, (name, polymorph) in enumerate(polymorphs.items()):
        axes = panels[k]
        mine = {p: table[table["polymorph"] == name] for p, table in curves.items()}
        if mine["reference"].empty:  # its labels failed: the summary says why
            axes.text(0.5, 0.5, "no label of the reference", ha="center", transform=axes.transAxes, fontsize=small())
        draw_curves(axes, mine, fits[fits["polymorph"] == name], zero, atoms_per_formula)
        axes.set_title(f"{literal(polymorph['title'])} (SG {polymorph['space_group']})", pad=3)
        letter(axes, chr(ord("a") + k))
        axes.locator_params(nbins=5)
        low, high = axes.get_ylim()
        if name in spectra:  # room for the inset above the curves
            axes.set_ylim(low, low + 1.75 * (high - low))
            draw_spectra(axes.inset_axes(INSET), spectra[name], end)
    for axes in panels[-lines[-1] :]:
        axes.set_xlabel("volume (Å³ per formula unit)")
    between = "\n" if len(lines) == 1 else " "
    figure.supylabel(f"energy above the{between}reference's lowest (eV/atom)", fontsize="medium")
    with_reference = any("reference" in pair for pair in spectra.values())
    about = ("HP (blue), reference (grey)" if with_reference else "HP") if drawn else ""
    spread = any((table["member"] > 0).any() for table in curves.values())  # an ensemble of one has none
    handles = key(curves, seen or {}, spread, about, ions)
    figure.legend(handles=handles, loc="outside upper left", ncols=1 if alone else 3)
    return figure


def melts_seen(pressures_GPa: dict[str, list[float] | None]) -> dict[str, str]:
    """Potential -> in words, the pressures of the melts it learnt from; of many, the lowest and the highest."""

    def words(pressures: list[float]) -> str:
        if len(pressures) > MOST_PRESSURES_NAMED:
            return f"{len(pressures)} pressures, {as_text(min(pressures))} to {as_text(max(pressures))}"
        return ", ".join(map(as_text, pressures))

    return {
        name: " (all melts)" if pressures is None else f" (melts at {words(pressures)} GPa)"
        for name, pressures in pressures_GPa.items()
    }


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
    ions = {"fixed": "ions clamped", "relaxed": "ions relaxed"}[given.value("benchmark.energy_volume.ions")]
    seen = melts_seen(given.value("melts_seen"))
    drawn = given.value("polymorphs"), curves, pd.read_csv(fits), spectra, atoms, seen, ions
    publish_for(given, pdf, png, "Energy-volume curves of the polymorphs", draw, *drawn)


if __name__ == "__main__":
    typer.run(figures_energy_volume)
