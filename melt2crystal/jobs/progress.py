"""How far a study is and how long it still takes, from finished jobs of the same kind."""

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Literal

import pandas as pd

from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.stages import Box

State = Literal["done", "running", "failed", "interrupted", "waiting"]
STATES: tuple[State, ...] = ("done", "running", "failed", "interrupted", "waiting")


@dataclass(frozen=True)
class Progress:
    """State of each job, and for running ones the seconds since they began."""

    states: dict[int, State]
    elapsed: dict[int, float] = field(default_factory=dict)


def benchmark_times(path: Path) -> tuple[float, float] | None:
    """Wall and CPU time in one of Snakemake's benchmark files, s; None without a wall time."""
    try:
        table = pd.read_csv(path, sep="\t")
        seconds, cpu = (pd.to_numeric(table[name], errors="coerce").sum(min_count=1) for name in ("s", "cpu_time"))
    except (OSError, KeyError, ValueError):
        return None
    return None if pd.isna(seconds) else (float(seconds), 0.0 if pd.isna(cpu) else float(cpu))


def measured_seconds(jobs: Iterable[Job], root: Path) -> dict[int, float]:
    """Wall time of each job that has left its benchmark file, s."""
    found = {job.number: benchmark_times(root / job.benchmark) for job in jobs if job.benchmark}
    return {number: times[0] for number, times in found.items() if times}


def expected_seconds(jobs: Iterable[Job], root: Path) -> dict[int, float]:
    """Seconds each job should take: its own last time, else the median of its rule; absent if neither is known."""
    jobs = with_outputs(jobs)
    rules = pd.Series({job.number: job.rule for job in jobs}, dtype=str)
    own = pd.Series(measured_seconds(jobs, root), dtype=float).reindex(rules.index)
    return own.fillna(own.groupby(rules).transform("median")).dropna().to_dict()


def left(job: Job, progress: Progress, expected: Mapping[int, float]) -> float:
    """Seconds a job still needs; one that is late is taken to be at its end."""
    if progress.states.get(job.number) == "done" or job.number not in expected:
        return 0.0
    return max(expected[job.number] - progress.elapsed.get(job.number, 0.0), 0.0)


def time_left(jobs: Iterable[Job], progress: Progress, expected: Mapping[int, float], room: int) -> float:
    """Wall seconds until all is done, if jobs start in the order of their numbers as soon as there is room for them.

    Args:
        room: cores; a job that asks for more gets all.
    """
    todo = {job.number: job for job in with_outputs(jobs) if progress.states.get(job.number) != "done"}
    order = TopologicalSorter({number: todo.keys() & set(job.depends) for number, job in todo.items()})
    order.prepare()
    ready: list[int] = []
    running: list[tuple[float, int, int]] = []
    now, free = 0.0, room
    while order.is_active():
        ready = sorted([*ready, *order.get_ready()], key=lambda number: (progress.states[number] != "running", number))
        for number in list(ready):
            threads = min(todo[number].threads, room)
            if threads <= free:
                free -= threads
                ready.remove(number)
                heapq.heappush(running, (now + left(todo[number], progress, expected), number, threads))
        now, number, threads = heapq.heappop(running)
        free += threads
        order.done(number)
    return now


def by_box(
    jobs: Iterable[Job],
    boxes: Mapping[int, Box],
    progress: Progress,
    expected: Mapping[int, float],
    order: list[str],
) -> pd.DataFrame:
    """One row per box: counts of each state, seconds of work left, jobs of unknown duration.

    Args:
        order: titles of boxes as they shall follow each other; others come last.
    """
    rows = [
        {
            "box": boxes[job.number].title,
            "jobs": 1,
            **{state: int(progress.states[job.number] == state) for state in STATES},
            "left_s": left(job, progress, expected),
            "unknown": int(progress.states[job.number] != "done" and job.number not in expected),
        }
        for job in with_outputs(jobs)
    ]
    table = pd.DataFrame(rows).groupby("box", sort=True).sum()
    return table.loc[sorted(table.index, key=lambda title: order.index(title) if title in order else len(order))]


def in_words(seconds: float) -> str:
    """A duration as a person says it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"
