"""The summary as readable tables (Markdown). It states numbers and where they come from, no more."""

from collections.abc import Mapping

import pandas as pd

from melt2crystal.markdown import table
from melt2crystal.structure.pressure import in_classes, too_many_to_name
from melt2crystal.summary.schema import EnergyVolume, Search, Summary


def as_markdown(summary: Summary) -> str:
    """The whole text of ``summary.md``."""
    parts = [
        f"# {summary.study}: {summary.substance}",
        f"Reference: **{summary.reference}**. All errors are those of the models against this reference.\n"
        f"Settings digest: `{summary.settings_digest[:16]}`; melt2crystal {summary.version}, "
        f"commit `{summary.commit}`.",
        "## Melt",
        _datasets(summary),
        _certificates(summary),
        _iterations(summary),
        "## Held-out melt",
        _held_out(summary),
    ]
    if summary.energy_volume:
        curves = [_energy_volume(name, part) for name, part in summary.energy_volume.items()]
        parts += ["## Energy-volume curves", *curves, _fits(summary)]
    else:
        parts += ["No energy-volume curves in this study: it has no figure 2."]
    if summary.vdos_overlaps is not None:
        spectra = [
            (
                o.polymorph,
                show(o.overlap, 3),
                show(o.overlap_halves_hp, 3),
                show(o.overlap_halves_reference, 3),
                show(o.temperature_K),
                show(o.pressure_GPa),
                show(o.resolution_THz),
            )
            for o in summary.vdos_overlaps
        ]
        head = ("polymorph", "overlap", "halves of HP", "halves of reference", "T (K)", "p (GPa)", "resolution (THz)")
        parts += ["## Vibrational density of states, HP against the reference", table(head, spectra)]
    if summary.search is None:
        parts += ["No structures in this study: it has no figures 3 and 4."]
    elif summary.search.found_in is None:
        parts += ["## Structure search with HP", _search(summary.search)]
    else:
        parts += ["## Structures found earlier, with HP", _search(summary.search)]
    costs = [
        (c.stage, c.jobs, show(c.wall_s, 1), show(c.cpu_s, 1), show(c.largest_memory_MB, 0)) for c in summary.costs
    ]
    parts += [
        "## Cost",
        "Sums over the jobs whose benchmark files existed when this was written; jobs ran side by side.",
        table(("stage", "jobs", "wall (s)", "CPU (s)", "largest memory (MB)"), costs),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def show(value: float | None, digits: int | None = None) -> str:
    """A number with so many digits (default: as short as it goes), or a dash."""
    if value is None:
        return "–"
    return f"{value:g}" if digits is None else f"{value:.{digits}f}"


def _datasets(summary: Summary) -> str:
    rows = [(d.iteration, d.frames, _at_pressures(d.frames_at_pressure)) for d in summary.datasets]
    return table(("dataset", "labelled frames", "of these"), rows)


def _at_pressures(counts: Mapping[str, int]) -> str:
    """Frames at each pressure in words, at rounded pressures where there are many."""
    pressures = pd.Series([float(pressure) for pressure in counts], dtype=float)
    frames = pd.Series(list(counts.values()), dtype=int).groupby(in_classes(pressures)).sum()
    said = ", ".join(f"{count} at {pressure:g} GPa" for pressure, count in frames.items())
    return f"{said} (pressures rounded)" if too_many_to_name(pressures) else said


def _certificates(summary: Summary) -> str:
    rows = [
        (
            c.purpose,
            show(c.pressure_GPa),
            show(c.temperature_K),
            c.frames,
            c.would_pass,
            c.frames - c.passed,
            c.most_like or "–",
        )
        for c in summary.certificates
    ]
    head = ("melt for", "p (GPa)", "T (K)", "frames", "found disordered", "excluded", "the others are most like")
    state = (
        "on" if summary.certificate_enabled else "**off**: frames that were not found disordered were used all the same"
    )
    if summary.melts_from:
        files = ", ".join(f"`{name}`" for name in summary.melts_from)
        state += f"; melts from {files}: their walks are not here, so diffusion is unknown"
    return f"Certificate of disorder: {state}.\n\n" + table(head, rows)


def _iterations(summary: Summary) -> str:
    rows = [
        (
            i.iteration,
            i.accurate,
            i.candidate,
            i.failed,
            i.invalid,
            "–" if i.excluded_by_certificate is None else i.excluded_by_certificate,
            i.selected,
            f"{i.eps_lo_eV_per_A:.3f}–{i.eps_hi_eV_per_A:.3f}",
        )
        for i in summary.iterations
    ]
    head = (
        "iteration",
        "accurate",
        "candidate",
        "failed",
        "invalid",
        "excluded by certificate",
        "selected",
        "window (eV/Å)",
    )
    return table(head, rows) if rows else "No exploration."


def _held_out(summary: Summary) -> str:
    rows = []
    for name, part in summary.held_out.items():
        entries = [("all, ensemble mean", part), *((f"{p} GPa, ensemble mean", e) for p, e in part.pressures.items())]
        entries += [(f"all, member {k}", e) for k, e in enumerate(part.members)]
        for what, errors in entries:
            rows.append(
                (name.upper(), what, show(errors.energy_rmse_meV_per_atom, 1), show(errors.force_rmse_eV_per_A, 3))
            )
    text = table(("potential", "frames", "energy RMSE (meV/atom)", "force RMSE (eV/Å)"), rows)
    for name, folder in summary.trained_elsewhere.items():
        text += f"\n\n{name.upper()} was trained elsewhere and taken from `{folder}`; "
        text += "frames it has seen are left out of its errors."
    return text


def _energy_volume(name: str, part: EnergyVolume) -> str:
    rows = []
    for p in part.polymorphs:
        spread = (
            f"{show(p.shifted_smallest_member_meV_per_atom, 1)} to {show(p.shifted_largest_member_meV_per_atom, 1)}"
        )
        rows.append((p.polymorph, p.coordination, show(p.raw_meV_per_atom, 1), show(p.shifted_meV_per_atom, 1), spread))
    groups = []
    for group, errors in part.groups.items():
        members = errors.shifted_members_meV_per_atom
        spread = f"{min(members):.1f} to {max(members):.1f}" if members else "–"
        label = f"**{group}**"
        groups.append((label, "", show(errors.raw_meV_per_atom, 1), show(errors.shifted_meV_per_atom, 1), spread))
    head = (
        "polymorph",
        "CN",
        "RMS raw (meV/atom)",
        "RMS after one common shift (meV/atom)",
        "members, shifted (meV/atom)",
    )
    shift = (
        ""
        if part.shift_meV_per_atom is None
        else f" Mean difference from the reference: {part.shift_meV_per_atom:+.1f} meV/atom."
    )
    return f"**{name.upper()}**, ensemble mean.{shift}\n\n" + table(head, [*rows, *groups])


def _fits(summary: Summary) -> str:
    rows = [
        (
            f.polymorph,
            f.potential,
            f"{show(f.V0_A3_per_formula, 2)} ± {show(f.V0_error_A3_per_formula, 2)}",
            f"{show(f.B0_GPa, 1)} ± {show(f.B0_error_GPa, 1)}",
            show(f.E0_eV_per_atom, 4),
            f.status,
        )
        for f in summary.fits
    ]
    head = ("polymorph", "potential", "V0 (Å³ per formula unit)", "B0 (GPa)", "E0 (eV/atom)", "fit")
    return "Birch-Murnaghan fits (ensemble means):\n\n" + table(head, rows)


def _search(search: Search) -> str:
    text = (
        f"{search.labelled} unique structures have a reference energy: Pearson r = {show(search.pearson_r, 3)}, "
        f"RMSE {show(search.rmse_all_meV_per_atom, 1)} meV/atom over all; "
        f"{show(search.rmse_window_meV_per_atom, 1)} meV/atom over the {search.labelled_in_window} within "
        f"{search.stable_window_eV_per_atom:g} eV/atom of the lowest."
    )
    if search.rmse_all_meV_per_atom is not None and search.mean_difference_meV_per_atom is not None:
        common = search.mean_difference_meV_per_atom
        left = max(0.0, search.rmse_all_meV_per_atom**2 - common**2) ** 0.5
        text += f" HP lies {common:+.1f} meV/atom off on average; without this common shift {left:.1f} are left."
    if search.found_in:
        text += f"\n\nNothing was searched: the structures are those of `{search.found_in}`, found with another model. "
        text += f"HP's own relaxation keeps {search.kept} of {search.given} of them."
    counts = [
        (show(p.pressure_GPa), *("–" if n is None else n for n in (p.relaxed, p.sound)), p.unique)
        for p in search.pressures
    ]
    best = [
        (
            show(p.pressure_GPa),
            s.id,
            show(s.enthalpy_above_lowest_meV_per_atom, 1),
            "–" if s.space_group is None else s.space_group,
            show(s.coordination, 2),
            show(s.volume_A3_per_atom, 2),
            show(s.energy_search_eV_per_atom, 4),
            show(s.energy_reference_eV_per_atom, 4),
        )
        for p in search.pressures
        for s in p.best
    ]
    head = (
        "p (GPa)",
        "id",
        "H above lowest (meV/atom)",
        "SG",
        "CN",
        "V (Å³/atom)",
        "E in the search (eV/atom)",
        "E of reference (eV/atom)",
    )
    return "\n\n".join([text, table(("p (GPa)", "relaxed", "sound", "unique"), counts), table(head, best)])
