"""Many plans of one repository, cheaply: imports and a first plan are paid once, then one fork for each plan."""

import gc
import os
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import yaml

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job
from melt2crystal.jobs.snakemake_plan import Plan, plan
from tools.rebuild.contract import JobRecord

Result = TypeVar("Result")


def in_fork(work: Callable[[], Result]) -> Result:
    """What ``work`` returns, computed in a process of its own, so that plans don't see each other's leftovers.

    Raises:
        UserError: the work failed; the message holds the child's traceback.
    """
    reading, writing = os.pipe()
    gc.freeze()  # a collection in the child would copy every page it shares with this process
    child = os.fork()
    if not child:
        gc.disable()
        os.close(reading)
        try:
            answer: tuple[bool, Any] = (True, work())
        except BaseException as error:
            answer = (False, str(error) if isinstance(error, UserError) else traceback.format_exc())
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)  # no clean-up of what the parent owns
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        data = pipe.read()
    os.waitpid(child, 0)
    answered: tuple[bool, Any] = pickle.loads(data) if data else (False, "the process of a plan died")
    is_good, value = answered
    if not is_good:
        raise UserError(str(value))
    result: Result = value
    return result


def write_study(folder: Path, study: dict[str, Any]) -> Path:
    """A study as a file, named after it."""
    file = folder / f"{study['name']}.yaml"
    file.write_text(yaml.safe_dump(study, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return file


def records_of(planned: Plan) -> list[JobRecord]:
    """All jobs of a plan that make files, with what decides whether they are up to date."""
    by_number = {job.number: job for job in planned.jobs}
    dag = planned.dag
    return [_record(by_number[dag.jobid(job)], job, dag) for job in dag.jobs if job.output]


def _record(plain: Job, job: Any, dag: Any) -> JobRecord:
    before = {
        dag.jobid(other) for other, files in dag.dependencies[job].items() if not all(file.is_ancient for file in files)
    }
    return JobRecord(
        job=plain,
        params=tuple(dag.workflow.persistence._params(job)),
        command=job.rule.shellcmd or "",
        inputs=tuple(sorted(map(str, job.input))),
        follows=tuple(sorted(before)),
    )


def whole_study(file: Path) -> list[JobRecord]:
    """Jobs of a study as if nothing had been made and the loop used all its iterations."""
    with plan(str(file), whole=True) as planned:
        return records_of(planned)
