"""Headline numbers over the runs of a study: each value, their mean, its 95 % interval, what that says of aims."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from melt2crystal.sections.jobs import CURVES, QUANTITIES
from melt2crystal.summary.part import number
from melt2crystal.summary.schema import Summary

LEVEL = 0.95
MET, MISSED, UNDECIDED = "met", "missed", "undecided"


def headline(summary: Summary) -> dict[str, dict[str, float | None]]:
    """Potential -> quantity -> its number; None where the study has no such number.

    Overlaps of spectra and the structures found are HP's alone.
    """
    numbers: dict[str, dict[str, float | None]] = {}
    for potential in sorted({*summary.held_out, *summary.energy_volume, *summary.relaxed_totals}):
        found: dict[str, float | None] = dict.fromkeys(QUANTITIES)
        if held := summary.held_out.get(potential):
            found["held_out_energy_meV_per_atom"] = held.energy_rmse_meV_per_atom
            found["held_out_force_eV_per_A"] = held.force_rmse_eV_per_A
        if curves := summary.energy_volume.get(potential):
            for group in CURVES:
                errors = curves.groups.get(group)
                found[f"{group}_curves_meV_per_atom"] = errors.raw_meV_per_atom if errors else None
        if totals := summary.relaxed_totals.get(potential):
            at_rest = min(totals, key=lambda total: abs(total.pressure_GPa))
            found["relaxed_volumes_percent"] = at_rest.volume_rms_percent
            found["crystals_kept"] = at_rest.kept_by_all_members
        if potential == "hp":
            found |= _of_hp(summary)
        numbers[potential] = found
    return numbers


def _of_hp(summary: Summary) -> dict[str, float | None]:
    overlaps = [row.overlap for row in summary.vdos_overlaps or [] if row.overlap is not None]
    search = summary.search
    return {
        "spectra_overlap": float(np.mean(overlaps)) if overlaps else None,
        "found_energies_meV_per_atom": search.rmse_all_meV_per_atom if search else None,
        "structures_found": float(sum(found.unique for found in search.pressures)) if search else None,
    }


def interval(values: Sequence[float]) -> tuple[float, float] | None:
    """The 95 % interval of the mean of independent runs: mean ± t s / sqrt(n); None for fewer than two.

    By Student's t of n - 1 degrees of freedom: Biometrika 6, 1 (1908), doi:10.1093/biomet/6.1.1.
    """
    if len(values) < 2:
        return None
    mean, spread = float(np.mean(values)), float(np.std(values, ddof=1))
    half = float(stats.t.ppf(0.5 + LEVEL / 2, len(values) - 1)) * spread / np.sqrt(len(values))
    return mean - half, mean + half


def verdict(aim: float, of_mean: tuple[float, float] | None, more_is_better: bool) -> str:
    """What an interval says of an aim: met or missed where it lies on one side of it as a whole, else undecided."""
    if of_mean is None:
        return UNDECIDED
    low, high = of_mean if not more_is_better else (-of_mean[1], -of_mean[0])
    aim = -aim if more_is_better else aim
    return MET if high <= aim else MISSED if low > aim else UNDECIDED


def replicates_table(summaries: Mapping[int, Summary], runs: int, aims: Mapping[str, float]) -> pd.DataFrame:
    """A row for each potential and quantity that a run has, and for each that is aimed at.

    Args:
        summaries: number of the run -> its summary, of those that are finished.
        runs: how many there shall be; those that aren't finished have an empty column.
        aims: of HP, quantity -> number.

    Returns:
        potential, quantity, unit, run_1, run_2, ..., n (runs with a number), mean, low, high (95 % interval, NaN for
        fewer than two), aim (NaN: none), verdict (empty: no aim; undecided where a run lacks the number).
    """
    numbers = {run: headline(summary) for run, summary in summaries.items()}
    rows = []
    for potential in sorted({name for of_run in numbers.values() for name in of_run}):
        for name, quantity in QUANTITIES.items():
            of_run = {run: number(found.get(potential, {}).get(name)) for run, found in numbers.items()}
            values = [value for value in of_run.values() if value is not None]
            aim = aims.get(name) if potential == "hp" else None
            if not values and aim is None:
                continue
            of_mean = interval(values)
            judged = of_mean if len(values) == len(numbers) else None  # a run without the number may be the worst
            said = "" if aim is None else verdict(aim, judged, bool(quantity.more_is_better))
            rows.append(
                {
                    "potential": potential,
                    "quantity": name,
                    "unit": quantity.unit,
                    **{f"run_{run}": of_run.get(run) for run in range(1, runs + 1)},
                    "n": len(values),
                    "mean": float(np.mean(values)) if values else None,
                    "low": of_mean[0] if of_mean else None,
                    "high": of_mean[1] if of_mean else None,
                    "aim": aim,
                    "verdict": said,
                }
            )
    table = pd.DataFrame(rows)
    floats = [name for name in table if name in ("mean", "low", "high", "aim") or str(name).startswith("run_")]
    return table.astype(dict.fromkeys(floats, float))
