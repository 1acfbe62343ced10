"""Parts of the summary, from the tables the stages wrote."""

from collections.abc import Iterable
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from melt2crystal.jobs.job import stage_of
from melt2crystal.structure.energies import ENERGY, ENTHALPY, HP, REFERENCE
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
    Part,
    PolymorphErrors,
    Search,
    SearchAtPressure,
    Structure,
)
from melt2crystal.train.agreement import pearson, rmse, stable_window

AUDITED = ("audited", "missed", "missed_share_low", "missed_share_high", "rank_correlation")  # keys of audit.json
BEST = 5  # structures listed per pressure
AnyPart = TypeVar("AnyPart", bound=Part)


def number(value: Any) -> float | None:
    """A finite number, or None (JSON knows no NaN)."""
    value = float(value) if value is not None else np.nan
    return value if np.isfinite(value) else None


def each_row(kind: type[AnyPart], table: pd.DataFrame, **columns: str) -> list[AnyPart]:
    """One part for each row; what isn't there or isn't finite is None.

    Args:
        columns: field -> column, where they have different names.
    """
    table = table.rename(columns={column: field for field, column in columns.items()})
    table = table[[field for field in kind.model_fields if field in table]]
    known = table.notna() & ~table.isin([np.inf, -np.inf])
    return [kind(**row) for row in table.astype(object).where(known, None).to_dict("records")]


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


def overlap_part(overlaps: pd.DataFrame) -> list[Overlap]:
    """Overlaps of the spectra, one for each polymorph."""
    return each_row(Overlap, overlaps)


def best_structures(unique: pd.DataFrame, labelled: pd.DataFrame) -> list[Structure]:
    """The lowest structures of one pressure by HP enthalpy; the reference energy where there is one."""
    best = unique.sort_values(ENTHALPY, kind="stable").head(BEST)
    above = 1000 * (best[ENTHALPY] - best[ENTHALPY].min())
    best = best.assign(enthalpy_above_lowest_meV_per_atom=above).drop(columns=REFERENCE, errors="ignore")
    best = best.merge(labelled[["id", REFERENCE]], on="id", how="left")
    return each_row(Structure, best, energy_search_eV_per_atom=ENERGY)


def search_part(
    relaxed: pd.DataFrame | None,
    unique: pd.DataFrame,
    found: pd.DataFrame,
    window_eV_per_atom: float,
    found_in: str | None = None,
    given: pd.DataFrame | None = None,
) -> Search:
    """Counts and best structures per pressure, and how HP's energies agree with the reference's.

    Args:
        relaxed: all relaxations of all pressures and cell sizes, None if nothing was searched here.
        unique: the unique structures of all pressures.
        found: unique structures with ``energy_hp_mean_eV_per_atom`` (mean over the members) and
            ``energy_reference_eV_per_atom`` (missing where there is no label).
        found_in: file of the structures of an earlier search.
        given: where HP's relaxation takes these, column ``same_structure``.
    """
    labelled = found[np.isfinite(found[REFERENCE].astype(float)) & np.isfinite(found[HP].astype(float))]
    inside = labelled[stable_window(labelled[REFERENCE], window_eV_per_atom)]
    in_meV = {
        name: None if (error := rmse(rows[HP], rows[REFERENCE])) is None else 1000 * error
        for name, rows in (("all", labelled), ("window", inside))
    }
    sound = None if relaxed is None else relaxed[relaxed["status"] == "ok"]
    pressures = sorted({float(p) for p in (unique if relaxed is None else relaxed)["pressure_GPa"]})
    return Search(
        labelled=len(labelled),
        pearson_r=pearson(labelled[HP], labelled[REFERENCE]),
        rmse_all_meV_per_atom=in_meV["all"],
        mean_difference_meV_per_atom=number(1000 * (labelled[HP] - labelled[REFERENCE]).mean()),
        stable_window_eV_per_atom=window_eV_per_atom,
        labelled_in_window=len(inside),
        rmse_window_meV_per_atom=in_meV["window"],
        pressures=[
            SearchAtPressure(
                pressure_GPa=p,
                relaxed=None if relaxed is None else int((relaxed["pressure_GPa"] == p).sum()),
                sound=None if sound is None else int((sound["pressure_GPa"] == p).sum()),
                unique=int((unique["pressure_GPa"] == p).sum()),
                best=best_structures(unique[unique["pressure_GPa"] == p], labelled),
            )
            for p in pressures
        ],
        given=None if given is None else len(given),
        kept=None if given is None else int((given["same_structure"].astype(str) == "True").sum()),
        found_in=found_in,
    )


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
