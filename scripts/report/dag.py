"""The figure of the workflow for one study, drawn from the jobs that Snakemake plans for it."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.commands.dag import draw
from melt2crystal.errors import reports_errors
from melt2crystal.jobs.snakemake_plan import plan
from melt2crystal.options import SettingsText
from melt2crystal.settings import Settings


@reports_errors
def report_dag(
    wide: Annotated[Path, typer.Option(help="dag-wide.svg; the other files are written beside it")],
    settings: SettingsText,
) -> None:
    """Write dag.{pdf,svg,png}, dag-wide.{pdf,svg,png} and dag.mmd of the study given in full."""
    with plan(config=Settings(settings).values, whole=True) as planned:
        draw(planned, wide.parent, with_origin=True)


if __name__ == "__main__":
    typer.run(report_dag)
