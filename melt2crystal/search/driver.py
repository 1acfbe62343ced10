"""Runs candidates in worker processes; every finished one is in a journal at once, so that a killed search goes on."""

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from melt2crystal.errors import UserError
from melt2crystal.files import append_line, digest_of_file, read_lines
from melt2crystal.search.candidate import Candidate
from melt2crystal.settings import to_text

Work = Callable[[Candidate], dict[str, Any]]


class Journal:
    """Append-only file of finished results, one JSON line each, keyed by what made them.

    Args:
        folder: where journals lie, beside the outputs.
        key: digest of everything a result depends on; another key is another file, so stale results are never reused.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self.path = Path(folder) / f"{key[:16]}.jsonl"

    def read(self) -> dict[str, dict[str, Any]]:
        """Name -> result; a line that a kill cut short is left out."""
        return {entry["name"]: entry["result"] for entry in read_lines(self.path)[0]}

    def append(self, name: str, result: dict[str, Any]) -> None:
        """Write one result and wait until it is on the disk."""
        append_line(self.path, json.dumps({"name": name, "result": result}, sort_keys=True))


def key_of(settings: dict[str, Any], files: Iterable[Path]) -> str:
    """Digest of settings and of the content of files (models, crystals, the code that makes a candidate)."""
    digests = [digest_of_file(path) for path in files]
    return hashlib.sha256(to_text({"settings": settings, "files": digests}).encode()).hexdigest()


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
