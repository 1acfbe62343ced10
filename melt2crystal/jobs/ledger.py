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
        if job.benchmark and (measured := _measured(root / job.benchmark)) is not None:
            threads = min(job.threads, cores or job.threads)
            rows.append(
                {
                    "box": boxes[job.number].title,
                    "stage": job.stage,
                    "iteration": job.iteration or "",
                    "rule": job.rule,
                    "wall_hours": measured[0] / HOUR_S,
                    "core_hours": measured[0] * threads / HOUR_S,
                    "cpu_hours": measured[1] / HOUR_S,
                    "gpu_hours": measured[0] * job.gpus / HOUR_S,
                }
            )
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
                rows.append(
                    {
                        "box": boxes[job.number].title,
                        "stage": job.stage,
                        "iteration": job.iteration or "",
                        "kept_labels": len(table) - len(failed),
                        "failed_labels": len(failed),
                        "failed_s": float(pd.to_numeric(failed["seconds"], errors="coerce").sum()),
                    }
                )
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
    seconds = [
        measured[0]
        for path in sorted(benchmarks.glob("*/*.tsv"))
        if path.resolve() not in current and (measured := _measured(path)) is not None
    ]
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
    return pd.DataFrame(
        {
            "box": labelled["box"],
            "iteration": labelled["iteration"],
            "kept_labels": labelled["kept_labels"],
            "core_s_per_label": labelled["core_hours"] * HOUR_S / labelled["kept_labels"],
            "gpu_s_per_label": labelled["gpu_hours"] * HOUR_S / labelled["kept_labels"],
        }
    ).reset_index(drop=True)


def as_markdown(study: str, table: pd.DataFrame, wasted: Iterable[Waste]) -> str:
    """The ledger as a page."""
    lines = [
        f"# What the study {study} cost",
        "",
        "Reserved: wall time times threads. Used: CPU time. Both of the last successful attempt at each job.",
        "",
        _boxes(table),
        "",
        "## Per kept label",
        "",
        _labels(table),
        "",
        "All that labelling did there is shared out, labels looked up instead of computed included.",
        "",
        "## Spent in vain",
        "",
        markdown.table(
            ("what", "number", "core-hours", "GPU-hours"),
            [(w.what, w.jobs, _hours(w.core_hours), _hours(w.gpu_hours)) for w in wasted],
        ),
        "",
        "Failed attempts as far as `.snakemake/log` still tells of them.",
        "",
    ]
    return "\n".join(lines)


def _boxes(table: pd.DataFrame) -> str:
    rows = [
        (
            *(row[name] for name in KEYS),
            row["jobs"],
            *(_hours(row[name]) for name in COSTS),
            row["kept_labels"] or "",
            row["failed_labels"] or "",
        )
        for row in table.to_dict("records")
    ]
    total = table[["jobs", *COSTS, "kept_labels", "failed_labels"]].sum().to_dict()
    counts = [f"{total[name]:.0f}" for name in ("jobs", "kept_labels", "failed_labels")]
    rows.append(("**all**", "", "", counts[0], *(f"**{_hours(total[name])}**" for name in COSTS), *counts[1:]))
    return markdown.table(
        ("box", "stage", "iteration", "jobs", "core-hours reserved", "used", "GPU-hours", "labels kept", "failed"), rows
    )


def _labels(table: pd.DataFrame) -> str:
    rows = [
        (
            row["box"],
            row["iteration"],
            row["kept_labels"],
            f"{row['core_s_per_label']:.3g}",
            f"{row['gpu_s_per_label']:.3g}",
        )
        for row in per_label(table).to_dict("records")
    ]
    return markdown.table(("labels of", "iteration", "kept", "core-s each", "GPU-s each"), rows)


def _hours(hours: float) -> str:
    return f"{hours:.3g}" if hours else "0"


def _measured(path: Path) -> tuple[float, float] | None:
    """Wall and CPU seconds of a benchmark file, None without a wall time."""
    try:
        table = pd.read_csv(path, sep="\t")
        seconds, cpu = (pd.to_numeric(table[name], errors="coerce").sum(min_count=1) for name in ("s", "cpu_time"))
    except (OSError, KeyError, ValueError):
        return None
    return None if pd.isna(seconds) else (float(seconds), 0.0 if pd.isna(cpu) else float(cpu))
