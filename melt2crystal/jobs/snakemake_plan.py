"""The one place that asks Snakemake for its plan: jobs, what they wait for and why they would run.

Snakemake can print a plan but not hand it over, so this reads the object behind the printing commands
(``Workflow._prepare_dag`` and ``_build_dag``, as ``snakemake --d3dag`` calls them; Snakemake 9.27.1). No lock is taken
and nothing is run, so a study that is running isn't disturbed.
"""

import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from snakemake.api import SnakemakeApi
from snakemake.exceptions import MissingRuleException, WorkflowError
from snakemake.persistence.file import FilePersistence
from snakemake.settings.enums import Quietness
from snakemake.settings.types import (
    ConfigSettings,
    DAGSettings,
    ExecutionSettings,
    OutputSettings,
    ResourceSettings,
    SharedFSUsage,
    StorageSettings,
)

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job
from melt2crystal.project import project_folder
from melt2crystal.provenance import ROOT

MEMORY = ".snakemake"
WRITTEN = ("iocache", "shadow", "auxiliary", "tmp")  # folders of the memory that a plan writes into
NO_CACHE = SharedFSUsage.all() - {SharedFSUsage.SOURCE_CACHE}  # no file of the user's own cache: it may be read-only
PLENTY = 4096  # cores: threads stay what the rules ask for
STOPS = "final_iteration"  # function of rules/common.smk that waits for the decisions of the loop


@dataclass(frozen=True)
class Plan:
    """A planned study: Snakemake's own graph, its jobs as plain data, its settings; its paths start in ``project``."""

    dag: Any
    study: Any
    results: str
    jobs: list[Job]
    project: Path


@contextmanager
def plan(
    study: str = "",
    targets: Iterable[str] = (),
    whole: bool = False,
    beyond: bool = False,
    config: dict[str, Any] | None = None,
) -> Iterator[Plan]:
    """Plan a study of the project a person stands in without running anything.

    Args:
        study: as in ``--config study=...``; empty for the one config/config.yaml names.
        targets: files or rules; none for the whole study.
        whole: plan as if nothing had been made yet, and as if the loop used all its iterations.
        config: a whole study as plain data, instead of a name.
        beyond: look beyond decisions of the loop that were not taken yet, as if it then used all its iterations.

    Raises:
        UserError: the study has mistakes, or a target is made by no rule.
    """
    project = project_folder()
    settings = OutputSettings(quiet={Quietness.ALL}, enable_file_logging=False, skip_plugin_handlers=True)
    with readable(project), SnakemakeApi(settings) as api:
        try:
            workflow = api.workflow(
                resource_settings=ResourceSettings(cores=PLENTY),
                config_settings=ConfigSettings(config=config or ({"study": study} if study else {})),
                storage_settings=StorageSettings(shared_fs_usage=NO_CACHE),
                snakefile=ROOT / "Snakefile",
                workdir=project,
            )
            workflow._workflow.execution_settings = ExecutionSettings()  # asked where rules are ambiguous
            workflow.dag(dag_settings=DAGSettings(targets=frozenset(targets), forceall=whole))
            inner: Any = workflow._workflow
            if whole or beyond:
                _assume_decisions(inner.globals, trust_files=not whole)
            inner._prepare_dag(forceall=whole, ignore_incomplete=True, lock_warn_only=True)
            inner._build_dag()
        except MissingRuleException as error:
            raise UserError(f"{error}\nThe files of the study are listed by: snakemake --summary") from None
        except WorkflowError as error:
            raise UserError(str(error)) from None
        names = inner.globals
        yield Plan(inner.dag, names["STUDY"], names["RESULTS"], _jobs(inner.dag), project)


@contextmanager
def readable(project: Path) -> Iterator[None]:
    """Let Snakemake plan in a folder that this user may only read.

    It makes the folders of its memory before it reads them. Where it may not, it is given others, elsewhere, with links
    to what there is.
    """
    memory = project / MEMORY
    if os.access(memory if memory.exists() else project, os.W_OK):
        yield
        return
    with tempfile.TemporaryDirectory(prefix="melt2crystal-") as folder:
        for path in memory.iterdir() if memory.exists() else ():
            if path.name not in WRITTEN:
                Path(folder, path.name).symlink_to(path)

        class Elsewhere(FilePersistence):
            def __init__(self, **settings: Any) -> None:
                super().__init__(**{**settings, "path": Path(folder)})

        module: Any = sys.modules["snakemake.workflow"]  # by itself it can't be imported, only by snakemake.api
        usual, module.FilePersistence = module.FilePersistence, Elsewhere
        try:
            yield
        finally:
            module.FilePersistence = usual


def _assume_decisions(names: dict[str, Any], trust_files: bool) -> None:
    """Rules behind a decision that wasn't taken are unknown to Snakemake: let the function that waits for decisions
    answer from the files there are, and with all iterations for those that aren't there."""
    if STOPS not in names:
        raise UserError(f"rules/common.smk: no function {STOPS}(); name the one that waits for decisions in {__file__}")
    study, results = names["STUDY"], names["RESULTS"]
    answer: Callable[[], str] = lambda: last_iteration(Path(results), study.rounds, trust_files)  # noqa: E731
    names[STOPS] = answer


def last_iteration(results: Path, most: int, trust_files: bool = True) -> str:
    """Iteration whose dataset the potentials are released from, as far as it was decided, else the last allowed."""
    for number in range(most):
        decision = results / "select" / f"{number:02d}" / "decision.json"
        if trust_files and decision.is_file() and json.loads(decision.read_text(encoding="utf-8"))["stop"]:
            return f"{number:02d}"
    return f"{most:02d}"


def _jobs(dag: Any) -> list[Job]:
    """Jobs as plain data, in the order of their numbers."""
    numbers = {job: int(dag.jobid(job)) for job in dag.jobs}
    return sorted((_job(job, dag, numbers) for job in dag.jobs), key=lambda job: job.number)


def _job(job: Any, dag: Any, numbers: dict[Any, int]) -> Job:
    ranks = int(job.resources.get("tasks", 0) or 0)  # on a cluster an MPI job has its cores as tasks
    return Job(
        number=numbers[job],
        rule=job.rule.name,
        file=Path(str(job.rule.snakefile)).name,
        wildcards=dict(sorted(job.wildcards_dict.items())),
        threads=max(int(job.threads), ranks * int(job.resources.get("cpus_per_task", 1) or 1)),
        gpus=int(job.resources.get("gpu", 0) or 0),
        local=job.rule.name in job.rule.workflow._localrules,
        runtime_min=int(job.resources.get("runtime", 0) or 0),
        outputs=tuple(str(path) for path in job.output),
        log=str(job.log[0]) if job.log else "",
        benchmark=str(job.benchmark) if job.benchmark else "",
        depends=tuple(sorted(numbers[other] for other in dag.dependencies[job])),
    )
