"""Draw the workflow for a methods section, from the jobs that Snakemake plans: PDF, SVG, PNG and Mermaid text."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from melt2crystal.errors import UserError
from melt2crystal.figures.style import journal_style, save
from melt2crystal.figures.workflow import draw_dag, save_svg
from melt2crystal.files import write_text
from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.jobs.snakemake_plan import ROOT, Plan, plan
from melt2crystal.jobs.stages import TABLE, box_of, boxed, is_named, read_boxes
from melt2crystal.jobs.workflow_graph import WorkflowGraph, mermaid, workflow_graph
from melt2crystal.provenance import Origin, origin_now
from melt2crystal.sections.figures import Figures

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal dag --study laptop")
def dag_figure(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    out: Annotated[Path | None, typer.Option(help="folder; docs/figures without, or with --study its results")] = None,
    check: Annotated[bool, typer.Option(help="write nothing; fail if a rule has no box")] = False,
) -> None:
    """Draw the workflow for a methods section: a box a stage, as many arrows as the study needs.

    Writes dag.{pdf,svg,png} (one column), dag-wide.{pdf,svg,png} (two) and dag.mmd (Mermaid text).
    """
    with plan(study, whole=True) as planned:
        strangers = without_box(planned)
    words = f"{', '.join(strangers)}: no box; add the rule, or its file of rules, to {TABLE}"
    if check and strangers:
        raise UserError(words)
    if check:
        return
    if strangers:
        print(f"{words} (drawn under the name of its file)", file=sys.stderr)
    of_study = bool(study) or planned.project != ROOT
    folder = out or (planned.project / planned.results / "figures" if of_study else ROOT / "docs" / "figures")
    draw(planned, folder, with_origin=of_study)  # files of docs/ are in git: no commit may change their bytes


def draw(planned: Plan, folder: Path, with_origin: bool) -> None:
    """The figure of a study that was planned whole."""
    graph = workflow_graph(planned.jobs, boxed(planned.jobs, read_boxes(ROOT / TABLE)))
    study, figures = planned.study, planned.study.figures
    origin = origin_now(study.name, study.reference.name) if with_origin else None
    write(graph, figures, folder, f"Workflow of the study {study.name}", origin)
    print(f"{folder}: dag.pdf, dag.svg, dag.png ({figures.single_column_mm:g} mm), dag-wide.* "
          f"({figures.double_column_mm:g} mm), dag.mmd")  # fmt: skip


def without_box(planned: Plan) -> list[str]:
    """Rules with a job in no box, and those this study has no job of if nothing in the table could mean them."""
    boxes = read_boxes(ROOT / TABLE)
    strangers = {job.rule for job in with_outputs(planned.jobs) if box_of(job, boxes) is None}
    rules = [rule for rule in planned.dag.workflow.rules if rule.output]
    others = [Job(0, rule.name, Path(str(rule.snakefile)).name) for rule in rules]
    return sorted(strangers | {job.rule for job in others if not is_named(job, boxes)})


def write(graph: WorkflowGraph, figures: Figures, folder: Path, title: str, origin: Origin | None) -> None:
    """All files of the figure."""
    directions: list[tuple[str, float, Literal["down", "right"]]] = [
        ("dag", figures.single_column_mm, "down"),
        ("dag-wide", figures.double_column_mm, "right"),
    ]
    for name, width_mm, direction in directions:
        figure = draw_dag(graph, figures, width_mm, direction)
        with journal_style(figures):
            save(figure, folder / f"{name}.pdf", folder / f"{name}.png", title, origin)
            save_svg(figure, folder / f"{name}.svg", title, origin)
    write_text(folder / "dag.mmd", mermaid(graph))
