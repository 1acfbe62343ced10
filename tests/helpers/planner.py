"""Dry runs of one checkout that is edited and put back: a process that has imported everything forks for each plan.

A dry run by the command costs three seconds of CPU time, most of it for imports. `Planned.planned()` asks the same of
Snakemake's own list of jobs to run in a third of it, and a copy of a finished checkout serves all tests of a module:
`put_back()` restores what a test edited. That command and list agree is asked in tests/workflow/test_rebuild.py.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.checkout import Checkout, environment

SOURCES = ("Snakefile", "rules", "scripts", "melt2crystal", "config", "data", "envs", "profiles")
LOG = "planner.log"


@dataclass(frozen=True)
class Planned(Checkout):
    """A copy of a finished checkout, and the process that plans it. Edit sources only; run nothing in it."""

    process: "subprocess.Popen[str]"
    pristine: Path

    def planned(self) -> dict[str, int]:
        """Rule -> number of jobs that a dry run would run."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write("ci\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, (self.folder / LOG).read_text()[-6000:]
        said: dict[str, int] = json.loads(answer)
        return said

    def put_back(self) -> None:
        """Sources as they were, to the time of their modification."""
        before, now = (
            {path.relative_to(root): path for path in sources(root)} for root in (self.pristine, self.folder)
        )
        for name in now.keys() - before.keys():
            now[name].unlink()
        for name, path in before.items():
            if name not in now or _state(path) != _state(now[name]):
                shutil.copy2(path, self.folder / name)


def _state(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size


def sources(root: Path) -> Iterator[Path]:
    """Files that a plan reads, but for results and Snakemake's memory."""
    for name in SOURCES:
        place = root / name
        for path in [place] if place.is_file() else place.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def planned_copy(finished: Checkout, folder: Path) -> Planned:
    """A copy of a finished checkout with its process."""
    copy = finished.edited(folder)
    with open(folder / LOG, "w") as log:
        process = subprocess.Popen(
            [sys.executable, "tests/helpers/planner.py"],
            cwd=copy.folder,
            env={**environment(), "PYTHONPATH": str(copy.folder)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    return Planned(copy.folder, process, finished.folder)


def serve() -> None:
    """Answer each line of the input, a study, with the jobs that would run."""
    from melt2crystal.jobs.snakemake_plan import plan
    from tools.rebuild.many_plans import in_fork

    def counts(study: str) -> dict[str, int]:
        with plan(study) as planned:
            rules = [job.rule.name for job in planned.dag.needrun_jobs() if job.rule.name != "all"]
        return {name: rules.count(name) for name in rules}

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what else is printed is no answer
    for line in sys.stdin:
        print(json.dumps(in_fork(lambda: counts(line.strip()))), file=answers, flush=True)  # noqa: B023


if __name__ == "__main__":
    serve()
