"""A study run several times with other seeds: which runs are finished, and what they say together."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from pydantic import ValidationError

from melt2crystal import markdown
from melt2crystal.errors import UserError
from melt2crystal.files import write_csv, write_text
from melt2crystal.jobs.finished import to_be_made
from melt2crystal.jobs.snakemake_plan import ROOT, plan
from melt2crystal.project import project_folder
from melt2crystal.sections.jobs import QUANTITIES
from melt2crystal.sections.purpose import warning
from melt2crystal.study.load import chosen_study
from melt2crystal.study.model import Study
from melt2crystal.study.names import replicate_name
from melt2crystal.summary.replicates import replicates_table
from melt2crystal.summary.schema import Summary

app = typer.Typer(add_completion=False, rich_markup_mode=None)
FINISHED = "finished"


@dataclass(frozen=True)
class Run:
    """One run of a study: its number, its settings, its folder, and how it stands in words."""

    number: int
    study: Study
    folder: Path
    state: str


@app.command(epilog="Example: melt2crystal replicates --study laptop --run --cores 2")
def replicates(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    run: Annotated[bool, typer.Option("--run", help="also run those that aren't, one after the other")] = False,
    cores: Annotated[int, typer.Option(help="for the runs", min=1)] = 1,
    results: Annotated[str, typer.Option(help="folder of all results, if it is another one")] = "",
) -> None:
    """Say which runs of a study are finished, and combine these: mean and 95 % interval of its headline numbers.

    A study is run as often as its replicates.runs says, each time with other seeds. Writes replicates.csv,
    replicates.md, replicates.pdf and replicates.png into results/<study>; aims (replicates.aims) are met or missed
    where the whole interval says so. An unfinished run is named and not counted.
    """
    asked, chosen = str(chosen_study(study, project_folder())), {"results": results} if results else {}
    first = state_of(asked, 1, chosen)
    if first.study.replicates.first_seed is not None:
        raise UserError(f"--study {asked}: is one of several runs; name the study: {first.study.first_run}")
    found = [first, *(state_of(asked, number, chosen) for number in range(2, first.study.replicates.runs + 1))]
    for one in found:
        print(f"run {one.number}  {one.study.name}: {one.state}", flush=True)
    if run:
        found = [one if one.state == FINISHED else run_one(asked, one, chosen, cores) for one in found]
    done = summaries_of(found)
    if not done:
        print("No run is finished, there is nothing to combine; --run runs them.")
        return
    if len(found) == 1:
        print(f"Study {first.study.name} has one run, and one run has no interval; more: replicates.runs in its file.")
    table = replicates_table(done, len(found), first.study.replicates.aims)
    page = page_of(found, done, table)
    write_csv(first.folder / "replicates.csv", table, "%.8g")
    write_text(first.folder / "replicates.md", page)
    draw(first, table)
    print(f"\n{page}\n{first.folder}: replicates.csv, replicates.md, replicates.pdf, replicates.png")


def state_of(study: str, number: int, config: dict[str, Any]) -> Run:
    """How a run stands, from Snakemake's plan of it."""
    name = replicate_name(study, number)
    with plan(config={"study": name, **config}) as planned:
        if number > 1 and planned.study.replicates.first_seed is None:
            raise UserError(
                f"config/studies/{planned.study.name}.yaml: is a study of its own, and run {number} of {study} would "
                "have its name and its results; give that file another name"
            )
        outputs, missing = to_be_made(planned)
        folder = planned.project / planned.results
        state = FINISHED
        if missing:
            begun = (folder / "logs").is_dir()
            state = f"unfinished, {len(missing)} files are missing so far" if begun else "not begun"
        elif outputs:
            state = f"out of date, {len(outputs)} files would be made again (melt2crystal why {outputs[-1]})"
        return Run(number, planned.study, folder, state)


def run_one(study: str, one: Run, config: dict[str, Any], cores: int) -> Run:
    """Run it to its end.

    Raises:
        UserError: Snakemake failed (its own message is above), or the run isn't finished all the same.
    """
    name = replicate_name(study, one.number)
    print(f"\nrun {one.number}  {one.study.name}: running", flush=True)
    words = [f"{key}={value}" for key, value in {"study": name, **config}.items()]
    rules = ["--snakefile", str(ROOT / "Snakefile"), "--cores", str(cores)]
    done = subprocess.run([sys.executable, "-m", "snakemake", *rules, "--config", *words], cwd=project_folder())
    if done.returncode:
        raise UserError(
            f"run {one.number}, {one.study.name}: snakemake ended with status {done.returncode}; its message is above. "
            "Mend it and give the same command again: finished runs stay, this one goes on where it was"
        )
    after = state_of(study, one.number, config)
    if after.state != FINISHED:
        raise UserError(f"run {one.number}, {one.study.name}: was run to its end and is still {after.state}")
    return after


def summaries_of(runs: list[Run]) -> dict[int, Summary]:
    """Number of a finished run -> its summary, each of a run of its own: the same one twice would have no scatter.

    Raises:
        UserError: a summary is of another study or has the settings of another run (a folder that was copied or
            renamed), or another version wrote it.
    """
    summaries: dict[int, Summary] = {}
    settings: dict[str, str] = {}
    for one in runs:
        if one.state != FINISHED:
            continue
        summary, path = summary_of(one), one.folder / "summary.json"
        other = "" if summary.study == one.study.name else f"is of the study {summary.study}"
        if before := settings.get(summary.settings_digest):
            other = other or f"has the settings, seed included, of {before}"
        if other:
            raise UserError(
                f"{path}: {other}, not of run {one.number}, {one.study.name}: was its folder copied or renamed? Take "
                "it away and run that one (--run)"
            )
        summaries[one.number] = summary
        settings[summary.settings_digest] = one.study.name
    return summaries


def summary_of(one: Run) -> Summary:
    """The summary of a finished run.

    Raises:
        UserError: another version wrote it, or it was altered.
    """
    path = one.folder / "summary.json"
    try:
        return Summary.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc'])) or 'the whole'}: {first['msg'].lower()}"
    except ValueError as error:
        reason = str(error)
    raise UserError(
        f"{path}: was altered, or another version wrote it ({reason}); remove it and run {one.study.name} again"
    )


def page_of(runs: list[Run], done: dict[int, Summary], table: pd.DataFrame) -> str:
    """The page: what the runs have in common and what not, how they stand, the numbers."""
    first = runs[0].study
    words = warning(first.purpose)
    shared = "melted anew" if first.replicates.melts else "the first run's"
    if first.liquid.frames:
        shared = "from the same files, split anew"
    parts = [
        f"# {first.name}: {len(done)} of {len(runs)} runs",
        *([f"**{words}**"] if words else []),
        f"Seeds of training, exploration and search differ; melts: {shared}. Mean over the finished runs, with its "
        "95 % interval by Student's t; n: runs that have the number. The scatter of what all runs share is not in the "
        "interval. An aim is met or missed where the whole interval lies on one side of it.",
        standing(runs, done),
        numbers(table),
        *without_number(table),
    ]
    return "\n\n".join(parts) + "\n"


def standing(runs: list[Run], done: dict[int, Summary]) -> str:
    """Table of the runs: those that aren't finished are named, and not counted."""
    rows = []
    for one in runs:
        summary = done.get(one.number)
        origin = (summary.settings_digest[:16], summary.commit[:12]) if summary else ("", "")
        state = one.state if summary else f"{one.state.split(',')[0]}, not counted"
        rows.append((one.number, f"`{one.study.name}`", one.study.seed, state, *origin))
    return markdown.table(("run", "study", "seed", "state", "settings", "commit"), rows)


def numbers(table: pd.DataFrame) -> str:
    """Table of the numbers, a row for each potential and quantity."""
    runs = [column for column in table if str(column).startswith("run_")]
    of_runs = {f"run {name.removeprefix('run_')}": f"{{{name}:.4g}}" for name in runs}
    columns = {"quantity": "{potential} {words}", **of_runs, "n": "{n}", "mean": "{mean:.4g}"}
    columns |= {"95 % interval": "{interval}", "aim": "{aim:g}", "": "{verdict}"}
    rows = []
    for row in table.to_dict("records"):
        between = "–" if row["low"] != row["low"] else f"{row['low']:.4g} to {row['high']:.4g}"
        words = QUANTITIES[row["quantity"]].with_unit
        rows.append({**row, "potential": row["potential"].upper(), "words": words, "interval": between})
    return markdown.records(columns, rows)


def without_number(table: pd.DataFrame) -> list[str]:
    """A paragraph that names the aims of which no run has a number, if there are any."""
    aimed = table[table["aim"].notna() & (table["n"] == 0)]
    if aimed.empty:
        return []
    names = ", ".join(f"`{name}`" for name in aimed["quantity"])
    return [f"No run has a number for {names}: the study doesn't compute it, so that its aim stays undecided."]


def draw(first: Run, table: pd.DataFrame) -> None:
    """The figure beside the tables."""
    from melt2crystal.figures.replicates import draw_replicates  # half the start of the program
    from melt2crystal.figures.style import journal_style, publish

    given, (pdf, png) = first.study, (first.folder / f"replicates.{kind}" for kind in ("pdf", "png"))
    with journal_style(given.figures):
        figure = draw_replicates(table, given.figures)
        publish(figure, given.reference.name, given.name, pdf, png, f"Runs of the study {given.name}", given.purpose)
