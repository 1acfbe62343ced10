"""The report of a finished study: one HTML file with figures, tables, captions, configuration and versions."""

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError
from melt2crystal.files import write_text
from melt2crystal.jobs.finished import require_finished, size_in_words
from melt2crystal.jobs.snakemake_plan import ROOT, plan
from melt2crystal.project import project_folder
from melt2crystal.report.pasted import without_ends_of_scripts

PAGES = "report_pages"  # rule that gathers all that the report shows
STYLE = ROOT / "report" / "style.css"
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal report --study laptop --cores 2")
def report(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    out: Annotated[Path | None, typer.Option(help="file; results/<study>/report.html without")] = None,
    cores: Annotated[int, typer.Option(help="for the pages of tables", min=1)] = 1,
) -> None:
    """Write a finished study as one HTML file: figures, tables, captions, configuration, versions.

    Nothing of the study itself is computed.
    """
    make_report(study, out, cores)


def make_report(study: str, out: Path | None = None, cores: int = 1) -> Path:
    """The report's file.

    Raises:
        UserError: the study isn't finished, or Snakemake failed (its own message is above).
    """
    with plan(study, targets=[PAGES]) as planned:
        require_finished(planned, "the report")
    path = (out or planned.project / planned.results / "report.html").resolve()
    chosen = ["--config", f"study={study}"] if study else []
    _snakemake("--cores", str(cores), "--quiet", "rules", "--", PAGES, config=chosen)
    _snakemake("--report", str(path), "--report-stylesheet", str(STYLE), "--", PAGES, config=chosen)
    write_text(path, without_ends_of_scripts(path.read_text(encoding="utf-8")))
    print(f"{path} ({size_in_words(path)}): opens in any browser, without a network")
    return path


def _snakemake(*arguments: str, config: list[str]) -> None:
    rules = ["--snakefile", str(ROOT / "Snakefile")]
    done = subprocess.run([sys.executable, "-m", "snakemake", *rules, *config, *arguments], cwd=project_folder())
    if done.returncode:
        raise UserError(f"snakemake {' '.join(arguments)}: ended with status {done.returncode}; its message is above")
