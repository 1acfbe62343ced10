"""How far a study is and how long it still takes, from finished jobs of the same kind."""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
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


def measured_seconds(path: Path) -> float | None:
    """Wall time in one of Snakemake's benchmark files, s; the mean of repetitions; None without a number."""
    try:
        seconds = pd.to_numeric(pd.read_csv(path, sep="\t")["s"], errors="coerce").mean()
    except (OSError, KeyError, ValueError):
        return None
    return None if pd.isna(seconds) else float(seconds)


def expected_seconds(jobs: Iterable[Job], root: Path) -> dict[int, float]:
    """Seconds each job should take: its own last time, else the median of its rule; absent if neither is known."""
    jobs = with_outputs(jobs)
    own = {job.number: measured_seconds(root / job.benchmark) for job in jobs if job.benchmark}
    by_rule: dict[str, list[float]] = defaultdict(list)
    for job in jobs:
        if (seconds := own.get(job.number)) is not None:
            by_rule[job.rule].append(seconds)
    expected = {}
    for job in jobs:
        seconds = own.get(job.number)
        if seconds is None and by_rule[job.rule]:
            seconds = median(by_rule[job.rule])
        if seconds is not None:
            expected[job.number] = seconds
    return expected


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
    waiting = {number: {other for other in job.depends if other in todo} for number, job in todo.items()}
    after: dict[int, list[int]] = defaultdict(list)
    for number, before in waiting.items():
        for other in before:
            after[other].append(number)
    ready = [(progress.states[number] != "running", number) for number, before in waiting.items() if not before]
    heapq.heapify(ready)
    running: list[tuple[float, int, int]] = []
    now, free = 0.0, room
    held: list[tuple[bool, int]] = []
    while ready or running or held:
        while ready:
            entry = heapq.heappop(ready)
            job = todo[entry[1]]
            threads = min(job.threads, room)
            if threads <= free:
                free -= threads
                heapq.heappush(running, (now + left(job, progress, expected), job.number, threads))
            else:
                held.append(entry)
        now, number, threads = heapq.heappop(running)
        free += threads
        for other in after[number]:
            waiting[other].discard(number)
            if not waiting[other]:
                heapq.heappush(ready, (progress.states[other] != "running", other))
        for entry in held:
            heapq.heappush(ready, entry)
        held = []
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
