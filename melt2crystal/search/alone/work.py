"""What the worker processes of a search without a study do, and how it ends before its time."""

import multiprocessing
import resource
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from melt2crystal.engines.scratch import end_with_parent
from melt2crystal.search.alone.potential import quiet
from melt2crystal.search.candidate import BatchRelaxation, Candidate, Conditions
from melt2crystal.search.found.minima import DESCENDANT_MARK
from melt2crystal.train.calculators import is_calculator
from melt2crystal.train.models import RelaxerFactory

RATTLED = "rattled"  # kind of those that are tested for being minima


class OutOfTime(Exception):
    """The core-minutes of a cell size are spent."""


class Stopped(KeyboardInterrupt):
    """A signal asked the search to end; what is finished is kept.

    Attributes:
        signal: its number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.signal = number


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """SIGINT (Ctrl-C) and SIGTERM raise :class:`Stopped` once; while results are then written they are passed over."""

    def stop(number: int, _: Any) -> None:
        for name in former:
            signal.signal(name, signal.SIG_IGN)
        raise Stopped(number)

    former = {name: signal.getsignal(name) for name in (signal.SIGINT, signal.SIGTERM)}
    for name in former:
        signal.signal(name, stop)
    try:
        yield
    finally:
        for name, handler in former.items():
            signal.signal(name, handler)


def kind_of(name: str) -> str:
    """Which conditions hold for a candidate: its cell size (``z4``), or ``RATTLED``."""
    if name.endswith(DESCENDANT_MARK):
        return RATTLED
    return next((part for part in name.split("-") if part[:1] == "z" and part[1:].isdigit()), name.split("-")[0])


@dataclass(frozen=True)
class MakeWork:
    """Called once in each worker process; picklable.

    Args:
        member: the model that drives the search.
        conditions: kind of candidate -> conditions.
    """

    member: Path
    conditions: dict[str, Conditions]

    def __call__(self) -> "Work":
        """Load the model; a process that is a worker leaves signals to the one it works for, and ends with it."""
        if multiprocessing.parent_process() is not None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            end_with_parent()
        quiet()
        relaxer = RelaxerFactory(str(self.member))()
        clock = time.perf_counter if is_calculator(self.member) else core_s
        return Work({kind: BatchRelaxation(lambda: relaxer, own) for kind, own in self.conditions.items()}, clock)


def core_s() -> float:
    """Core-seconds of this process and of all that it started, LAMMPS for one, ended or not."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = time.process_time() + ended.ru_utime + ended.ru_stime
    for child in psutil.Process().children(recursive=True):
        try:
            times = child.cpu_times()
        except psutil.Error:  # it ended just now
            continue
        spent += times.user + times.system
    return spent


class Work:
    """Relaxes batches of candidates of any kind."""

    def __init__(self, relaxations: dict[str, BatchRelaxation], clock: Callable[[], float]) -> None:
        self.relaxations, self.clock = relaxations, clock

    def __call__(self, batch: Sequence[Candidate]) -> list[dict[str, Any]]:
        """Results of a batch, all of one kind; a calculator's own process is timed by its wall time."""
        return self.relaxations[kind_of(batch[0].name)](batch)
