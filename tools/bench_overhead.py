"""How long one active-learning iteration takes when every engine is instantaneous: what the workflow itself costs.

In a copy of the repository each script is replaced by a stand-in that writes the files it was asked for and ends. The
ci study with four members then runs to its potentials twice, with few and with more iterations, on local cores; the
difference, divided by the number of further iterations, is the overhead of one: planning, the decision's new plan,
starting programs, bookkeeping.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent
# Inputs exist when a job starts, so what is named in the results folder and isn't there is an output.
STAND_IN = """
import os, sys
for word in sys.argv[1:]:
    if word.startswith("results/") and not os.path.exists(word):
        os.makedirs(os.path.dirname(word), exist_ok=True)
        with open(word, "w") as out:
            out.write('{"stop": false}' if word.endswith(".json") else word)
"""
STUDY = """
name: overhead
extends: ci
train: {{loop: {{members: 4}}}}
select: {{max_iterations: {iterations}}}
"""


def copy_with_stand_ins(folder: Path) -> None:
    """What git tracks or would track, with scripts that do nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    for script in (folder / "scripts").glob("*.py"):
        script.write_text(STAND_IN)


def seconds(folder: Path, iterations: int, cores: int) -> float:
    """Wall time of a whole run, s.

    Raises:
        SystemExit: the run failed; its last lines are shown.
    """
    (folder / "config/studies/overhead.yaml").write_text(STUDY.format(iterations=iterations))
    shutil.rmtree(folder / "results", ignore_errors=True)
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "potentials", "--config", "study=overhead"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SNAKEMAKE")}
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SystemExit(f"the run with {iterations} iterations failed:\n{done.stdout[-3000:]}")
    return time.monotonic() - began


def bench_overhead(
    few: Annotated[int, typer.Option(help="iterations of the shorter run")] = 1,
    more: Annotated[int, typer.Option(help="iterations of the longer run")] = 5,
    cores: Annotated[int, typer.Option(help="local cores")] = 2,
) -> None:
    """Measure the overhead of one active-learning iteration."""
    with tempfile.TemporaryDirectory(prefix="m2c-overhead-") as name:
        folder = Path(name)
        copy_with_stand_ins(folder)
        first, second = seconds(folder, few, cores), seconds(folder, more, cores)
    print(f"{few} iterations: {first:.1f} s; {more} iterations: {second:.1f} s, {cores} cores")
    print(f"overhead of one iteration (12 jobs): {(second - first) / (more - few):.1f} s")
    if shutil.which("dpgen") is None:
        print("dpgen is not installed: nothing to compare with")


if __name__ == "__main__":
    typer.run(bench_overhead)
