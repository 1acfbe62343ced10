"""The summary as readable tables (Markdown). It states numbers and where they come from, no more."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from melt2crystal.markdown import records
from melt2crystal.sections.purpose import warning
from melt2crystal.structure.pressure import in_classes, too_many_to_name
from melt2crystal.summary.columns import (
    CERTIFICATES,
    COSTS,
    CURVES,
    DATASETS,
    FITS,
    HELD_OUT,
    ITERATIONS,
    MISSING,
    MOST_MISSING,
    RELAXED,
    SEARCHES,
    SPECTRA,
    STRUCTURES,
)
from melt2crystal.summary.schema import Dataset, EnergyVolume, Fit, HeldOut, Iteration, Labels, Part, Search, Summary

IONS = {"fixed": "clamped ions", "relaxed": "relaxed ions"}


def as_markdown(summary: Summary) -> str:
    """The whole text of ``summary.md``."""
    parts = [
        f"# {summary.study}: {summary.substance}",
        f"**{words}.**" if (words := warning(summary.purpose)) else "",
        f"Reference: **{summary.reference}**. All errors are those of the models against this reference.\n"
        f"Settings digest: `{summary.settings_digest[:16]}`; melt2crystal {summary.version}, "
        f"commit `{summary.commit}`.",
        "## Melt",
        _datasets(summary.datasets),
        _certificates(summary),
        _iterations(summary.iterations),
        _labels(summary.labels),
        "## Held-out melt",
        _held_out(summary),
    ]
    if summary.energy_volume:
        curves = [
            _energy_volume(name, part, summary.held_out.get(name)) for name, part in summary.energy_volume.items()
        ]
        about = {
            "fixed": "Ions are clamped: they keep the reference's fractional coordinates. That tests bond lengths; "
            "V0 and B0 are those of clamped curves, B0 is no bulk modulus of a crystal.",
            "relaxed": "Ions are relaxed at each volume by each potential, in a cell of unchanged shape.",
        }[summary.ions]
        fits = "Birch-Murnaghan fits (ensemble means):\n\n" + records(FITS, map(_fitted, summary.fits))
        parts += [f"## Energy-volume curves, {IONS[summary.ions]}", about, *curves, fits]
    else:
        parts += ["No energy-volume curves in this study: it has no figure 2."]
    if summary.relaxed:
        parts += ["## Crystals relaxed", *(_relaxed(name, summary) for name in summary.relaxed_totals)]
    if summary.vdos_overlaps is not None:
        parts += ["## Vibrational density of states, HP against the reference", _table(SPECTRA, summary.vdos_overlaps)]
    if summary.search is None:
        parts += ["No structures in this study: it has no figures 3 and 4."]
    elif summary.search.found_in is None:
        parts += ["## Structure search with HP", _search(summary.search)]
    else:
        parts += ["## Structures found earlier, with HP", _search(summary.search)]
    parts += [
        "## Cost",
        "Sums over the jobs whose benchmark files existed when this was written; jobs ran side by side.",
        _table(COSTS, summary.costs),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def show(value: float | None, digits: int | None = None) -> str:
    """A number with so many digits (default: as short as it goes), or a dash."""
    if value is None:
        return "–"
    return f"{value:g}" if digits is None else f"{value:.{digits}f}"


def _table(columns: Mapping[str, str], parts: Iterable[Part]) -> str:
    return records(columns, map(vars, parts))


def _fitted(fit: Fit) -> dict[str, Any]:
    """A fit with its values in words."""
    shown = {
        "V0": with_error(fit.V0_A3_per_formula, fit.V0_error_A3_per_formula, 2),
        "B0": with_error(fit.B0_GPa, fit.B0_error_GPa, 1),
    }
    return {**vars(fit), **shown}


def with_error(value: float | None, error: float | None, digits: int) -> str:
    """A number with its standard error; one that rounding would make zero is said to be smaller than what is shown."""
    if value is None:
        return "–"
    if error is None:
        return f"{value:.{digits}f}"
    smallest = 10.0**-digits
    said = f"± {error:.{digits}f}" if error >= smallest / 2 else f"(± < {smallest:.{digits}f})"
    return f"{value:.{digits}f} {said}"


def _at_pressures(counts: Mapping[str, int]) -> str:
    """Frames at each pressure in words, at rounded pressures where there are many."""
    pressures = pd.Series([float(pressure) for pressure in counts], dtype=float)
    frames = pd.Series(list(counts.values()), dtype=int).groupby(in_classes(pressures)).sum()
    said = ", ".join(f"{count} at {pressure:g} GPa" for pressure, count in frames.items())
    return f"{said} (pressures rounded)" if too_many_to_name(pressures) else said


def _certificates(summary: Summary) -> str:
    state = (
        "on" if summary.certificate_enabled else "**off**: frames that were not found disordered were used all the same"
    )
    if summary.melts_from:
        files = ", ".join(f"`{name}`" for name in summary.melts_from)
        state += f"; melts from {files}: their walks are not here, so diffusion is unknown"
    rows = ({**vars(c), "excluded": c.frames - c.passed} for c in summary.certificates)
    return f"Certificate of disorder: {state}.\n\n" + records(CERTIFICATES, rows)


def _datasets(datasets: list[Dataset]) -> str:
    if not datasets:
        return "No training set: nothing is trained in this study."
    return records(DATASETS, ({**vars(d), "at_pressures": _at_pressures(d.frames_at_pressure)} for d in datasets))


def _iterations(iterations: Sequence[Iteration]) -> str:
    if not iterations:
        return "No exploration."
    rows = []
    for part in iterations:
        why = "; ".join(f"{count} {reason}" for reason, count in (part.invalid_because or {}).items())
        low, high = part.missed_share_low, part.missed_share_high
        wrong = f"{part.missed} ({low:.0%} to {high:.0%})" if part.audited and None not in (low, high) else None
        rows.append({**vars(part), "wrong": wrong, "why_invalid": why or ("not told" if part.invalid else "")})
    told = (
        "Audited: accurate frames that were drawn at random and labelled; wrong: their largest force error is the "
        "window's upper bound or more. Rank correlation: of deviation and largest force error, over all new labels."
    )
    return f"{records(ITERATIONS, rows)}\n\n{told}"


def _labels(batches: list[Labels]) -> str:
    """Which labels are missing, and why: what rests on them lacks them."""
    asked, missing = sum(batch.asked for batch in batches), sum(len(batch.missing) for batch in batches)
    if not missing:
        return f"All {asked} labels that were asked for are there." if asked else ""
    rows = [{"batch": batch.batch, **vars(label)} for batch in batches for label in batch.missing[:MOST_MISSING]]
    more = "" if len(rows) == missing else f" {missing - len(rows)} more stand in `label/<batch>/labels.csv`."
    text = f"{missing} of the {asked} labels that were asked for are missing; what is told below is without them.{more}"
    return f"## Labels that are missing\n\n{text}\n\n" + records(MISSING, rows)


def _held_out(summary: Summary) -> str:
    rows = []
    for name, part in summary.held_out.items():
        mean = ", ensemble mean" if len(part.members) > 1 else ""
        entries = [(f"all{mean}", part), *((f"{p} GPa{mean}", e) for p, e in part.pressures.items())]
        entries += [(f"all, member {k}", e) for k, e in enumerate(part.members) if len(part.members) > 1]
        none = {"energy_interval": "", "force_interval": ""}
        for which, errors in entries:
            frames = errors.frames if "GPa" in which else part.frames
            rows.append({"potential": name.upper(), "which": which, **none, **vars(errors), "frames": frames})
        if part.energy_interval_meV_per_atom and part.force_interval_eV_per_A:
            rows[-len(entries)]["energy_interval"] = " ({:.1f} to {:.1f})".format(*part.energy_interval_meV_per_atom)
            rows[-len(entries)]["force_interval"] = " ({:.3f} to {:.3f})".format(*part.force_interval_eV_per_A)
    text = records(HELD_OUT, rows)
    if walks := next((part.walks for part in summary.held_out.values() if part.walks), None):
        text += f"\n\nThe held-out frames are those of {walks} walks; in brackets: 95 % intervals, bootstrap over walks"
        text += " (not given for fewer than five)."
    for name, part in summary.held_out.items():
        if len(part.members) == 1:
            text += (
                f"\n\n{name.upper()} has one member: deviations between members are absent, here and in the search, "
            )
            text += "so that nothing says where it does not know a structure."
    for name, folder in summary.trained_elsewhere.items():
        if zero := summary.held_out[name].zero:
            text += f"\n\n{name.upper()} is the ASE calculator `{folder}`; what it was trained on, these frames or "
            text += f"crystals perhaps, this study can't say. Its {zero}."
            continue
        text += f"\n\n{name.upper()} was trained elsewhere and taken from `{folder}`; "
        text += "frames it has seen are left out of its errors."
    return text


def _energy_volume(name: str, part: EnergyVolume, held_out: HeldOut | None) -> str:
    rows = []
    for p in part.polymorphs:
        least, most = p.raw_smallest_member_meV_per_atom, p.raw_largest_member_meV_per_atom
        spread = None if least is None and most is None else f"{show(least, 1)} to {show(most, 1)}"
        rows.append({**vars(p), "spread": spread})
    for group, errors in part.groups.items():
        members = errors.raw_members_meV_per_atom
        spread = f"{min(members):.1f} to {max(members):.1f}" if members else None
        rows.append({**vars(errors), "polymorph": f"**{group}**", "coordination": "", "spread": spread})
    shift = (
        ""
        if part.shift_meV_per_atom is None
        else f" The one constant, mean difference from the reference: {part.shift_meV_per_atom:+.1f} meV/atom."
    )
    whose = "its one member" if held_out and len(held_out.members) == 1 else "ensemble mean"
    if held_out and held_out.zero:
        shift += ' "Raw" is after the constant that was fitted to the held-out melt.'
    return f"**{name.upper()}**, {whose}.{shift}\n\n" + records(CURVES, rows)


def _relaxed(name: str, summary: Summary) -> str:
    rows = [row for row in summary.relaxed if row.potential == name]
    totals = "; ".join(
        f"at {t.pressure_GPa:g} GPa all members keep {t.kept_by_all_members} of the {t.kept_by_reference} crystals "
        f"that the reference keeps, RMS of their volumes {show(t.volume_rms_percent, 1)} %, "
        f"{t.misplaced_pairs} of {t.pairs} pairs stand in the other order of enthalpy"
        for t in summary.relaxed_totals[name]
    )
    states = {row.state_reference for row in rows} - {None}
    beside = "the reference was relaxed in the same way" if states == {"relaxed"} else "of the reference: symmetry kept"
    return f"**{name.upper()}**, cell and ions, from rattled starts ({beside}): {totals}.\n\n" + _table(RELAXED, rows)


def _search(search: Search) -> str:
    interval = ""
    if search.pearson_interval:
        interval = " (95 % interval {:.3f} to {:.3f})".format(*search.pearson_interval)
    text = (
        f"{search.labelled} unique structures have a reference energy: "
        f"Pearson r = {show(search.pearson_r, 3)}{interval}, "
        f"RMSE {show(search.rmse_all_meV_per_atom, 1)} meV/atom over all; "
        f"{show(search.rmse_window_meV_per_atom, 1)} meV/atom over the {search.labelled_in_window} within "
        f"{search.stable_window_eV_per_atom:g} eV/atom of the lowest."
    )
    if search.rmse_all_meV_per_atom is not None and search.mean_difference_meV_per_atom is not None:
        common = search.mean_difference_meV_per_atom
        left = max(0.0, search.rmse_all_meV_per_atom**2 - common**2) ** 0.5
        text += f" HP lies {common:+.1f} meV/atom off on average; after this one constant {left:.1f} are left."
    if search.found_in:
        text += f"\n\nNothing was searched: the structures are those of `{search.found_in}`, found with another model. "
        text += f"HP's own relaxation keeps {search.kept} of {search.given} of them."
    best = ({**vars(s), "pressure_GPa": p.pressure_GPa} for p in search.pressures for s in p.best)
    return "\n\n".join([text, _table(SEARCHES, search.pressures), records(STRUCTURES, best)])
