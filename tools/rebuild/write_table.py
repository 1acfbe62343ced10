"""Write the table of docs/reference/rebuild.md from the rules: for every key of the configuration what its edit reruns."""

import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal import markdown
from melt2crystal.errors import speaks
from melt2crystal.files import write_text
from melt2crystal.jobs.snakemake_plan import ROOT
from melt2crystal.jobs.stages import TABLE, read_stages
from melt2crystal.study.load import load_study
from tools.rebuild.contract import Effect, effect
from tools.rebuild.edits import BASES, Edit, every_edit, plain, study_of
from tools.rebuild.many_plans import in_fork, remember_rules, whole_study, write_study
from tools.rebuild.table import BEGIN, END, Entry, text_of

DOCUMENT = ROOT / "docs" / "reference" / "rebuild.md"
TOP = "top level"


def entry_of(edit: Edit) -> Entry:
    """Row of the table that an edit belongs to."""
    section = edit.key.path[0] if len(edit.key.path) > 1 or edit.key.name == "grid" else TOP
    title = edit.base.title or ("engine: lammps" if edit.key.engine else "")
    return Entry(f"{section}, {title}" if title else section, edit.key.name, edit.companions)


def rules_of(root: Path) -> list[str]:
    """Names of all rules that make files (targets only gather)."""
    text = "\n".join(file.read_text(encoding="utf-8") for file in sorted((root / "rules").glob("*.smk")))
    blocks = re.split(r"^(?:rule|checkpoint) ", text, flags=re.M)[1:]
    return [block.split(":", 1)[0] for block in blocks if re.search(r"^    output:", block, flags=re.M)]


def contract() -> Iterator[tuple[Entry, Effect]]:
    """Every key's effect, from plans of the ci study and of the same study with the key edited."""
    ci = plain(load_study({"study": "ci"}, ROOT))
    stages = read_stages(ROOT / TABLE)
    edits = list(every_edit(ci))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = write_study(folder, study_of(BASES[""], ci))
        remember_rules()
        whole_study(first)  # imports and caches, inherited by the forks
        bases = {}
        for number, edit in enumerate(edits, 1):
            if edit.base.name not in bases:
                bases[edit.base.name] = in_fork(lambda: whole_study(write_study(folder, study_of(edit.base, ci))))  # noqa: B023
            after = in_fork(lambda: whole_study(write_study(folder, edit.study)))  # noqa: B023
            if sys.stderr.isatty():
                print(f"\r{number} of {len(edits)} keys", end="", file=sys.stderr)
            yield entry_of(edit), effect(bases[edit.base.name], after, stages)


@speaks
def rebuild_table(
    out: Annotated[Path, typer.Option(help="Markdown file with the two comment lines around the table")] = DOCUMENT,
) -> None:
    """Write the table: two to three minutes."""
    before, after = markdown.around(out, BEGIN, END)
    titles = [stage.title for stage in read_stages(ROOT / TABLE)]
    write_text(out, before + text_of(dict(contract()), rules_of(ROOT), titles) + after)


if __name__ == "__main__":
    typer.run(rebuild_table)
