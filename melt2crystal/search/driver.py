"""Runs candidates in worker processes; what is in the journal is not run again."""

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

from melt2crystal.errors import UserError
from melt2crystal.search.candidate import Candidate
from melt2crystal.search.journal import Journal

Work = Callable[[Candidate], dict[str, Any]]


def run(
    candidates: Sequence[Candidate],
    make_work: Callable[[], Work],
    workers: int,
    journal: Journal,
    report: Callable[[str], None] = print,
) -> list[dict[str, Any]]:
    """Results of all candidates, in their order.

    Args:
        make_work: called once in each process (picklable: processes are spawned); returns what turns a candidate into
            a JSON-able result. Not called if the journal has everything.
        workers: processes; 1 works in this one. The results do not depend on it.
        report: gets a line of progress for each candidate.

    Raises:
        UserError: a worker process died; what is finished is in the journal, and a rerun continues.
    """
    results = journal.read()
    waiting = [candidate for candidate in candidates if candidate.name not in results]
    if len(waiting) < len(candidates):
        report(f"{len(candidates) - len(waiting)} of {len(candidates)} candidates are in the journal {journal.path}")
    for candidate, result in _finished(waiting, make_work, min(workers, len(waiting))):
        journal.append(candidate.name, result)
        results[candidate.name] = result
        report(f"{candidate.name}: {result['status']} ({result['origin']}, {result['evaluations']} evaluations)")
    return [results[candidate.name] for candidate in candidates]


def _finished(
    waiting: list[Candidate], make_work: Callable[[], Work], workers: int
) -> Iterator[tuple[Candidate, dict[str, Any]]]:
    if not waiting:
        return
    if workers <= 1:
        work = make_work()
        for candidate in waiting:
            yield candidate, work(candidate)
        return
    # spawn: TensorFlow does not survive a fork
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(make_work,)) as pool:
        futures = {pool.submit(_do, candidate): candidate for candidate in waiting}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool as error:
            raise UserError(
                "a worker process of the search died (killed, out of memory, or its calculator could not be made); "
                "the log above may say why. Finished candidates are kept: run again to continue"
            ) from error


_work: Work | None = None


def _begin(make_work: Callable[[], Work]) -> None:
    global _work
    _work = make_work()


def _do(candidate: Candidate) -> dict[str, Any]:
    assert _work is not None
    return _work(candidate)
