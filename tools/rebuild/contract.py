"""The rebuild contract as plain data: which jobs another study makes run, and what follows them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.stages import Box, boxed


@dataclass(frozen=True)
class Needs:
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


def effect(before: Iterable[Needs], after: Iterable[Needs], boxes: list[Box]) -> Effect:
    """What the second study makes run in a finished first one, read from the jobs alone.

    Args:
        before, after: all jobs of both studies that make files.
        boxes: the table of boxes.
    """
    was, now = {needs.identity: needs for needs in before}, {needs.identity: needs for needs in after}
    moved = {name for name in now.keys() & was.keys() if not set(_files(was[name])) & set(_files(now[name]))}
    added = (now.keys() - was.keys()) | moved
    there = {file for needs in was.values() for file in _files(needs)}
    taken_over = {name for name in added if there & set(_files(now[name]))}  # by another rule: the files exist
    changed = {name for name in (now.keys() & was.keys()) - moved if _differ(was[name], now[name])}
    again = [now[name].job for name in sorted(changed | taken_over)]
    new = [now[name].job for name in sorted(added - taken_over)]
    gone = [was[name].job for name in was.keys() - now.keys()]
    return effect_of(now.values(), again, new, gone, boxes)


def effect_of(jobs: Iterable[Needs], again: list[Job], new: list[Job], gone: list[Job], boxes: list[Box]) -> Effect:
    """The effect of jobs that begin, and of those they make follow."""
    jobs = list(jobs)
    titles = {number: box.title for number, box in boxed((needs.job for needs in jobs), boxes).items()}
    own = {job.number for job in (*again, *new)}
    behind = followers(jobs, own) - own
    return Effect(
        frozenset(job.rule for job in again),
        frozenset(job.rule for job in new),
        frozenset(job.rule for job in gone),
        frozenset(titles[number] for number in behind),
        frozenset(box.title for box in boxes) - {titles[number] for number in own | behind},
    )


def _files(needs: Needs) -> tuple[str, ...]:
    return needs.job.outputs


def _differ(one: Needs, other: Needs) -> bool:
    return (set(one.params), one.command, set(one.inputs), set(_files(one))) != (
        set(other.params),
        other.command,
        set(other.inputs),
        set(_files(other)),
    )


def followers(jobs: Iterable[Needs], begun: Iterable[int]) -> set[int]:
    """Numbers of the jobs that run when these run, themselves included."""
    after: dict[int, list[int]] = {}
    for needs in jobs:
        for number in needs.follows:
            after.setdefault(number, []).append(needs.job.number)
    found, queue = set(begun), deque(begun)
    while queue:
        for number in after.get(queue.popleft(), ()):
            if number not in found:
                found.add(number)
                queue.append(number)
    return found
