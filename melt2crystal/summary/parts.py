"""Parts of the summary, from the tables the stages wrote."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from melt2crystal.jobs.job import stage_of
from melt2crystal.summary.part import each_row, number
from melt2crystal.summary.schema import (
    CertificateCount,
    Cost,
    Dataset,
    EnergyVolume,
    Fit,
    GroupErrors,
    Iteration,
    Labels,
    MissingLabel,
    Overlap,
    PolymorphErrors,
    RelaxedCrystal,
)

AUDITED = ("audited", "missed", "missed_share_low", "missed_share_high", "rank_correlation")  # keys of audit.json


def dataset_part(iteration: str, manifest: dict[str, Any]) -> Dataset:
    """Frames of one dataset, in all and at each pressure, from its manifest."""
    pressures = [f"{float(frame['pressure_GPa']):g}" for frame in manifest["frames"]]
    counts = {p: pressures.count(p) for p in sorted(set(pressures), key=float)}
    digest = manifest.get("settings_digest")
    return Dataset(
        iteration=iteration, frames=len(pressures), frames_at_pressure=counts, reference_settings_digest=digest
    )


def iteration_part(iteration: str, table: pd.DataFrame, audit: dict[str, Any]) -> Iteration:
    """Sums over the (T, p) states of one selection table, and what the labels said about it (``audit.json``)."""
    classes = {name: int(table[name].sum()) for name in ("accurate", "candidate", "failed", "invalid")}
    return Iteration(
        iteration=iteration,
        **classes,
        invalid_because=reasons_counted(table["invalid_because"]) if "invalid_because" in table else None,
        excluded_by_certificate=int(table["excluded"].sum()) if "excluded" in table else None,
        selected=int(table["selected"].sum()),
        **{name: audit.get(name) for name in AUDITED},
        eps_lo_eV_per_A=float(table["eps_lo"].iloc[0]),
        eps_hi_eV_per_A=float(table["eps_hi"].iloc[0]),
    )


def reasons_counted(texts: pd.Series) -> dict[str, int]:
    """'3 no frame; 2 too dense' of several cells -> reason -> how often in all."""
    counts: dict[str, int] = {}
    for text in texts.dropna():
        for part in filter(None, str(text).split("; ")):
            count, _, reason = part.partition(" ")
            counts[reason] = counts.get(reason, 0) + int(count)
    return counts


def labels_part(batch: str, table: pd.DataFrame) -> Labels:
    """What a batch of labels lacks.

    Args:
        table: labels.csv, texts as they are: frame_id, what, status, reason.
    """
    rows = table[table["status"] != "ok"].to_dict("records")
    # tables of versions before 0.3 don't say what a frame is
    missing = [MissingLabel(**{name: str(row.get(name, "")) for name in MissingLabel.model_fields}) for row in rows]
    return Labels(batch=batch, asked=len(table), missing=missing)


def certificate_part(table: pd.DataFrame) -> list[CertificateCount]:
    """Frames and passes per purpose and (p, T).

    Args:
        table: columns purpose, pressure_GPa, temperature_K, frames, passed, would_pass, most_like.
    """
    return each_row(CertificateCount, table)


def energy_volume_part(errors: pd.DataFrame, totals: dict[str, Any]) -> EnergyVolume:
    """Errors of one potential.

    Args:
        errors: its rows of energy_volume_errors.csv.
        totals: its part of energy_volume_errors.json: shift_meV_per_atom and one entry for each group.
    """
    groups = {name: GroupErrors(**values) for name, values in totals.items() if isinstance(values, dict)}
    polymorphs = each_row(
        PolymorphErrors,
        errors,
        raw_meV_per_atom="rms_raw_meV_per_atom",
        raw_smallest_member_meV_per_atom="rms_raw_min_member",
        raw_largest_member_meV_per_atom="rms_raw_max_member",
        shifted_meV_per_atom="rms_shifted_meV_per_atom",
        shifted_smallest_member_meV_per_atom="rms_shifted_min_member",
        shifted_largest_member_meV_per_atom="rms_shifted_max_member",
    )
    return EnergyVolume(
        shift_meV_per_atom=number(totals.get("shift_meV_per_atom")), groups=groups, polymorphs=polymorphs
    )


def fit_part(fits: pd.DataFrame) -> list[Fit]:
    """Fits of the ensemble means and the reference, crystal by crystal."""
    means = fits[fits["member"] == -1]
    by_crystal = means.sort_values("polymorph", kind="stable", key=lambda names: pd.factorize(names)[0])
    return each_row(Fit, by_crystal, V0_error_A3_per_formula="V0_error", B0_error_GPa="B0_error")


def relaxed_part(crystals: pd.DataFrame) -> list[RelaxedCrystal]:
    """Relaxed polymorphs of both potentials, HP first."""
    crystals = crystals.astype({"space_groups": object})
    crystals["space_groups"] = [None if groups != groups else str(groups) for groups in crystals["space_groups"]]
    return each_row(RelaxedCrystal, crystals.sort_values("potential", kind="stable"))


def overlap_part(overlaps: pd.DataFrame) -> list[Overlap]:
    """Overlaps of the spectra, one for each polymorph."""
    return each_row(Overlap, overlaps)


def cost_part(jobs: Iterable[tuple[str, pd.DataFrame]]) -> list[Cost]:
    """Seconds per stage (:func:`melt2crystal.jobs.job.stage_of`), as the ledger has it.

    Args:
        jobs: (rule, Snakemake's benchmark table) of each job; what could not be measured is '-' or 'NA' there.
    """
    rows = []
    for rule, table in jobs:
        numbers = table.reindex(columns=["s", "cpu_time", "max_rss"]).apply(pd.to_numeric, errors="coerce")
        rows.append((stage_of(rule), 1, numbers["s"].sum(), numbers["cpu_time"].sum(), numbers["max_rss"].max()))
    sums = pd.DataFrame(rows, columns=list(Cost.model_fields)).groupby("stage", as_index=False)
    tenths = lambda seconds: round(sum(seconds), 1)  # noqa: E731
    return each_row(Cost, sums.agg({"jobs": "sum", "wall_s": tenths, "cpu_s": tenths, "largest_memory_MB": "max"}))
