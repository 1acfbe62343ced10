"""Many dry runs of a finished checkout in one process: `python tests/helpers/dry_runs.py tasks.json answers.json`.

Runs inside the checkout and judges with what Snakemake itself wrote down when the jobs ran (.snakemake/metadata): its
own comparisons of parameters, code and sets of inputs, and its own list of jobs to run. Only decisions of the loop are
looked up in the files there are, so that what stands behind an open decision is seen as well.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from melt2crystal.jobs.snakemake_plan import ROOT, plan
from melt2crystal.jobs.stages import TABLE, read_boxes
from tools.rebuild.contract import effect_of, followers
from tools.rebuild.many_plans import in_fork, records_of, write_study

STUDIES = ROOT / "config" / "studies"
LOCK = ROOT / "envs" / "requirements.txt"


def main(tasks: Path, answers: Path) -> None:
    """Do the tasks in their order: {study: data, finish: bool, package: name}. The study file stays as the last task
    left it; a package has another release during its task."""
    given = json.loads(tasks.read_text())
    with plan("ci", beyond=True):
        pass  # pays for imports and caches, which the forks inherit
    found, known = [], {}
    for task in given:
        name = write_study(STUDIES, task["study"]).stem
        if task.get("finish"):
            rounds = [in_fork(lambda: finish(name))]  # noqa: B023
            while rounds[-1] and len(rounds) < 4:
                rounds.append(in_fork(lambda: finish(name)))  # noqa: B023
            assert not rounds[-1], f"{rounds[-1]} jobs are still to do (in rounds: {rounds})"
            known = {}
        with another_release(task.get("package")):
            answer, jobs = in_fork(lambda: look(name, known))  # noqa: B023
        known = known or jobs
        found.append(answer)
    answers.write_text(json.dumps(found))


@contextmanager
def another_release(package: str | None) -> Iterator[None]:
    """The lock file asks for another release of a package (None: for no other)."""
    before = LOCK.read_text(encoding="utf-8")
    lines = before.splitlines(keepends=True)
    after = [f"{package}==999\n" if line.replace("_", "-").startswith(f"{package}==") else line for line in lines]
    assert package is None or after != lines, f"{package} is not in the lock"
    LOCK.write_text("".join(after), encoding="utf-8")
    try:
        yield
    finally:
        LOCK.write_text(before, encoding="utf-8")


def look(study: str, known: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a dry run would do, and why; and all jobs of the study, by what they are.

    Args:
        study: name of the study.
        known: the jobs before the edit.
    """
    with plan(study, beyond=True) as planned:
        records = records_of(planned)
        memory = planned.dag.workflow.persistence
        by_number = {job.number: job for job in planned.jobs}
        run = {planned.dag.jobid(job) for job in planned.dag.needrun_jobs() if job.output}
        again: list[Any] = []
        new: list[Any] = []
        for job in planned.dag.jobs:
            if job.output and (kind := _kind(job, memory)):
                (new if kind == "new" else again).append(by_number[planned.dag.jobid(job)])
        here = {" ".join(one.identity): one.job for one in records}
        gone = [job for name, job in known.items() if name not in here]
        result = effect_of(records, again, new, gone, read_boxes(ROOT / TABLE))
        expected = followers(records, {job.number for job in (*again, *new)})
        titles = {one.job.number: one.job.title for one in records}
    answer = {
        **{name: sorted(getattr(result, name)) for name in ("again", "new", "gone", "follows", "stays")},
        "run": sorted(titles[number] for number in run),
        "unexplained": sorted(titles[number] for number in run - expected),
        "forgotten": sorted(titles[number] for number in expected - run),
    }
    return answer, here


def _kind(job: Any, memory: Any) -> str:
    """Whether a job would run by its own doing: "new", "again", or not at all ("")."""
    records = [memory.metadata(path) for path in job.output]
    there = [Path(path).exists() for path in job.output]
    if not any(records):
        return "new"
    if not all(records) or not all(there):
        return "again"
    changes = memory.params_changed(job) or any(memory.code_changed(job)) or any(memory.input_changed(job))
    return "again" if changes else ""


def finish(study: str) -> int:
    """Write down what is left of a study as finished, without running it; how many jobs that were.

    Files that aren't there are made empty; what Snakemake remembers of each job is written by its own code.
    """
    with plan(study, beyond=True) as planned:
        left = [job for level in planned.dag.toposorted() for job in level if planned.dag.needrun(job) and job.output]
        workflow = planned.dag.workflow
        for job in left:
            for path in map(Path, [*job.output, *([job.benchmark] if job.benchmark else [])]):
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
        for job in left:
            workflow.async_run(workflow.persistence.finished(job))
        return len(left)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
