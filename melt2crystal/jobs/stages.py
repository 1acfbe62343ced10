"""Stages: which part of the science a job belongs to, read from rules/stages.yaml."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.settings import Section

TABLE = Path("rules") / "stages.yaml"


class Stage(Section):
    """One row of the table."""

    stage: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="identity")
    title: str = Field(min_length=1, description="as a person reads it")
    jobs: list[str] = Field(description="file of rules, or rule, each with 'wildcard=value' behind it if need be")
    count: dict[str, str] = Field({}, description="rule (* is wild): words with {n}, the number of its jobs")
    result: bool = Field(False, description="an artefact of the study")
    tabled: bool = Field(True, description="false for a stage nobody wrote down")


def read_stages(path: Path) -> list[Stage]:
    """The table of stages.

    Raises:
        UserError: the file is missing, isn't such a table, or names a stage twice.
    """
    try:
        stages = TypeAdapter(list[Stage]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: missing; it says which rules belong to which stage (git checkout {path})") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise UserError(f"{path}: {error}; mend the table, its head says how it is read") from None
    names = [stage.stage for stage in stages]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{path}: stage {', '.join(twice)} is there twice; give each stage one row")
    return stages


def stage_of(job: Job, stages: Iterable[Stage]) -> Stage | None:
    """The stage whose table entry names the job most closely, None if none does."""
    best: tuple[int, Stage] | None = None
    for stage in stages:
        closeness = max((_closeness(job, entry) for entry in stage.jobs), default=0)
        if closeness and (best is None or closeness > best[0]):
            best = (closeness, stage)
    return best[1] if best else None


def is_named(job: Job, stages: Iterable[Stage]) -> bool:
    """Whether any entry names the job's rule or its file of rules, for some wildcards at least."""
    names = [entry.split()[0] for stage in stages for entry in stage.jobs]
    return any(fnmatchcase(job.file if name.endswith(".smk") else job.rule, name) for name in names)


def staged(jobs: Iterable[Job], stages: list[Stage]) -> dict[int, Stage]:
    """Stage of each job that makes something, by number. Rules nobody put into the table are a stage by themselves, one
    for each file of rules, named after it."""
    own: dict[str, Stage] = {}
    table: dict[int, Stage] = {}
    for job in with_outputs(jobs):
        stage = stage_of(job, stages)
        if stage is None:
            stem = Path(job.file).stem or job.rule
            stage = own.setdefault(
                stem, Stage(stage=stem, title=stem.replace("_", " ").capitalize(), jobs=[job.file], tabled=False)
            )
        table[job.number] = stage
    return table


def _closeness(job: Job, entry: str) -> int:
    """0 if the entry doesn't mean this job; more for a rule than for a file, and more with wildcards."""
    name, *conditions = entry.split()
    for condition in conditions:
        key, _, pattern = condition.partition("=")
        if not fnmatchcase(job.wildcards.get(key, ""), pattern):
            return 0
    if name.endswith(".smk"):
        matched = 1 if fnmatchcase(job.file, name) else 0
    else:
        matched = 2 if fnmatchcase(job.rule, name) else 0
    return matched + 2 * len(conditions) if matched else 0
