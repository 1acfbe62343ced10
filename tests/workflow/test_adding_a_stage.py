"""docs/guides/add-a-stage.md followed to the letter: its blocks of code go where it says, its commands are typed."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from tests.helpers.checkout import REPOSITORY, environment, jobs
from tests.helpers.rules import faults_of, rules_of

RECIPE = REPOSITORY / "docs/guides/add-a-stage.md"
SECTION = re.compile(r"^## \d .*$", re.MULTILINE)
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> list[tuple[str, str]]:
    """(file named in the heading, block of code below it), in the order of the recipe."""
    text = RECIPE.read_text(encoding="utf-8")
    heads = list(SECTION.finditer(text))
    found = []
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        name = re.search(r"`([^`]+)`", head[0])
        body = text[head.end() : following.start() if following else None]
        found += [(name[1] if name else "", block[2]) for block in BLOCK.finditer(body)]
    return found


def apply(folder: Path, name: str, block: str) -> None:
    """Put a block where the recipe says: a new file, or the line of the file it changes."""
    path = folder / name
    if not path.exists():
        path.write_text(block, encoding="utf-8")
        return
    text = path.read_text(encoding="utf-8")
    if block.startswith("include:"):  # after the others
        last = text.rindex("include: ")
        end = text.index("\n", last) + 1
        changed = text[:end] + block + text[end:]
    elif block.startswith("- {box:"):  # in place of the row of the box
        row = block.split(",")[0] + ","
        (old,) = (line for line in text.splitlines(keepends=True) if line.startswith(row))
        changed = text.replace(old, block)
    else:  # as the first line of a target rule's input
        head, line = block.split("    input:\n")
        assert text.count(head + "    input:\n") == 1, f"{name} has no such place:\n{head}"
        changed = text.replace(head + "    input:\n", block)
        assert line in changed
    path.write_text(changed, encoding="utf-8")


def typed(command: str, folder: Path) -> str:
    """What a command of the recipe prints."""
    environ = environment()
    environ["PATH"] = f"{Path(sys.executable).parent}:{environ['PATH']}"
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-4000:]}"
    return done.stdout


def test_the_recipe_leads_to_a_stage_that_runs_and_disturbs_nothing(edited):
    folder = edited.folder
    *pieces, (_, commands) = blocks()
    for name, block in pieces:
        apply(folder, name, block)
    written = {name for name, _ in pieces}
    assert written == {"scripts/liquid/rdf.py", "rules/liquid_rdf.smk", "Snakefile", "rules/stages.yaml"}

    dry_run, run, by_hand = (line.split("#")[0].strip() for line in commands.splitlines())
    plan = typed(f"{dry_run} --quiet rules", folder)
    assert jobs(plan) == {"liquid_rdf": 2}, plan  # one a pressure, nothing else
    typed(run, folder)
    assert "Nothing to be done" in typed(dry_run, folder)
    assert "--frames" in typed(by_hand, folder)

    log = (folder / "results/ci/logs/liquid_rdf/p0.log").read_text()
    before = (folder / "results/ci/liquid/train/p0/rdf.csv").read_bytes()
    typed(log.splitlines()[0], folder)  # the command to repeat by hand
    assert (folder / "results/ci/liquid/train/p0/rdf.csv").read_bytes() == before

    for pressure in ("0", "40"):
        check_silica_melt(folder / f"results/ci/liquid/train/p{pressure}/rdf.csv")
    (rule,) = (rule for rule in rules_of(folder) if rule.name == "liquid_rdf")
    assert faults_of(rule) == []
    assert "no box" not in typed("python -m melt2crystal dag --study ci --check", folder)
    typed("ruff check scripts/liquid/rdf.py && ruff format --check scripts/liquid/rdf.py", folder)
    typed("snakefmt --check Snakefile rules", folder)


def check_silica_melt(path: Path) -> None:
    """Radial distribution functions as those of silica melts: atoms keep apart, Si-O bond near 1.6 A, then disorder."""
    table = pd.read_csv(path)
    assert list(table) == ["r_A", "g_Si_O", "g_Si_Si", "g_O_O"]
    r, g = table["r_A"].to_numpy(), table["g_Si_O"].to_numpy()
    assert np.all(g[r < 1.2] == 0) and np.all(table["g_O_O"][r < 1.4] == 0) and np.all(table["g_Si_Si"][r < 1.8] == 0)
    assert 1.5 < r[np.argmax(g)] < 1.75 and g.max() > 4
    assert abs(g[r > 5].mean() - 1) < 0.1
