"""Many plans of one repository, cheaply: imports and a first plan are paid once, then one fork for each plan."""

import gc
import os
import pickle
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import snakemake.api  # first: the two import each other
import snakemake.workflow
import yaml

from melt2crystal.errors import UserError
from melt2crystal.jobs.snakemake_plan import Plan, plan
from tools.rebuild.contract import Needs

Result = TypeVar("Result")


def remember_rules() -> None:
    """Translate each file of rules once for all plans from here on, as long as it stays as it is: a third of a plan."""
    translate, known = snakemake.workflow.parse, {}

    def parse(path: Any, workflow: Any, linemap: dict[int, int], rulecount: int = 0, **more: Any) -> tuple[str, int]:
        place = Path(path.get_path_or_uri(secret_free=True))
        state = (place, place.stat().st_mtime_ns, place.stat().st_size, rulecount)
        if state not in known:
            known[state] = (translate(path, workflow, linemap, rulecount=rulecount, **more), dict(linemap))
        linemap.update(known[state][1])
        return known[state][0]

    snakemake.workflow.parse = parse


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


def needs_of(planned: Plan) -> list[Needs]:
    """All jobs of a plan that make files, with what decides whether they are up to date."""
    return [_needs(planned, job) for job in planned.dag.jobs if job.output]


def _needs(planned: Plan, job: Any) -> Needs:
    dag = planned.dag
    number = dag.jobid(job)
    before = {
        dag.jobid(other) for other, files in dag.dependencies[job].items() if not all(file.is_ancient for file in files)
    }
    return Needs(
        job=planned.by_number[number],
        params=tuple(dag.workflow.persistence._params(job)),
        command=job.rule.shellcmd or "",
        inputs=tuple(sorted(map(str, job.input))),
        follows=tuple(sorted(before)),
    )


def whole_study(file: Path) -> list[Needs]:
    """Jobs of a study as if nothing had been made and the loop used all its iterations."""
    with plan(str(file), whole=True) as planned:
        return needs_of(planned)
