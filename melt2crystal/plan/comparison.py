"""A plan beside what a finished study really cost, and its ratios carried over to another study's plan."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.ledger import HOUR_S
from melt2crystal.jobs.progress import measured_seconds
from melt2crystal.plan.rows import Factor, Row
from melt2crystal.plan.units import least_firm


def compared(rows: Iterable[Row], jobs: Iterable[Job], root: Path) -> pd.DataFrame:
    """Rows whose jobs have left benchmark files, planned and measured.

    Only measured jobs count on both sides: of a loop that ended early, the iterations that took place.

    Returns:
        box, rule, gpus, jobs, planned_s, measured_s: wall time times cores, s.
    """
    seconds = {job.number: measured_seconds(root / job.benchmark) for job in jobs if job.benchmark}
    table = []
    for row in rows:
        known = [found for number in row.jobs if (found := seconds.get(number)) is not None]
        if known:
            table.append(
                {
                    "box": row.box,
                    "rule": row.rule,
                    "gpus": row.gpus,
                    "jobs": len(known),
                    "planned_s": row.job_s * row.cores * len(known),
                    "measured_s": sum(known) * row.cores,
                }
            )
    return pd.DataFrame(table, columns=["box", "rule", "gpus", "jobs", "planned_s", "measured_s"])


def ratios(table: pd.DataFrame) -> dict[tuple[str, int], float]:
    """Measured over planned by rule and number of GPUs."""
    sums = table.groupby(["rule", "gpus"])[["planned_s", "measured_s"]].sum()
    return {
        (str(rule), int(gpus)): float(row["measured_s"] / row["planned_s"])
        for (rule, gpus), row in sums.iterrows()
        if row["planned_s"] > 0
    }


def corrected(rows: Iterable[Row], by: Mapping[tuple[str, int], float], name: str, labels: bool) -> list[Row]:
    """The rows times the ratios of another study.

    Args:
        by: of :func:`ratios`.
        labels: whether its labels tell anything (the same engine, and no expectation in the study itself).
    """
    done = []
    for row in rows:
        factor = by.get((row.rule, row.gpus))
        if factor is None or (row.rule == "label_shard" and not labels):
            done.append(row)
        else:
            scaled = row.times(Factor(factor, f"as in {name}"))
            done.append(replace(scaled, basis=least_firm([row.basis, "measured"])))
    return done


def as_text(table: pd.DataFrame) -> str:
    """Planned and measured by box, in the order of the rows, and all together."""
    sums = table.groupby("box", sort=False)[["jobs", "planned_s", "measured_s"]].sum()
    sums.loc["all"] = sums.sum()
    lines = [f"{'box':<18}{'jobs':>6}{'planned':>12}{'measured':>12}{'planned/measured':>18}   core-hours"]
    for box, jobs, planned, measured in sums.itertuples():
        ratio = f"{planned / measured:.2f}" if measured else ""
        lines.append(f"{box:<18}{jobs:>6.0f}{planned / HOUR_S:>12.3g}{measured / HOUR_S:>12.3g}{ratio:>18}")
    return "\n".join(lines)
