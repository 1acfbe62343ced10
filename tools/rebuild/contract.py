"""The rebuild contract as plain data: which jobs another study makes run, and what follows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.stages import Box, boxed


@dataclass(frozen=True)
class JobRecord:
    """A job and all that decides whether it is up to date.

    Attributes:
        job: the job; ``job.depends`` are the jobs it waits for.
        params: its parameters as Snakemake records them.
        command: its shell command with the wildcards' names in it.
        inputs: paths of its input files.
        follows: numbers of the jobs after whose rerun it runs again; those of ``ancient`` files are not among them.
    """

    job: Job
    params: tuple[str, ...]
    command: str
    inputs: tuple[str, ...]
    follows: tuple[int, ...]

    @property
    def identity(self) -> tuple[str, ...]:
        """The same in two studies if it is the same job."""
        return (self.job.rule, *(f"{name}={value}" for name, value in sorted(self.job.wildcards.items())))

    @property
    def state(self) -> tuple[object, ...]:
        """What makes the job run again when it differs."""
        return set(self.params), self.command, set(self.inputs), set(self.job.outputs)


@dataclass(frozen=True)
class Effect:
    """What a changed study costs.

    Attributes:
        again: rules with a job that exists already and whose parameters, command, inputs or outputs changed, or that
            makes a file which another rule made.
        new: rules with a job that did not exist.
        gone: rules with a job that is asked for no longer.
        follows: boxes with a job that runs only because of jobs before it.
        stays: boxes without any job that runs.
    """

    again: frozenset[str] = frozenset()
    new: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    follows: frozenset[str] = frozenset()
    stays: frozenset[str] = frozenset()


def effect(before: Iterable[JobRecord], after: Iterable[JobRecord], boxes: list[Box]) -> Effect:
    """What the second study makes run in a finished first one, read from the jobs alone.

    Args:
        before, after: all jobs of both studies that make files.
        boxes: the table of boxes.
    """
    was, now = {one.identity: one for one in before}, {one.identity: one for one in after}
    moved = {name for name in now.keys() & was.keys() if not set(was[name].job.outputs) & set(now[name].job.outputs)}
    added = (now.keys() - was.keys()) | moved
    there = {file for one in was.values() for file in one.job.outputs}
    taken_over = {name for name in added if there & set(now[name].job.outputs)}  # by another rule: the files exist
    changed = {name for name in (now.keys() & was.keys()) - moved if was[name].state != now[name].state}
    again = [now[name].job for name in sorted(changed | taken_over)]
    new = [now[name].job for name in sorted(added - taken_over)]
    gone = [was[name].job for name in was.keys() - now.keys()]
    return effect_of(now.values(), again, new, gone, boxes)


def effect_of(jobs: Iterable[JobRecord], again: list[Job], new: list[Job], gone: list[Job], boxes: list[Box]) -> Effect:
    """The effect of jobs that begin, and of those they make follow."""
    jobs = list(jobs)
    names = {number: box.box for number, box in boxed((one.job for one in jobs), boxes).items()}
    own = {job.number for job in (*again, *new)}
    behind = followers(jobs, own) - own
    return Effect(
        frozenset(job.rule for job in again),
        frozenset(job.rule for job in new),
        frozenset(job.rule for job in gone),
        frozenset(names[number] for number in behind),
        frozenset(box.box for box in boxes) - {names[number] for number in own | behind},
    )


def followers(jobs: Iterable[JobRecord], begun: Iterable[int]) -> set[int]:
    """Numbers of the jobs that run when these run, themselves included."""
    after: dict[int, list[int]] = {}
    for one in jobs:
        for number in one.follows:
            after.setdefault(number, []).append(one.job.number)
    found, queue = set(begun), deque(begun)
    while queue:
        for number in after.get(queue.popleft(), ()):
            if number not in found:
                found.add(number)
                queue.append(number)
    return found
