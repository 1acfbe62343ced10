"""What one active-learning iteration costs when every engine is instantaneous: what the workflow itself costs.

In a copy of the repository DeePMD-kit and LAMMPS with models are replaced by stand-ins (tools/bench/stand_ins) that
leave files of the right form and end; everything else is real: planning, the scripts with all they import, datasets,
selection with certificates, labels (BKS, 14 ms a frame), bookkeeping. The ci study with four members then runs to its
potentials on local cores. The time from one decision of the loop to the next is one iteration.

With ``--bare`` the scripts are replaced too, by one that writes the files it was asked for: what Snakemake alone costs.

Then DP-GEN, if it is installed, does the same work with stand-ins (tools/bench/overhead_dpgen.py).
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from melt2crystal.provenance import ROOT
from tools.bench import overhead_dpgen as bench_overhead_dpgen

# Inputs exist when a job starts, so what is named in the results folder and isn't there is an output.
BARE = """
import os, sys
for word in sys.argv[1:]:
    if word.startswith("results/") and not os.path.exists(word):
        os.makedirs(os.path.dirname(word), exist_ok=True)
        with open(word, "w") as out:
            out.write('{"stop": false}' if word.endswith(".json") else word)
"""
FIND_LAMMPS = """

def find_lammps(deepmd: bool = False, _real=find_lammps):
    stand_in = [sys.executable, "-SE", str(Path(__file__).parent.parent / "stand_in_lmp.py")]
    return (stand_in, dict(os.environ)) if deepmd else _real()
"""
STUDY = """
name: overhead
extends: ci
train: {{loop: {{members: 4}}}}
select: {{max_iterations: {iterations}, window: {{mode: fixed, eps_lo: 0.15, eps_hi: 0.3}}}}
"""


def copy_with_stand_ins(folder: Path, bare: bool) -> None:
    """What git tracks or would track, with engines, or with scripts, that do nothing."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name, follow_symlinks=False)
    if bare:
        for script in (folder / "scripts").glob("*/*.py"):
            script.write_text(BARE)
        return
    shutil.copytree(ROOT / "tools/bench/stand_ins/deepmd", folder / "deepmd")  # found first: PYTHONPATH is the root
    shutil.copy(ROOT / "tools/bench/stand_ins/lmp.py", folder / "stand_in_lmp.py")
    with open(folder / "melt2crystal/lammps/program.py", "a") as module:
        module.write(FIND_LAMMPS)


def run(folder: Path, iterations: int, cores: int) -> float:
    """Run the loop and the potentials; wall time, s.

    Raises:
        SystemExit: the run failed; its last lines are shown.
    """
    (folder / "config/studies/overhead.yaml").write_text(STUDY.format(iterations=iterations))
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "potentials", "--config", "study=overhead"]
    unlike_users = ("SNAKEMAKE", "PYTHONDONTWRITEBYTECODE")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(unlike_users)}
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    if done.returncode:
        raise SystemExit(f"the run failed:\n{done.stdout[-6000:]}")
    return time.monotonic() - began


def decided(folder: Path) -> np.ndarray:
    """Times of the decisions, one an iteration, s."""
    found = sorted((folder / "results/overhead/select").glob("*/decision.json"))
    return np.array([path.stat().st_mtime for path in found])


def bench_overhead(
    iterations: Annotated[int, typer.Option(help="iterations of the loop")] = 5,
    cores: Annotated[int, typer.Option(help="local cores")] = 2,
    bare: Annotated[bool, typer.Option(help="scripts too do nothing: Snakemake alone")] = False,
    dpgen: Annotated[str, typer.Option(help="DP-GEN's program for comparison, if not on PATH")] = "",
) -> None:
    """Measure the overhead of one active-learning iteration."""
    program = bench_overhead_dpgen.find(dpgen)
    with tempfile.TemporaryDirectory(prefix="m2c-overhead-") as name:
        folder = Path(name)
        copy_with_stand_ins(folder, bare)
        whole = run(folder, iterations, cores)
        times = np.diff(decided(folder))
    if len(times) < iterations - 1:
        raise SystemExit(f"the loop ended after {len(times) + 1} decisions of {iterations}: nothing was left to label")
    each = ", ".join(f"{seconds:.1f}" for seconds in times)
    print(f"{'Snakemake alone' if bare else 'stand-in engines'}, {iterations} iterations, {cores} cores: {whole:.0f} s")
    print(f"one iteration (four trainings, two walks, a selection, labels): {times.mean():.1f} s ({each})")
    if bare:
        return
    if program:
        bench_overhead_dpgen.compare(program)
    else:
        print(bench_overhead_dpgen.HOW_TO)


if __name__ == "__main__":
    typer.run(bench_overhead)
