"""Tables of a finished study: melts, curves, crystals, spectra, structures found, cost, beside what is aimed at."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from melt2crystal.errors import UserError
from melt2crystal.summary.schema import GroupErrors, HeldOut, RelaxedCrystal, Summary
from tools.results.cells import Cell, Table
from tools.results.runs import RUNS, SECTION, runs_table

NAMES = {"hp": "HP", "lp": "LP"}
# the aims of the project, and what the paper reached (Fig. 3)
AIMS = {"energy": "8", "force": "0.30", "tetrahedral": "8", "octahedral": "25", "volume": "2"}
PAPER = {"pearson": Cell(0.987, 3), "all": Cell(59), "window": Cell(29)}
# what stands between the heading of a table and the table
SECTIONS = {
    RUNS: SECTION,
    "Held-out melt": (
        "Walks of their own, on which nothing was trained. Root mean square of the ensemble's mean; in "
        "brackets the 95 % interval (bootstrap over walks); members: smallest to largest."
    ),
    "Held-out melt by pressure": "Ensemble's mean.",
    "Energy-volume curves": (
        "RMS of energy against the reference over the volumes of each curve, meV/atom, **ions clamped** "
        "at the reference's fractional coordinates: a test of bond lengths. Raw: relative to the "
        "potential's own zero. In brackets the smallest and the largest member."
    ),
    "Energy-volume curves by polymorph": "Raw RMS, meV/atom; Birch-Murnaghan minima, clamped ions, Å³ per formula.",
    "Energies of the minima": "Above that of the first polymorph, ions clamped, meV/atom.",
    "Crystals relaxed": (
        "Cell and ions, 0 GPa, rattled starts, symmetry free to break; a crystal is kept if space group, "
        "volume and coordination are the reference's. Volumes in Å³ per formula unit; errors of HP and "
        "LP: mean of the members, in brackets the smallest and the largest."
    ),
    "Elastic moduli": "Of the relaxed crystals, ions relaxed, Hill's average, GPa.",
    "Crystals relaxed, together": "Over the crystals that the reference itself keeps.",
    "Harmonic spectra": (
        "Overlap of HP's harmonic density of states with the reference's, from forces on the same "
        "displaced supercells (1: identity); the baseline is what another crystal of the reference "
        "reaches."
    ),
    "Spectra of walks": (
        "Overlap of HP's vibrational density of states with the reference's (1: identity); the baseline "
        "is what another crystal of the reference reaches."
    ),
    "Structures found": (
        "Energies by HP against the reference, raw. In brackets the 95 % interval, structures taken as independent."
    ),
    "Lowest structures": "By HP's enthalpy at each pressure.",
    "Cost": "CPU seconds of the jobs.",
}


def study_tables(study: Path) -> tuple[list[Table], Summary]:
    """All tables of a study, and its summary.

    Raises:
        UserError: the study isn't finished, or another version wrote its summary.
    """
    path = study / "summary.json"
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; run the study to its end: make run STUDY={study.name}")
    try:
        summary = Summary.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValueError as error:
        raise UserError(f"{path}: written by another version; run the study again. {error}") from error
    overlaps = study / "benchmark" / "harmonic" / "overlaps.csv"
    runs = runs_table(study)
    tables = [*([runs] if runs else []), *_held_out(summary), *_curves(summary), *_relaxed(summary)]
    if overlaps.is_file():
        tables.append(_harmonic(pd.read_csv(overlaps)))
    tables += [*_walks(summary), *_found(summary), _cost(summary)]
    return tables, summary


def _members(values: Sequence[float]) -> tuple[float | None, float | None]:
    return (min(values), max(values)) if values else (None, None)


def _held_out(summary: Summary) -> Iterable[Table]:
    potentials = list(summary.held_out)
    table = Table("Held-out melt", [*(NAMES[p] for p in potentials), "aim for HP"])
    for words, key, interval, decimals, aim in (
        ("energy, meV/atom", "energy_rmse_meV_per_atom", "energy_interval_meV_per_atom", 1, "energy"),
        ("force component, eV/Å", "force_rmse_eV_per_A", "force_interval_eV_per_A", 3, "force"),
    ):
        of: list[HeldOut] = [summary.held_out[p] for p in potentials]
        cells = [Cell(getattr(e, key), decimals, *(getattr(e, interval) or (None, None))) for e in of]
        table.add(words, *cells, AIMS[aim])
        table.add(f"{words}, members", *(_span([getattr(m, key) for m in e.members], decimals) for e in of), "")
    table.add("frames held out", *(Cell(e.frames) for e in summary.held_out.values()), "")
    table.add("walks they are of", *(Cell(e.walks) for e in summary.held_out.values()), "")
    if summary.datasets:
        table.add("frames that train and validate HP", Cell(summary.datasets[-1].frames), *[""] * len(potentials))
    yield table
    pressures = sorted(summary.held_out["hp"].pressures, key=float)
    if len(pressures) > 1:
        heads = [f"{NAMES[p]}, {unit}" for p in potentials for unit in ("meV/atom", "eV/Å")]
        by = Table("Held-out melt by pressure", heads)
        for pressure in pressures:
            at = [summary.held_out[p].pressures[pressure] for p in potentials]
            by.add(
                f"{float(pressure):g} GPa",
                *(c for e in at for c in (Cell(e.energy_rmse_meV_per_atom), Cell(e.force_rmse_eV_per_A, 2))),
            )
        yield by


def _span(values: Sequence[float], decimals: int) -> Cell:
    """Smallest to largest, without a mean."""
    return Cell(text=f"{min(values):.{decimals}f} to {max(values):.{decimals}f}" if values else "–")


def _curves(summary: Summary) -> Iterable[Table]:
    if not summary.energy_volume:
        return
    potentials = list(summary.energy_volume)
    table = Table("Energy-volume curves", [*(NAMES[p] for p in potentials), "aim for HP"])
    for group in ("tetrahedral", "octahedral"):
        of: list[GroupErrors] = [e.groups[group] for e in summary.energy_volume.values() if group in e.groups]
        if of:
            raw = [Cell(e.raw_meV_per_atom, 1, *_members(e.raw_members_meV_per_atom)) for e in of]
            shifted = [Cell(e.shifted_meV_per_atom, 1, *_members(e.shifted_members_meV_per_atom)) for e in of]
            table.add(f"{group} ({of[0].polymorphs}), raw", *raw, AIMS[group])
            table.add(f"{group}, after one constant of the potential", *shifted, "")
    own = [Cell(e.groups["all"].own_shift_meV_per_atom, 1) for e in summary.energy_volume.values()]
    table.add("each curve after a constant of its own", *own, "")
    yield table
    fits = {(fit.polymorph, fit.potential): fit for fit in summary.fits}
    heads = [
        "CN",
        *(f"{NAMES[p]}, meV/atom" for p in potentials),
        *(f"V, {n}" for n in ("reference", *map(NAMES.get, potentials))),
    ]
    by = Table("Energy-volume curves by polymorph", heads)
    errors = {p: {row.polymorph: row for row in summary.energy_volume[p].polymorphs} for p in potentials}
    for row in summary.energy_volume["hp"].polymorphs:
        volumes = []
        for potential in ("reference", *potentials):
            fit = fits.get((row.polymorph, potential))
            good = fit is not None and fit.status == "ok"
            volumes.append(Cell(fit.V0_A3_per_formula, 2) if fit and good else Cell(text="no minimum"))
        raw = [Cell(errors[p][row.polymorph].raw_meV_per_atom, 1) for p in potentials]
        by.add(row.polymorph, Cell(row.coordination), *raw, *volumes)
    yield by
    yield _minima(summary, potentials)


def _minima(summary: Summary, potentials: Sequence[str]) -> Table:
    """Energies of the minima above that of the first polymorph."""
    names = list(dict.fromkeys(fit.polymorph for fit in summary.fits))
    at = {(f.polymorph, f.potential): f.E0_eV_per_atom for f in summary.fits if f.status == "ok"}
    table = Table("Energies of the minima", ["reference", *(NAMES[p] for p in potentials)])
    for name in names[1:]:
        cells = []
        for potential in ("reference", *potentials):
            own, first = at.get((name, potential)), at.get((names[0], potential))
            if own is None or first is None:
                cells.append(Cell(text="no minimum"))
            else:
                cells.append(Cell(1000 * (own - first)))
        table.add(name, *cells)
    return table


def _relaxed(summary: Summary) -> Iterable[Table]:
    at_rest = [row for row in summary.relaxed if row.pressure_GPa == 0]
    if not at_rest:
        return
    by: dict[str, dict[str, RelaxedCrystal]] = {}
    for row in at_rest:
        by.setdefault(row.polymorph, {})[row.potential] = row
    potentials = [p for p in NAMES if any(p in rows for rows in by.values())]
    heads = ["space group, reference", "V, reference", "scatter of it, %"]
    heads += [head for p in potentials for head in (f"{NAMES[p]}: kept?", f"{NAMES[p]}: V, error in %")]
    table = Table("Crystals relaxed", heads)
    for name, rows in by.items():
        first = next(iter(rows.values()))
        space_group = f"{first.space_group_reference or '–'}"
        if first.state_reference and first.state_reference != "relaxed":
            space_group += f" ({first.state_reference})"
        cells = [Cell(text=space_group), Cell(first.volume_A3_per_formula_reference, 2)]
        cells.append(Cell(first.scatter_percent_reference, 2))
        for potential in potentials:
            row = rows[potential]
            error = (row.volume_error_percent, 1, row.volume_error_smallest, row.volume_error_largest)
            cells += [Cell(text=row.verdict), Cell(*error)]
        table.add(name, *cells)
    yield table
    if any(row.bulk_modulus_GPa is not None for row in at_rest):
        yield _moduli(by, potentials)
    together = Table("Crystals relaxed, together", [*(NAMES[p] for p in potentials), "aim for HP"])
    totals = [next(t for t in summary.relaxed_totals[p] if t.pressure_GPa == 0) for p in potentials]
    together.add("crystals that the reference keeps", *(Cell(t.kept_by_reference) for t in totals), "")
    kept = str(totals[0].kept_by_reference)
    together.add("kept by every member", *(Cell(t.kept_by_all_members) for t in totals), kept)
    together.add("RMS error of volume, %", *(Cell(t.volume_rms_percent, 1) for t in totals), AIMS["volume"])
    together.add("pairs in the other order of energy", *(Cell(t.misplaced_pairs) for t in totals), "0")
    together.add("of pairs", *(Cell(t.pairs) for t in totals), "")
    yield together


def _moduli(by: dict[str, dict[str, RelaxedCrystal]], potentials: Sequence[str]) -> Table:
    """Bulk and shear modulus of the crystals whose elastic constants were computed."""
    names = ("reference", *(NAMES[p] for p in potentials))
    table = Table("Elastic moduli", [f"{what}, {name}" for what in ("bulk", "shear") for name in names])
    for name, rows in by.items():
        first = next(iter(rows.values()))
        if any(row.bulk_modulus_GPa is not None for row in rows.values()):
            bulk = [first.bulk_modulus_GPa_reference, *(rows[p].bulk_modulus_GPa for p in potentials)]
            shear = [first.shear_modulus_GPa_reference, *(rows[p].shear_modulus_GPa for p in potentials)]
            table.add(name, *(Cell(value, 1) for value in [*bulk, *shear]))
    return table


def _harmonic(overlaps: pd.DataFrame) -> Table:
    heads = ["overlap", "baseline: another crystal, at most", "largest force of the reference's crystal in HP, eV/Å"]
    table = Table("Harmonic spectra", [*heads, "imaginary modes"])
    for row in overlaps.to_dict("records"):
        note = row.get("note")
        table.add(
            str(row["polymorph"]),
            Cell(row["overlap_hp_reference"], 3),
            Cell(row.get("overlap_others_largest"), 3),
            Cell(row["residual_force_eV_per_A_hp"], 2),
            Cell(text=note if isinstance(note, str) else ""),
        )
    return table


def _walks(summary: Summary) -> Iterable[Table]:
    if not summary.vdos_overlaps:
        return
    heads = [
        "overlap",
        "baseline: another crystal, at most",
        "two halves of HP's walk",
        "two halves of the reference's",
    ]
    table = Table("Spectra of walks", heads)
    for row in summary.vdos_overlaps:
        numbers = (row.overlap, row.overlap_others_largest, row.overlap_halves_hp, row.overlap_halves_reference)
        table.add(row.polymorph, *(Cell(number, 2) for number in numbers))
    yield table


def _found(summary: Summary) -> Iterable[Table]:
    search: Any = summary.search
    if not search:
        return
    table = Table("Structures found", ["here", "paper"])
    table.add("with a reference energy", Cell(search.labelled), "")
    interval = search.pearson_interval or (None, None)
    table.add("Pearson r", Cell(search.pearson_r, 3, *interval), PAPER["pearson"])
    table.add("RMSE of all, meV/atom (paper: its full range)", Cell(search.rmse_all_meV_per_atom), PAPER["all"])
    window = f"within {search.stable_window_eV_per_atom:g} eV/atom"
    table.add(f"{window}: structures", Cell(search.labelled_in_window), "")
    table.add(f"{window}: RMSE, meV/atom", Cell(search.rmse_window_meV_per_atom), PAPER["window"])
    table.add("HP minus reference, mean, meV/atom", Cell(search.mean_difference_meV_per_atom), "")
    if search.kept is not None:
        table.add("kept by HP's own relaxation", Cell(search.kept), "")
        table.add("of", Cell(search.given), "")
    yield table
    best = Table(
        "Lowest structures", ["pressure, GPa", "space group", "CN", "above the lowest, meV/atom", "V, Å³ per atom"]
    )
    for at in search.pressures:
        for row in at.best:
            best.add(
                row.id,
                Cell(at.pressure_GPa),
                Cell(row.space_group),
                Cell(row.coordination, 1),
                Cell(row.enthalpy_above_lowest_meV_per_atom),
                Cell(row.volume_A3_per_atom, 2),
            )
    yield best


def _cost(summary: Summary) -> Table:
    table = Table("Cost", ["CPU s"])
    for stage in summary.costs:
        table.add(stage.stage, Cell(stage.cpu_s))
    table.add("together", Cell(sum(stage.cpu_s for stage in summary.costs)))
    return table
