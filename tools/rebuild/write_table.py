"""Write docs/reference/rebuild.json, for every key of the configuration what its edit reruns, and from it the tables of
docs/reference/rebuild.md."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_text
from melt2crystal.jobs.snakemake_plan import ROOT
from melt2crystal.jobs.stages import TABLE, Box, read_boxes
from melt2crystal.study.load import load_study
from tools.rebuild.contract import Effect, effect
from tools.rebuild.edits import BASES, Edit, every_edit, plain, study_of
from tools.rebuild.many_plans import in_fork, whole_study, write_study
from tools.rebuild.table import BEGIN, DATA, END, Entry, as_json, read_contract, text_of

DOCUMENT = ROOT / "docs" / "reference" / "rebuild.md"
TOP = "top level"


def entry_of(edit: Edit) -> Entry:
    """Row of the table that an edit belongs to."""
    section = edit.key.path[0] if len(edit.key.path) > 1 or edit.key.name == "grid" else TOP
    title = edit.base.title or ("engine: lammps" if edit.key.engine else "")
    return Entry(f"{section}, {title}" if title else section, edit.key.name, edit.companions)


def contract(boxes: list[Box]) -> Iterator[tuple[Entry, Effect]]:
    """Every key's effect, from plans of the ci study and of the same study with the key edited."""
    ci = plain(load_study({"study": "ci"}, ROOT))
    edits = list(every_edit(ci))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = write_study(folder, study_of(BASES[""], ci))
        whole_study(first)  # imports and caches, inherited by the forks
        bases = {}
        for number, edit in enumerate(edits, 1):
            if edit.base.name not in bases:
                bases[edit.base.name] = in_fork(lambda: whole_study(write_study(folder, study_of(edit.base, ci))))  # noqa: B023
            after = in_fork(lambda: whole_study(write_study(folder, edit.study)))  # noqa: B023
            if sys.stderr.isatty():
                print(f"\r{number} of {len(edits)} keys", end="", file=sys.stderr)
            yield entry_of(edit), effect(bases[edit.base.name], after, boxes)


@reports_errors
def rebuild_table(
    data: Annotated[Path, typer.Option(help="JSON file of the contract")] = DATA,
    page: Annotated[Path, typer.Option(help="Markdown file with the two comment lines around the tables")] = DOCUMENT,
    render: Annotated[bool, typer.Option(help="plan nothing: write the tables of the contract as it stands")] = False,
) -> None:
    """Plan the ci study once for every key, write the contract and its tables: minutes."""
    before, after = markdown.around(page, BEGIN, END)
    boxes = read_boxes(ROOT / TABLE)
    if not render:
        write_text(data, as_json(dict(contract(boxes))))
    write_text(page, before + text_of(read_contract(data), boxes) + after)


if __name__ == "__main__":
    typer.run(rebuild_table)
