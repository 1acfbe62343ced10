"""Runs batches of candidates in worker processes; every finished batch is in a journal at once, so that a killed search
goes on."""

import hashlib
import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from melt2crystal.errors import UserError
from melt2crystal.files import append_line, digest_of_file, read_lines
from melt2crystal.search.candidate import Candidate
from melt2crystal.settings import to_text

Batch = tuple[Candidate, ...]
Result = dict[str, Any]
Work = Callable[[Batch], list[Result]]


class Journal:
    """Append-only file of finished batches, one JSON line each, keyed by what made them.

    Args:
        folder: where journals lie, beside the outputs.
        key: digest of everything a result depends on; another key is another file, so stale results are never reused.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path = Path(folder) / f"{key[:16]}.jsonl"

    def read(self) -> dict[str, dict[str, Any]]:
        """Name -> results and core_s; a line that a kill cut short is left out."""
        return {entry["name"]: entry["result"] for entry in read_lines(self.path)[0]}

    def append(self, name: str, result: dict[str, Any]) -> None:
        """Write one batch and wait until it is on the disk."""
        append_line(self.path, json.dumps({"name": name, "result": result}, sort_keys=True))


def key_of(settings: dict[str, Any], files: Iterable[Path]) -> str:
    """Digest of settings and of the content of files (models, melts, the code that makes a candidate)."""
    digests = [digest_of_file(path) for path in files]
    return hashlib.sha256(to_text({"settings": settings, "files": digests}).encode()).hexdigest()


class Crew:
    """Worker processes that take whole batches, for as many generations as a search has; a context.

    Which candidates share a batch is part of the result, and no matter of the workers: see LockStep.

    Args:
        make_work: called once in each process (picklable: processes are spawned); returns what turns a batch into
            JSON-able results. Not called if the journal has everything.
        workers: processes; 1 works in this one. The results do not depend on it.
        journal: what is in it is not computed again.
        size: candidates in a batch.
        report: gets a line of progress for each batch.
    """

    def __init__(
        self,
        make_work: Callable[[], Work],
        workers: int,
        journal: Journal,
        size: int,
        report: Callable[[str], None] = print,
    ) -> None:
        self.make_work, self.workers, self.journal, self.size, self.report = make_work, workers, journal, size, report
        self.known = journal.read()
        self.core_s = 0.0  # of all batches that were asked for, also of those an earlier run computed
        self._work: Work | None = None
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def abandon(self) -> None:
        """End the worker processes at once, with what they are doing."""
        for process in list((getattr(self._pool, "_processes", None) or {}).values()):
            process.terminate()

    def finished(self, candidates: Sequence[Candidate]) -> list[tuple[Candidate, Result]]:
        """Candidates of one call of :meth:`results` whose batch is done, with their results: also after it was left."""
        batches = self._batches(candidates)
        done = [(batch, self.known[name_of(batch)]["results"]) for batch in batches if name_of(batch) in self.known]
        return [pair for batch, results in done for pair in zip(batch, results, strict=True)]

    def spent_core_s(self, candidates: Sequence[Candidate] = ()) -> float:
        """Core-seconds of all calls of :meth:`results`, and of what is done of the one under way."""
        names = [name_of(batch) for batch in self._batches(candidates)]
        return self.core_s + sum(float(self.known[name]["core_s"]) for name in names if name in self.known)

    def _batches(self, candidates: Sequence[Candidate]) -> list[Batch]:
        return [tuple(candidates[k : k + self.size]) for k in range(0, len(candidates), self.size)]

    def results(self, candidates: Sequence[Candidate]) -> list[Result]:
        """Results of candidates, in their order.

        Raises:
            UserError: worker processes die whatever is tried; what is finished is in the journal, and a rerun
                continues.
        """
        batches = self._batches(candidates)
        waiting = [batch for batch in batches if name_of(batch) not in self.known]
        if len(waiting) < len(batches):
            self.report(f"{len(batches) - len(waiting)} of {len(batches)} batches are in {self.journal.path}")
        for batch, done in self._finished(waiting):
            self.journal.append(name_of(batch), done)
            self.known[name_of(batch)] = done
            self.report(in_words(batch, done))
        own = [self.known[name_of(batch)] for batch in batches]
        self.core_s += sum(done["core_s"] for done in own)
        return [result for done in own for result in done["results"]]

    def _finished(self, waiting: list[Batch]) -> Iterator[tuple[Batch, dict[str, Any]]]:
        if not waiting:
            return
        if self.workers <= 1:
            self._work = self._work or self.make_work()
            for batch in waiting:
                yield batch, _timed(self._work, batch)
            return
        left, fruitless = {name_of(batch): batch for batch in waiting}, 0
        while left:
            before = len(left)
            try:
                for batch, done in self._of_the_pool(list(left.values())):
                    del left[name_of(batch)]
                    yield batch, done
            except BrokenProcessPool as error:
                self._pool = None
                fruitless = fruitless + 1 if len(left) == before else 0
                if fruitless > 1:  # nothing was finished since the last of them died
                    raise UserError(
                        "a worker process of the search died (killed, out of memory, or its calculator could not be "
                        "made); the log above may say why. Finished batches are kept: run again to continue"
                    ) from error
                self.report(f"a worker process died; {len(left)} batches go to new ones")

    def _of_the_pool(self, batches: list[Batch]) -> Iterator[tuple[Batch, dict[str, Any]]]:
        if self._pool is None:
            # spawn: TensorFlow does not survive a fork
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(self.workers, context, initializer=_begin, initargs=(self.make_work,))
        futures = {self._pool.submit(_do, batch): batch for batch in batches}
        for future in as_completed(futures):
            yield futures[future], future.result()


def name_of(batch: Batch) -> str:
    """Name of a batch in the journal: its first candidate, and how many there are."""
    return f"{batch[0].name}+{len(batch)}"


def in_words(batch: Batch, done: dict[str, Any]) -> str:
    """One line about a finished batch."""
    statuses = [result["status"].split(":")[0] for result in done["results"]]
    counts = ", ".join(f"{statuses.count(status)} {status}" for status in dict.fromkeys(statuses))
    return f"{batch[0].name} to {batch[-1].name}: {counts}; {done['core_s'] / len(batch):.2f} core-seconds each"


def _timed(work: Work, batch: Batch) -> dict[str, Any]:
    clock = getattr(work, "clock", time.process_time)  # another one where another process does the work
    begun = clock()
    results = work(batch)
    return {"results": results, "core_s": round(clock() - begun, 3)}


_work: Work | None = None


def _begin(make_work: Callable[[], Work]) -> None:
    global _work
    _work = make_work()


def _do(batch: Batch) -> dict[str, Any]:
    assert _work is not None
    return _timed(_work, batch)
