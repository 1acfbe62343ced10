"""A plan beside what a finished study really cost, and its ratios carried over to another study's plan."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.ledger import HOUR_S
from melt2crystal.jobs.progress import measured_seconds
from melt2crystal.plan.rows import Factor, Row


def compared(rows: Iterable[Row], jobs: Iterable[Job], root: Path) -> pd.DataFrame:
    """Rows whose jobs have left benchmark files, planned and measured.

    Only measured jobs count on both sides: of a loop that ended early, the iterations that took place.

    Returns:
        box, rule, gpus, jobs, planned_s, measured_s: wall time times cores, s.
    """
    seconds = measured_seconds(jobs, root)
    table = []
    for row in rows:
        known = [seconds[number] for number in row.jobs if number in seconds]
        if known:
            planned_s, measured_s = row.job_s * row.cores * len(known), sum(known) * row.cores
            table.append((row.box, row.rule, row.gpus, len(known), planned_s, measured_s))
    return pd.DataFrame(table, columns=["box", "rule", "gpus", "jobs", "planned_s", "measured_s"])


def ratios(table: pd.DataFrame) -> dict[tuple[str, int], float]:
    """Measured over planned by rule and number of GPUs."""
    sums = table.groupby(["rule", "gpus"])[["planned_s", "measured_s"]].sum().query("planned_s > 0")
    return (sums["measured_s"] / sums["planned_s"]).to_dict()


def corrected(rows: Iterable[Row], by: Mapping[tuple[str, int], float], name: str, labels: bool) -> list[Row]:
    """The rows times the ratios of another study.

    Args:
        by: of :func:`ratios`.
        labels: whether its labels tell anything (the same engine, and no expectation in the study itself).
    """
    known = {key: Factor(ratio, f"as in {name}") for key, ratio in by.items() if labels or key[0] != "label_shard"}
    return [row.times(known[row.rule, row.gpus]) if (row.rule, row.gpus) in known else row for row in rows]


def as_text(table: pd.DataFrame) -> str:
    """Planned and measured by box, in the order of the rows, and all together."""
    sums = table.groupby("box", sort=False)[["jobs", "planned_s", "measured_s"]].sum()
    sums.loc["all"] = sums.sum()
    lines = [f"{'box':<18}{'jobs':>6}{'planned':>12}{'measured':>12}{'planned/measured':>18}   core-hours"]
    for box, jobs, planned, measured in sums.itertuples():
        ratio = f"{planned / measured:.2f}" if measured else ""
        lines.append(f"{box:<18}{jobs:>6.0f}{planned / HOUR_S:>12.3g}{measured / HOUR_S:>12.3g}{ratio:>18}")
    return "\n".join(lines)
