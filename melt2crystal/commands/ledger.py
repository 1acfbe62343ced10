"""Write what a study cost: core-hours and GPU-hours by box, stage and iteration, per kept label, and in vain."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.commands.hand_on.report import PAGES
from melt2crystal.errors import UserError
from melt2crystal.figures.ledger import draw_ledger
from melt2crystal.figures.style import journal_style, publish
from melt2crystal.files import write_text
from melt2crystal.jobs.driver_log import all_failures, room
from melt2crystal.jobs.ledger import (
    as_markdown,
    failed_attempts,
    failed_labels,
    former_costs,
    job_costs,
    label_counts,
    ledger,
)
from melt2crystal.jobs.snakemake_plan import ROOT, plan
from melt2crystal.jobs.stages import TABLE, boxed, read_boxes

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal ledger --study laptop")
def cost_ledger(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    out: Annotated[Path | None, typer.Option(help="folder; results/<study>/ledger without")] = None,
) -> None:
    """Tell what a study has cost: core-hours and GPU-hours by stage, per kept label, and in vain.

    Writes ledger.csv, ledger.md, ledger.pdf and ledger.png.
    """
    with plan(study, targets=[PAGES], beyond=True) as planned:
        jobs, given, results = planned.jobs, planned.study, planned.project / planned.results
        project = planned.project
    table_of_boxes = read_boxes(ROOT / TABLE)
    boxes = boxed(jobs, table_of_boxes)
    logs = project / ".snakemake" / "log"
    cores = room(logs)
    costs, labels = job_costs(jobs, boxes, project, cores), label_counts(jobs, boxes, project)
    if costs.empty:
        raise UserError(f"{results}/benchmarks: no job of study {given.name} has left its cost yet; run it first")
    table = ledger(costs, labels, [box.title for box in table_of_boxes])
    prefix = f"{planned.results}/logs/"
    attempts = [(failure.log, failure.seconds) for failure in all_failures(logs) if failure.log.startswith(prefix)]
    wasted = [
        failed_labels(labels),
        failed_attempts(attempts, jobs, cores),
        former_costs(jobs, results / "benchmarks", project),
    ]
    folder = out or results / "ledger"
    write_text(folder / "ledger.csv", table.to_csv(index=False, float_format="%.6g"))
    page = as_markdown(given.name, table, wasted)
    write_text(folder / "ledger.md", page)
    with journal_style(given.figures):
        figure = draw_ledger(table, wasted, given.figures)
        names = given.reference.name, given.name
        publish(figure, *names, folder / "ledger.pdf", folder / "ledger.png", f"Cost of the study {given.name}")
    print(f"\n{page}\n{folder}: ledger.csv, ledger.md, ledger.pdf, ledger.png")
