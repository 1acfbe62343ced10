"""What of a study is done, running or failed, and how long it still takes. Reads only; a run isn't disturbed."""

import json
import os
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import psutil
import typer
from tabulate import tabulate

from melt2crystal.jobs.driver_log import Failure, all_failures, room
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.progress import Progress, State, by_box, expected_seconds, in_words, left, time_left
from melt2crystal.jobs.snakemake_plan import ROOT, plan
from melt2crystal.jobs.stages import TABLE, boxed, read_boxes

MEMORY = ROOT / ".snakemake"
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal status --study laptop")
def status(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
) -> None:
    """Print progress by box, running and failed jobs with their logs, and an estimate of the time left.

    Reads only: a study that is running isn't disturbed.
    """
    with plan(study, beyond=True) as planned:
        needed = {int(planned.dag.jobid(job)) for job in planned.dag.needrun_jobs()}
        jobs, name, results = with_outputs(planned.jobs), planned.study.name, planned.results
    boxes = read_boxes(ROOT / TABLE)
    driver, alive = drivers(results)
    failed = last_failures(jobs)
    progress = progress_of(jobs, needed, failed, alive=alive)
    expected = expected_seconds(jobs, ROOT)
    done = sum(state == "done" for state in progress.states.values())
    print(f"\nStudy {name}: {done} of {len(jobs)} jobs done; {driver or 'not running'}\n")
    order = [box.title for box in boxes]
    table = by_box(jobs, boxed(jobs, boxes), progress, expected, order)
    print(_table(table.reset_index().to_dict("records")))
    for job in jobs:
        _tell(job, progress, expected, failed)
    _estimate(jobs, progress, expected)


def drivers(results: str) -> tuple[str, bool]:
    """Who runs the study, in words (empty if nobody does), and whether that process was seen."""
    locked = [
        path
        for path in (MEMORY / "locks").glob("*.output.lock")
        if any(line.startswith(f"{results}/") for line in path.read_text(encoding="utf-8").splitlines())
    ]
    if not locked:
        return "", False
    since = time.strftime("%H:%M on %d %B", time.localtime(min(path.stat().st_mtime for path in locked)))
    processes = [process.pid for process in psutil.process_iter() if _drives_here(process)]
    if processes:
        return f"running since {since} (process {', '.join(map(str, processes))})", True
    return f"locked since {since} by a run on another machine, or a killed one (then: snakemake --unlock)", False


def _drives_here(process: psutil.Process) -> bool:
    """A snakemake of this folder that isn't itself one of a driver's jobs."""
    try:
        words = process.cmdline()
        is_driver = any("snakemake" in Path(word).name for word in words[:3]) and "--mode" not in words
        return is_driver and process.pid != os.getpid() and Path(process.cwd()) == ROOT
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False


def marked() -> dict[str, tuple[float, bool]]:
    """Files that a job began to write and did not finish: its beginning (s since 1970), and if a cluster has it."""
    found = {}
    for path in (MEMORY / "incomplete").rglob("*"):
        try:  # long names are split into folders; a job may end at any moment
            if path.is_file():
                name = urlsafe_b64decode("".join(path.relative_to(MEMORY / "incomplete").parts).replace("@", ""))
                submitted = json.loads(path.read_text() or "{}").get("external_jobid") is not None
                found[name.decode()] = path.stat().st_mtime, submitted
        except (OSError, ValueError):
            continue
    return found


def last_failures(jobs: Iterable[Job]) -> dict[int, Failure]:
    """The newest failed attempt of each job."""
    by_log = {failure.log: failure for failure in all_failures(MEMORY / "log")}
    return {job.number: by_log[job.log] for job in jobs if job.log in by_log}


def progress_of(jobs: Iterable[Job], needed: set[int], failed: dict[int, Failure], alive: bool) -> Progress:
    """State of each job from the plan, the markers of unfinished files and the failures."""
    marks = marked()
    states: dict[int, State] = {}
    elapsed = {}
    for job in jobs:
        begun = [marks[path] for path in job.outputs if path in marks]
        if begun and (alive or any(submitted for _, submitted in begun)):
            states[job.number] = "running"
            elapsed[job.number] = time.time() - min(begun)[0]
        elif job.number not in needed and not begun:
            states[job.number] = "done"
        elif begun:
            states[job.number] = "interrupted"
        else:
            states[job.number] = "failed" if _still_failed(job, failed) else "waiting"
    return Progress(states, elapsed)


def _still_failed(job: Job, failed: dict[int, Failure]) -> bool:
    """Its newest attempt failed: no output is newer."""
    if job.number not in failed:
        return False
    made = [(ROOT / path).stat().st_mtime for path in job.outputs if (ROOT / path).exists()]
    return not made or max(made) < failed[job.number].at.timestamp()


def _tell(job: Job, progress: Progress, expected: dict[int, float], failed: dict[int, Failure]) -> None:
    state = progress.states[job.number]
    if state == "running":
        rest = ""
        if job.number in expected:
            seconds = left(job, progress, expected)
            rest = (
                f", about {in_words(seconds)} left"
                if seconds
                else f", longer than the {in_words(expected[job.number])} before"
            )
        print(f"running  {job.title}: {in_words(progress.elapsed[job.number])} so far{rest}; {job.log}")
    elif state == "failed":
        print(f"failed   {job.title}: {failed[job.number].at:%d %B, %H:%M}; {job.log}\n         {_last_words(job.log)}")
    elif state == "interrupted":
        print(f"interrupted  {job.title}: will be done again; {job.log}")


def _last_words(log: str) -> str:
    """What the log says in the end."""
    path = ROOT / log
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines() if path.is_file() else []
    said = [line.strip() for line in lines if line.strip()]
    errors = [line for line in said if line.startswith("ERROR")]
    return ((errors or said)[-1] if said else "(its log is empty or gone)")[:240]


def _estimate(jobs: list[Job], progress: Progress, expected: dict[int, float]) -> None:
    if all(state == "done" for state in progress.states.values()):
        return
    cores = room(MEMORY / "log") or os.cpu_count() or 1
    work = sum(left(job, progress, expected) for job in jobs)
    unknown = sorted({job.rule for job in jobs if progress.states[job.number] != "done" and job.number not in expected})
    if work:
        wall = time_left(jobs, progress, expected, cores)
        print(
            f"left     about {in_words(wall)} with {cores} at a time ({in_words(work)} of work), judged by earlier jobs"
        )
    if unknown:
        print(f"unknown  no job of these rules has been timed in this study: {', '.join(unknown)}")
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
