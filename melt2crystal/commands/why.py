"""Why would this file be made again? What changed, and how it reaches the file."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from melt2crystal.errors import UserError
from melt2crystal.files import digest_of_file
from melt2crystal.jobs.reasons import NOT_MADE, Cause, code_changes, command_change, explained, settings_changes
from melt2crystal.jobs.snakemake_plan import ROOT, Plan, plan
from melt2crystal.project import STUDIES, project_folder
from melt2crystal.study.names import of_replicate

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal why results/laptop/figures/figure1.png")
def why(
    target: Annotated[str, typer.Argument(help="a file of results/, or a rule such as benchmark")],
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of the target's folder")] = "",
) -> None:
    """Say which settings, code or data would make a file again, and along which jobs."""
    if not target:
        raise UserError("name a file: make why TARGET=results/laptop/figures/figure1.png")
    target = from_root(target)
    with plan(study or study_of(target), targets=[target]) as planned:
        print("\n".join(answer(planned, target)))


def from_root(target: str) -> str:
    """A file as the rules name it, wherever in the project a person stands; other targets as they are."""
    place, project = Path(os.path.abspath(target)), project_folder()
    return str(place.relative_to(project)) if place.is_file() and place.is_relative_to(project) else target


def study_of(target: str) -> str:
    """results/<study>/...: the study, if there is one of this name; empty otherwise."""
    parts = Path(target).parts
    name = parts[1] if len(parts) > 2 and parts[0] == "results" else ""
    first, _ = of_replicate(name) or (name, 1)
    files = [folder / STUDIES / f"{one}.yaml" for one in (name, first) for folder in (project_folder(), ROOT)]
    return name if any(path.is_file() for path in files) else ""


def answer(planned: Plan, target: str) -> list[str]:
    """Lines for a person."""
    needed = {planned.dag.jobid(job) for job in planned.dag.needrun_jobs()}
    jobs = [job for job in planned.jobs if job.number in needed]
    ends = [job.number for job in planned.jobs if target in job.outputs or target == job.rule]
    made = [job for job in jobs if job.outputs]
    unknown = without_record(planned)
    if not made and not unknown:
        return [f"Nothing: {target} is up to date."]
    if not made:
        return [f"Nothing that can be seen: {target} is not older than its files.", "", *unknown]
    causes = [cause for job in planned.dag.needrun_jobs() for cause in _causes(planned, job)]
    count = "1 job" if len(made) == 1 else f"{len(made)} jobs"
    told = explained(jobs, causes, ends) or ["no cause that can be seen"]
    return [f"{target}: {count} would run. Why:", "", *told, *(["", *unknown] if unknown else [])]


def without_record(planned: Plan) -> list[str]:
    """What can't be known, in words, where Snakemake's record of a finished job is gone; empty where all are there.

    Without it Snakemake compares the times of files alone: changed settings, code and commands are not seen.
    """
    memory = planned.dag.workflow.persistence
    finished = [job for job in planned.dag.jobs if job.output and all(path.exists() for path in _places(planned, job))]
    lost = [job for job in finished if all(memory.metadata(path) is None for path in job.output)]
    if not lost:
        return []
    rules = sorted({job.rule.name for job in lost})
    names = ", ".join(rules[:4]) + (", ..." if len(rules) > 4 else "")
    return [
        f"{len(lost)} of {len(finished)} finished jobs ({names}) have lost Snakemake's record (.snakemake/metadata):",
        "whether their settings, code or command changed since can't be known, and Snakemake won't rerun them for it.",
        "If they are right, 'snakemake --touch' writes the records again; if not, 'snakemake -R RULE' runs them.",
    ]


def _places(planned: Plan, job: Any) -> list[Path]:
    return [planned.project / str(path) for path in job.output]


def _causes(planned: Plan, job: Any) -> Iterator[Cause]:
    """What makes a job run by itself; files that another job would make again are not its own doing."""
    number, reason = int(planned.dag.jobid(job)), planned.dag.reason(job)
    if not job.output:
        return
    memory = planned.dag.workflow.persistence
    # Snakemake stops at the first reason it finds; a person wants all of them.
    if change := memory.params_changed(job):
        for line in settings_changes(change.only_old, change.only_new):
            yield Cause(line, number)
        for path, line in code_changes(change.only_old, change.only_new):
            yield Cause(f"{line}{_when(path)}", number)
    recorded = next((text for path in job.output if (text := memory.code(path))), None)
    if recorded is not None and recorded != memory._code(job.rule):
        yield Cause(f"command of rule {job.rule.name}: {command_change(recorded, memory._code(job.rule))}", number)
    for line in sorted(_edited_inputs(planned, job, memory, set(map(str, reason.updated_input)))):
        yield Cause(line, number)
    if reason.input_changed:
        yield Cause(_of_inputs(job, memory), number)
    if reason.software_stack_changed:
        yield Cause("software environment", number)
    incomplete = sorted(map(str, reason.incomplete_output))
    if incomplete:
        yield Cause(f"interrupted while it was written: {incomplete[0]}", number)
    missing = sorted(reason.missing_output, key=str)
    if missing:
        before = NOT_MADE if memory.metadata(missing[0]) is None else "deleted since it was made"
        yield Cause(f"{before}: {missing[0]}" + (f" and {len(missing) - 1} more" if len(missing) > 1 else ""), number)
    if reason.forced:
        yield Cause("forced", number)


def _edited_inputs(planned: Plan, job: Any, memory: Any, updated: set[str]) -> Iterator[str]:
    """Inputs whose content isn't what the job read when it last ran: by checksum, large ones as Snakemake says."""
    records = [record for path in job.output if (record := memory.metadata(path)) is not None]
    if not records:
        return
    sums, known = records[0].input_checksums or {}, set(records[0].input or [])
    made = {path for other in planned.jobs for path in other.outputs}
    for path in {str(path) for path in job.input if not path.is_ancient}:
        if path in made and path not in updated:
            continue
        place = planned.project / path
        if path in sums and place.is_file() and sums[path].startswith("sha256:"):
            changed = sums[path] != f"sha256:{digest_of_file(place)}"
        else:
            changed = path in updated or path not in known
        if changed:
            yield _of_file(path, planned, is_new=path not in known)


def _of_file(path: str, planned: Plan, is_new: bool) -> str:
    """A changed input: code, data, or a result that was made again by itself."""
    maker = next((job for job in planned.jobs if path in job.outputs), None)
    when = _when(path)
    if maker:
        return f"result of {maker.title} was made again since: {path}{when}"
    kind = "code" if path.endswith(".py") else "data"
    return f"{kind}: {path} {'is new among its inputs' if is_new else 'was edited'}{when}"


def _when(path: str) -> str:
    """When a file was last written, as the end of a line."""
    place = project_folder() / path
    return f", {datetime.fromtimestamp(place.stat().st_mtime):%Y-%m-%d %H:%M}" if place.exists() else ""


def _of_inputs(job: Any, memory: Any) -> str:
    """Which inputs came and which went."""
    recorded: list[str] = next((files for path in job.output if (files := memory.input(path))), [])
    was, now = set(recorded), set(map(str, memory._input(job)))
    parts = [f"new {path}" for path in sorted(now - was)] + [f"no longer {path}" for path in sorted(was - now)]
    more = f" and {len(parts) - 3} more" if len(parts) > 3 else ""
    return f"its set of inputs: {', '.join(parts[:3])}{more}"
