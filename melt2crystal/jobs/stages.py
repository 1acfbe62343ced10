"""Boxes: parts of a study as the figure, the status and the ledger show them, read from rules/stages.yaml."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, get_args

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.settings import Section

TABLE = Path("rules") / "stages.yaml"
Stage = Literal["liquid", "label", "train", "explore", "benchmark", "search", "figures", "report"]
STAGES: tuple[Stage, ...] = get_args(Stage)


class Box(Section):
    """One row of the table: jobs that belong together. A stage has one box or several."""

    box: str = Field(pattern=r"^[a-z][a-z0-9_]*$", description="identity")
    stage: Stage | None = Field(None, description="stage of its rules; null for rules nobody wrote down")
    title: str = Field(min_length=1, description="as a person reads it")
    at: tuple[int, float] | None = Field(
        None, description="step and lane in the figure; null: the nearest free place behind what it follows"
    )
    jobs: list[str] = Field(description="file of rules, or rule, each with 'wildcard=value' behind it if need be")
    count: dict[str, str] = Field({}, description="rule (* is wild): words with {n}, the number of its jobs")
    result: bool = Field(False, description="an artefact of the study")


def read_boxes(path: Path) -> list[Box]:
    """The table of boxes.

    Raises:
        UserError: the file is missing, isn't such a table, or names a box twice.
    """
    try:
        boxes = TypeAdapter(list[Box]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: missing; it says which rules belong to which box (git checkout {path})") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise UserError(f"{path}: {error}; mend the table, its head says how it is read") from None
    names = [box.box for box in boxes]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"{path}: box {', '.join(twice)} is there twice; give each box one row")
    return boxes


def box_of(job: Job, boxes: Iterable[Box]) -> Box | None:
    """The box whose table entry names the job most closely, None if none does."""
    best: tuple[int, Box] | None = None
    for box in boxes:
        closeness = max((_closeness(job, entry) for entry in box.jobs), default=0)
        if closeness and (best is None or closeness > best[0]):
            best = (closeness, box)
    return best[1] if best else None


def is_named(job: Job, boxes: Iterable[Box]) -> bool:
    """Whether any entry names the job's rule or its file of rules, for some wildcards at least."""
    names = [entry.split()[0] for box in boxes for entry in box.jobs]
    return any(fnmatchcase(job.file if name.endswith(".smk") else job.rule, name) for name in names)


def boxed(jobs: Iterable[Job], boxes: list[Box]) -> dict[int, Box]:
    """Box of each job that makes something, by number. Rules nobody put into the table get a box of their own, one for
    each file of rules, named after it."""
    own: dict[str, Box] = {}
    table: dict[int, Box] = {}
    for job in with_outputs(jobs):
        box = box_of(job, boxes)
        if box is None:
            stem = Path(job.file).stem or job.rule
            box = own.setdefault(stem, Box(box=stem, title=stem.replace("_", " ").capitalize(), jobs=[job.file]))
        table[job.number] = box
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
