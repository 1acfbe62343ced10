"""What a study will cost, before anyone spends money on it: jobs, core-hours, GPU-hours, storage, with the formulae."""

from typing import Annotated

import typer

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.progress import in_words
from melt2crystal.jobs.snakemake_plan import ROOT
from melt2crystal.jobs.snakemake_plan import plan as planned_jobs
from melt2crystal.jobs.stages import TABLE, boxed, read_boxes
from melt2crystal.plan.comparison import as_text, compared, corrected, ratios
from melt2crystal.plan.page import beyond_limits, counted, shaky, storage_table, unit_table, work_table
from melt2crystal.plan.rows import Row, longest_chain_s
from melt2crystal.plan.storage import storage
from melt2crystal.plan.units import TABLE as UNITS
from melt2crystal.plan.units import UnitCost, read_units
from melt2crystal.plan.work import rows_of
from melt2crystal.project import project_folder
from melt2crystal.study.model import Study

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal plan --study paper --unit label_dft_core_s=900 --like laptop")
def plan(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    unit: Annotated[list[str] | None, typer.Option(help="another unit cost, name=value; again for more")] = None,
    like: Annotated[str, typer.Option(help="a study that ran here: its measured times correct the plan")] = "",
    sources: Annotated[bool, typer.Option(help="also print the unit costs that were used, with their sources")] = False,
) -> None:
    """Print a study's jobs, core-hours, GPU-hours and storage, every iteration of the loop counted."""
    units = read_units(ROOT / UNITS, unit or [])
    given, jobs, rows = rows_for(study, units)
    if like:
        other, others_jobs, others_rows = rows_for(like, units)
        table = compared(others_rows, others_jobs, project_folder())
        if table.empty:
            raise UserError(f"--like {like}: no job of this study has left its time here; run it first")
        same = other.reference.engine == given.reference.engine and given.jobs.minutes_per_label is None
        rows = corrected(rows, ratios(table), other.name, labels=same)
    real = with_outputs(jobs)
    print(f"\nStudy {given.name}, {scope(given)}\n")
    print(f"{counted(real)}\n\n{work_table(rows)}\n\nStorage\n{storage_table(storage(given, jobs, units))}\n")
    print(f"No faster than {in_words(longest_chain_s(jobs, rows))} on any number of machines: jobs wait for each other")
    for warning in beyond_limits(rows):
        print(f"Longer than its time limit: {warning}")
    print(f"How it is known: {shaky(rows)}")
    print("  extrapolated: measured at another size; assumed: replace it (config/unit-costs.yaml, or UNITS=...)")
    measured = compared(rows, jobs, project_folder())
    if not measured.empty:
        print(f"\nWhat ran here already\n{as_text(measured)}")
    if sources:
        print(f"\nUnit costs\n{unit_table(units)}")


def scope(study: Study) -> str:
    """How much of a study is planned, and what it can't do."""
    rounds = f"if its loop uses all {study.rounds} iterations"
    if study.judges_only:
        rounds = f"which judges {study.release.hp.origin} alone: no LP, no loop, no training set"
        if study.release.hp.training.members == 1:
            rounds += ", and with one member no deviations"
    if study.computes_labels:
        return rounds
    left_out = "a loop, a search of its own, crystals relaxed by the reference, or its molecular dynamics"
    return f"{rounds}. Labels are only looked up, none is computed: without {left_out}"


def rows_for(study: str, units: dict[str, UnitCost]) -> tuple[Study, list[Job], list[Row]]:
    """A study, its jobs if it began with nothing, and the rows of its plan."""
    with planned_jobs(study, whole=True) as planned:
        jobs, given = planned.jobs, planned.study
    boxes = read_boxes(ROOT / TABLE)
    return given, jobs, rows_of(given, jobs, boxed(jobs, boxes), [box.title for box in boxes], units)
