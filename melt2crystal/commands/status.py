"""What of a study is done, running or failed, and how long it still takes. Reads only; a run isn't disturbed."""

import json
import os
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import psutil
import typer
from tabulate import tabulate

from melt2crystal.jobs.driver_log import Failure, all_failures, room
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.orphans import orphans
from melt2crystal.jobs.progress import Progress, State, by_box, expected_seconds, in_words, left, time_left
from melt2crystal.jobs.snakemake_plan import ROOT, plan
from melt2crystal.jobs.stages import TABLE, boxed, read_boxes
from melt2crystal.plan.units import TABLE as UNITS
from melt2crystal.plan.units import read_units
from melt2crystal.plan.work import planned_seconds

MEMORY = ".snakemake"
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal status --study laptop")
def status(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    results: Annotated[str, typer.Option(help="folder of all results, where the run was told another one")] = "",
) -> None:
    """Print progress by box, running and failed jobs with their logs, and an estimate of the time left.

    Reads only: a study that is running isn't disturbed.
    """
    asked = {key: value for key, value in (("study", study), ("results", results)) if value}
    with plan(beyond=True, config=asked) as planned:
        needed = {int(planned.dag.jobid(job)) for job in planned.dag.needrun_jobs()}
        jobs, given, folder = with_outputs(planned.jobs), planned.study, planned.results
    project = planned.project
    boxes = read_boxes(ROOT / TABLE)
    left_behind = at_work(project)
    driver, alive = drivers(folder, project, orphaned=bool(left_behind))
    failed = last_failures(jobs, project)
    progress = progress_of(jobs, needed, failed, alive, left_behind, project)
    order, box_of_job = [box.title for box in boxes], boxed(jobs, boxes)
    timed = expected_seconds(jobs, project)
    expected = {**planned_seconds(given, jobs, box_of_job, read_units(ROOT / UNITS)), **timed}
    done = sum(state == "done" for state in progress.states.values())
    print(f"\nStudy {given.name}: {done} of {len(jobs)} jobs done; {driver or 'not running'}; in {folder}\n")
    for other in run_elsewhere(given.name, str(Path(folder).parent), project):
        print(f"A run makes this study in {other}: melt2crystal status --study {given.name} --results {other}\n")
    table = by_box(jobs, box_of_job, progress, expected, order)
    print(_table(table.reset_index().to_dict("records")))
    for job in jobs:
        _tell(job, progress, expected, failed, project)
    _estimate(jobs, progress, expected, timed, project)


def at_work(project: Path) -> list[str]:
    """Command lines of jobs in a folder whose driver was killed."""
    lines = []
    for process in orphans(project):
        with suppress(psutil.Error):
            lines.append(" ".join(process.cmdline()))
    return lines


def _locked(project: Path) -> Iterator[tuple[Path, list[str]]]:
    """Snakemake's locks of a folder, each with the files it guards; a run may end at any moment."""
    for path in (project / MEMORY / "locks").glob("*.output.lock"):
        with suppress(OSError):
            yield path, path.read_text(encoding="utf-8").splitlines()


def run_elsewhere(study: str, results: str, project: Path) -> list[str]:
    """Other folders of results in which a run that holds a lock makes files of the study."""
    files = [line for _, lines in _locked(project) for line in lines]
    return sorted({line.split(f"/{study}/")[0] for line in files if f"/{study}/" in line} - {results})


def drivers(results: str, project: Path, orphaned: bool = False) -> tuple[str, bool]:
    """Who runs the study, in words (empty if nobody does), and whether that process was seen.

    Args:
        orphaned: whether jobs of a driver that was killed go on.
    """
    locked = [path for path, lines in _locked(project) if any(line.startswith(f"{results}/") for line in lines)]
    if orphaned:
        words = "its run was killed, its jobs go on; the next run ends them first (snakemake --unlock, then run it)"
        return words, False
    if not locked:
        return "", False
    since = time.strftime("%H:%M on %d %B", time.localtime(min(path.stat().st_mtime for path in locked)))
    processes = [process.pid for process in psutil.process_iter() if _drives_here(process, project)]
    if processes:
        return f"running since {since} (process {', '.join(map(str, processes))})", True
    return f"locked since {since} by a run on another machine, or a killed one (then: snakemake --unlock)", False


def _drives_here(process: psutil.Process, project: Path) -> bool:
    """A snakemake of this folder that isn't itself one of a driver's jobs."""
    try:
        words = process.cmdline()
        is_driver = any("snakemake" in Path(word).name for word in words[:3]) and "--mode" not in words
        return is_driver and process.pid != os.getpid() and Path(process.cwd()) == project
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def marked(project: Path) -> dict[str, tuple[float, bool]]:
    """Files that a job began to write and did not finish: its beginning (s since 1970), and if a cluster has it."""
    found = {}
    folder = project / MEMORY / "incomplete"
    for path in folder.rglob("*"):
        try:  # long names are split into folders; a job may end at any moment
            if path.is_file():
                name = urlsafe_b64decode("".join(path.relative_to(folder).parts).replace("@", ""))
                submitted = json.loads(path.read_text() or "{}").get("external_jobid") is not None
                found[name.decode()] = path.stat().st_mtime, submitted
        except (OSError, ValueError):
            continue
    return found


def last_failures(jobs: Iterable[Job], project: Path) -> dict[int, Failure]:
    """The newest failed attempt of each job."""
    by_log = {failure.log: failure for failure in all_failures(project / MEMORY / "log")}
    return {job.number: by_log[job.log] for job in jobs if job.log in by_log}


def progress_of(
    jobs: Iterable[Job],
    needed: set[int],
    failed: dict[int, Failure],
    alive: bool,
    left_behind: list[str],
    project: Path,
) -> Progress:
    """State of each job from the plan, the markers of unfinished files, what is at work, and the failures."""
    marks = marked(project)
    states: dict[int, State] = {}
    elapsed = {}
    for job in jobs:
        begun = [marks[path] for path in job.outputs if path in marks]
        goes_on = begun and any(path in line for line in left_behind for path in (job.log, *job.outputs) if path)
        if begun and (alive or goes_on or any(submitted for _, submitted in begun)):
            states[job.number] = "running"
            elapsed[job.number] = time.time() - min(begun)[0]
        elif job.number not in needed and not begun:
            states[job.number] = "done"
        elif begun:
            states[job.number] = "interrupted"
        else:
            states[job.number] = "failed" if _still_failed(job, failed, project) else "waiting"
    return Progress(states, elapsed)


def _still_failed(job: Job, failed: dict[int, Failure], project: Path) -> bool:
    """Its newest attempt failed: no output is newer."""
    if job.number not in failed:
        return False
    made = [(project / path).stat().st_mtime for path in job.outputs if (project / path).exists()]
    return not made or max(made) < failed[job.number].at.timestamp()


def _tell(job: Job, progress: Progress, expected: dict[int, float], failed: dict[int, Failure], project: Path) -> None:
    state = progress.states[job.number]
    if state == "running":
        rest = ""
        if job.number in expected:
            seconds = left(job, progress, expected)
            rest = (
                f", about {in_words(seconds)} left"
                if seconds
                else f", longer than the {in_words(expected[job.number])} expected"
            )
        print(f"running  {job.title}: {in_words(progress.elapsed[job.number])} so far{rest}; {job.log}")
    elif state == "failed":
        last = _last_words(project / job.log)
        print(f"failed   {job.title}: {failed[job.number].at:%d %B, %H:%M}; {job.log}\n         {last}")
    elif state == "interrupted":
        print(f"interrupted  {job.title}: will be done again; {job.log}")


def _last_words(path: Path) -> str:
    """What a log says in the end."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if line.startswith("ERROR")]
    return ((errors or said)[-1] if said else "(its log is empty or gone)")[:240]


def _estimate(
    jobs: list[Job], progress: Progress, expected: dict[int, float], timed: dict[int, float], project: Path
) -> None:
    if all(state == "done" for state in progress.states.values()):
        return
    cores = room(project / MEMORY / "log") or os.cpu_count() or 1
    work = sum(left(job, progress, expected) for job in jobs)
    to_do = [job for job in jobs if progress.states[job.number] != "done"]
    unknown = sorted({job.rule for job in to_do if job.number not in expected})
    by_plan = sum(left(job, progress, expected) for job in to_do if job.number not in timed)
    if work:
        wall = time_left(jobs, progress, expected, cores)
        share = "all" if by_plan > 0.995 * work else f"{by_plan / work:.0%}"
        judged = "judged by earlier jobs"
        if by_plan:
            judged = f"{share} of it by the plan's unit costs, as no such job has run here yet"
        print(f"left     about {in_words(wall)} with {cores} at a time ({in_words(work)} of work); {judged}")
    if unknown:
        print(f"unknown  no job of these rules has run here, and the plan has no law for them: {', '.join(unknown)}")
    if any(job.iteration and progress.states[job.number] != "done" for job in jobs):
        print("         Rounds of the loop that were not decided yet are counted as if all took place.")


def _table(rows: list[dict]) -> str:
    columns = ["box", "jobs", "done", "running", "failed", "interrupted", "waiting"]
    columns = [name for name in columns if name in ("box", "jobs", "done") or any(row[name] for row in rows)]
    lines = [[*columns, "work left"]]
    for row in rows:
        known = in_words(row["left_s"]) if row["left_s"] else ""
        rest = f"{known}{' + ?' if row['unknown'] and known else '?' if row['unknown'] else ''}"
        lines.append([*(row[name] or "" for name in columns), rest])
    sides = ["left", *["right"] * len(columns)]
    return tabulate(lines, tablefmt="plain", colalign=sides, disable_numparse=True) + "\n"
