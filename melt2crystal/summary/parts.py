"""Parts of the summary, from the tables the stages wrote."""

from collections.abc import Iterable
from typing import Any

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
    Overlap,
    PolymorphErrors,
    Search,
    SearchAtPressure,
    Structure,
)
from melt2crystal.train.agreement import pearson, rmse, stable_window

BEST = 5  # structures listed per pressure


def number(value: Any) -> float | None:
    """A finite number, or None (JSON knows no NaN)."""
    value = float(value) if value is not None else np.nan
    return value if np.isfinite(value) else None


def dataset_part(iteration: str, manifest: dict[str, Any]) -> Dataset:
    """Frames of one dataset, in all and at each pressure, from its manifest."""
    pressures = [f"{float(frame['pressure_GPa']):g}" for frame in manifest["frames"]]
    counts = {p: pressures.count(p) for p in sorted(set(pressures), key=float)}
    digest = manifest.get("settings_digest")
    return Dataset(
        iteration=iteration, frames=len(pressures), frames_at_pressure=counts, reference_settings_digest=digest
    )


def iteration_part(iteration: str, table: pd.DataFrame) -> Iteration:
    """Sums over the (T, p) states of one selection table."""
    classes = {name: int(table[name].sum()) for name in ("accurate", "candidate", "failed", "invalid")}
    return Iteration(
        iteration=iteration,
        **classes,
        excluded_by_certificate=int(table["excluded"].sum()) if "excluded" in table else None,
        selected=int(table["selected"].sum()),
        eps_lo_eV_per_A=float(table["eps_lo"].iloc[0]),
        eps_hi_eV_per_A=float(table["eps_hi"].iloc[0]),
    )


def certificate_part(table: pd.DataFrame) -> list[CertificateCount]:
    """Frames and passes per purpose and (p, T).

    Args:
        table: columns purpose, pressure_GPa, temperature_K, frames, passed, would_pass, most_like.
    """
    columns = ["purpose", "pressure_GPa", "temperature_K", "frames", "passed", "would_pass"]
    rows = table.to_dict("records")
    names = [row["most_like"] if isinstance(row["most_like"], str) and row["most_like"] else None for row in rows]
    return [
        CertificateCount(**{column: row[column] for column in columns}, most_like=name)
        for row, name in zip(rows, names, strict=True)
    ]


def energy_volume_part(errors: pd.DataFrame, totals: dict[str, Any]) -> EnergyVolume:
    """Errors of one potential.

    Args:
        errors: its rows of energy_volume_errors.csv.
        totals: its part of energy_volume_errors.json: shift_meV_per_atom and one entry for each group.
    """
    groups = {name: GroupErrors(**values) for name, values in totals.items() if isinstance(values, dict)}
    polymorphs = [
        PolymorphErrors(
            polymorph=row["polymorph"],
            coordination=int(row["coordination"]),
            raw_meV_per_atom=row["rms_raw_meV_per_atom"],
            shifted_meV_per_atom=row["rms_shifted_meV_per_atom"],
            shifted_smallest_member_meV_per_atom=number(row["rms_shifted_min_member"]),
            shifted_largest_member_meV_per_atom=number(row["rms_shifted_max_member"]),
        )
        for row in errors.to_dict("records")
    ]
    return EnergyVolume(
        shift_meV_per_atom=number(totals.get("shift_meV_per_atom")), groups=groups, polymorphs=polymorphs
    )


def fit_part(fits: pd.DataFrame) -> list[Fit]:
    """Fits of the ensemble means and the reference, crystal by crystal."""
    return [
        Fit(
            polymorph=row["polymorph"],
            potential=row["potential"],
            V0_A3_per_formula=number(row["V0_A3_per_formula"]),
            B0_GPa=number(row["B0_GPa"]),
            B0_prime=number(row["B0_prime"]),
            E0_eV_per_atom=number(row["E0_eV_per_atom"]),
            V0_error_A3_per_formula=number(row["V0_error"]),
            B0_error_GPa=number(row["B0_error"]),
            status=str(row.get("status", "ok")),
        )
        for _, of_polymorph in fits[fits["member"] == -1].groupby("polymorph", sort=False)
        for row in of_polymorph.to_dict("records")
    ]


def overlap_part(overlaps: pd.DataFrame) -> list[Overlap]:
    """Overlaps of the spectra, one for each polymorph."""
    return [
        Overlap(
            polymorph=row["polymorph"],
            overlap=number(row["overlap"]),
            **{name: float(row[name]) for name in ("temperature_K", "pressure_GPa", "resolution_THz")},
            overlap_halves_hp=number(row.get("overlap_halves_hp")),
            overlap_halves_reference=number(row.get("overlap_halves_reference")),
        )
        for row in overlaps.to_dict("records")
    ]


def best_structures(unique: pd.DataFrame, labelled: pd.DataFrame) -> list[Structure]:
    """The lowest structures of one pressure by HP enthalpy; the reference energy where there is one."""
    if unique.empty:
        return []
    energies = labelled.set_index("id")[REFERENCE] if len(labelled) else pd.Series(dtype=float)
    rows = unique.sort_values(ENTHALPY, kind="stable").head(BEST).to_dict("records")
    lowest = float(rows[0][ENTHALPY])
    return [
        Structure(
            id=str(row["id"]),
            formula_units=int(row["formula_units"]),
            space_group=None if number(row["space_group"]) is None else int(row["space_group"]),
            coordination=number(row["coordination"]),
            enthalpy_above_lowest_meV_per_atom=1000 * (float(row[ENTHALPY]) - lowest),
            volume_A3_per_atom=float(row["volume_A3_per_atom"]),
            energy_search_eV_per_atom=float(row[ENERGY]),
            energy_reference_eV_per_atom=number(energies.get(row["id"])),
        )
        for row in rows
    ]


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
                sound=None
                if relaxed is None
                else int(((relaxed["pressure_GPa"] == p) & (relaxed["status"] == "ok")).sum()),
                unique=int((unique["pressure_GPa"] == p).sum()),
                best=best_structures(unique[unique["pressure_GPa"] == p], labelled[labelled["pressure_GPa"] == p]),
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
    stages: dict[str, list[pd.DataFrame]] = {}
    for rule, table in jobs:
        numbers = table.reindex(columns=["s", "cpu_time", "max_rss"]).apply(pd.to_numeric, errors="coerce")
        stages.setdefault(stage_of(rule), []).append(numbers)
    return [
        Cost(
            stage=stage,
            jobs=len(tables),
            wall_s=round(float(sum(table["s"].sum() for table in tables)), 1),
            cpu_s=round(float(sum(table["cpu_time"].sum() for table in tables)), 1),
            largest_memory_MB=number(max((table["max_rss"].max() for table in tables), key=lambda x: np.nan_to_num(x))),
        )
        for stage, tables in sorted(stages.items())
    ]
