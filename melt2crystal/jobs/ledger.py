"""What a study cost: core-hours and GPU-hours by box, stage and iteration, per kept label, and what was spent in vain.

Reserved core-hours are wall time times the threads a rule asks for, which is what a cluster bills; used ones are CPU
time as Snakemake's benchmark files have it. A benchmark file holds the last successful attempt at a job: what earlier
ones took is known only as far as the driver's logs still are there and say that they failed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from melt2crystal import markdown
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.progress import benchmark_times
from melt2crystal.jobs.stages import Box

HOUR_S = 3600.0
COSTS = ["core_hours", "cpu_hours", "gpu_hours"]
KEYS = ["box", "stage", "iteration"]
COLUMNS = [*KEYS, "jobs", "wall_hours", *COSTS, "kept_labels", "failed_labels"]
FORMER = "former settings"
LABEL_TABLE = "labels.csv"


@dataclass(frozen=True)
class Waste:
    """Something paid for that nothing came of."""

    what: str
    jobs: int
    core_hours: float
    gpu_hours: float


def _place(job: Job, boxes: Mapping[int, Box]) -> dict[str, str]:
    """Where a job stands in the ledger."""
    return {"box": boxes[job.number].title, "stage": job.stage, "iteration": job.iteration or ""}


def job_costs(jobs: Iterable[Job], boxes: Mapping[int, Box], root: Path, cores: int | None = None) -> pd.DataFrame:
    """One row for each job with a benchmark file.

    Args:
        root: folder the jobs' paths are relative to.
        cores: most threads a job can have had, None for as many as it asks for.

    Returns:
        box (its title), stage, iteration ("" outside the loop), rule, wall_hours, core_hours, cpu_hours, gpu_hours.
    """
    rows = []
    for job in with_outputs(jobs):
        if job.benchmark and (times := benchmark_times(root / job.benchmark)):
            wall, cpu = (seconds / HOUR_S for seconds in times)
            core = wall * min(job.threads, cores or job.threads)
            costs = {"wall_hours": wall, "core_hours": core, "cpu_hours": cpu, "gpu_hours": wall * job.gpus}
            rows.append({**_place(job, boxes), "rule": job.rule, **costs})
    return pd.DataFrame(rows, columns=[*KEYS, "rule", "wall_hours", *COSTS])


def label_counts(jobs: Iterable[Job], boxes: Mapping[int, Box], root: Path) -> pd.DataFrame:
    """One row for each finished batch of labels: box, stage, iteration, kept_labels, failed_labels, and the seconds
    that the reference took for the labels that failed (whenever it computed them)."""
    rows = []
    for job in with_outputs(jobs):
        for path in (root / name for name in job.outputs if Path(name).name == LABEL_TABLE):
            if path.is_file():
                table = pd.read_csv(path)
                failed = table[table["status"] != "ok"]
                seconds = pd.to_numeric(failed["seconds"], errors="coerce").sum()
                counts = {"kept_labels": len(table) - len(failed), "failed_labels": len(failed)}
                rows.append({**_place(job, boxes), **counts, "failed_s": float(seconds)})
    return pd.DataFrame(rows, columns=[*KEYS, "kept_labels", "failed_labels", "failed_s"])


def ledger(costs: pd.DataFrame, labels: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """Costs by box, stage and iteration, with the labels that came of them.

    Args:
        costs, labels: of :func:`job_costs` and :func:`label_counts`.
        order: titles of boxes as they shall follow each other; others come last.

    Returns:
        The columns COLUMNS; hours.
    """
    sums = costs.groupby(KEYS, sort=True)[["wall_hours", *COSTS]].sum()
    sums.insert(0, "jobs", costs.groupby(KEYS).size())
    counted = labels.groupby(KEYS)[["kept_labels", "failed_labels"]].sum()
    table = sums.join(counted, how="left").fillna({"kept_labels": 0, "failed_labels": 0}).reset_index()
    table = table.astype({"jobs": int, "kept_labels": int, "failed_labels": int})
    place = {title: number for number, title in enumerate(order)}
    ranked = table.assign(rank=table["box"].map(lambda title: place.get(title, len(place))))
    return ranked.sort_values(["rank", *KEYS], ignore_index=True)[COLUMNS]


def former_costs(jobs: Iterable[Job], benchmarks: Path, root: Path) -> Waste:
    """Benchmark files that no job of the study leaves any more: settings that were tried before."""
    current = {(root / job.benchmark).resolve() for job in jobs if job.benchmark}
    former = (benchmark_times(path) for path in sorted(benchmarks.glob("*/*.tsv")) if path.resolve() not in current)
    seconds = [times[0] for times in former if times]
    return Waste(FORMER, len(seconds), sum(seconds) / HOUR_S, 0.0)


def failed_attempts(seconds_of: Iterable[tuple[str, float | None]], jobs: Iterable[Job], cores: int | None) -> Waste:
    """Attempts at jobs that failed.

    Args:
        seconds_of: (log file of the job, seconds or None if they are not known) of each failed attempt.
    """
    by_log = {job.log: job for job in jobs if job.log}
    core_s = gpu_s = 0.0
    count = 0
    for log, seconds in seconds_of:
        job = by_log.get(log)
        count += 1
        core_s += (seconds or 0.0) * (min(job.threads, cores or job.threads) if job else 1)
        gpu_s += (seconds or 0.0) * (job.gpus if job else 0)
    return Waste("failed attempts", count, core_s / HOUR_S, gpu_s / HOUR_S)


def failed_labels(labels: pd.DataFrame) -> Waste:
    """Labels that were computed and not kept; one core is counted for each."""
    return Waste("failed labels", int(labels["failed_labels"].sum()), float(labels["failed_s"].sum()) / HOUR_S, 0.0)


def per_label(table: pd.DataFrame) -> pd.DataFrame:
    """Core-seconds and GPU-seconds of labelling by box and iteration, divided by the labels kept there."""
    labelled = table[table["kept_labels"] > 0]
    each = labelled[["core_hours", "gpu_hours"]].mul(HOUR_S).div(labelled["kept_labels"], axis="index")
    each.columns = ["core_s_per_label", "gpu_s_per_label"]
    return labelled[["box", "iteration", "kept_labels"]].join(each).reset_index(drop=True)


PAGE = """# What the study {study} cost

Reserved: wall time times threads. Used: CPU time. Both of the last successful attempt at each job.

{boxes}

## Per kept label

{labels}

All that labelling did there is shared out, labels looked up instead of computed included.

## Spent in vain

{wasted}

Failed attempts as far as `.snakemake/log` still tells of them.
"""
LABELS = {
    "labels of": "{box}",
    "iteration": "{iteration}",
    "kept": "{kept_labels}",
    "core-s each": "{core_s_per_label:.3g}",
    "GPU-s each": "{gpu_s_per_label:.3g}",
}
WASTE = {"what": "{what}", "number": "{jobs}", "core-hours": "{core_hours:.3g}", "GPU-hours": "{gpu_hours:.3g}"}


def as_markdown(study: str, table: pd.DataFrame, wasted: Iterable[Waste]) -> str:
    """The ledger as a page."""
    labels = markdown.records(LABELS, per_label(table).to_dict("records"))
    return PAGE.format(
        study=study, boxes=_boxes(table), labels=labels, wasted=markdown.records(WASTE, map(vars, wasted))
    )


def _boxes(table: pd.DataFrame) -> str:
    """Each row, then the sums; no labels are no words."""
    counts = ["jobs", "kept_labels", "failed_labels"]
    text = table[[*KEYS, "jobs", *COSTS, *counts[1:]]].astype({name: object for name in counts[1:]})
    text[COSTS] = text[COSTS].map("{:.3g}".format)
    text[counts[1:]] = text[counts[1:]].replace(0, "")
    total = {**table[counts].sum(), **table[COSTS].sum().map("**{:.3g}**".format)}
    text.loc[len(text)] = {"box": "**all**", "stage": "", "iteration": "", **total}
    head = ("box", "stage", "iteration", "jobs", "core-hours reserved", "used", "GPU-hours", "labels kept", "failed")
    return markdown.table(head, text.to_numpy())
