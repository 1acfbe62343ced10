"""What planning a study of ten thousand jobs costs, measured beside a bare Snakemake workflow with the same jobs.

The study is the paper's with 71 pressures, more labels, more members and more searches; its melts' labels make nine
tenths of the jobs. It has no loop, because a dry run of a study that hasn't begun ends at the loop's first decision.
Seconds differ between machines by more than two, so what counts is the ratio of the two.
"""

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
import yaml

from melt2crystal.provenance import ROOT
from tools.bench.bare_workflow import write_bare_workflow

COMMAND = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules"]


def study(frames_per_state: int) -> dict:
    """A study with 71 pressures; each state adds a tenth of ``frames_per_state`` jobs."""
    pressures = [float(pressure) for pressure in range(71)]
    members = {"training": {"members": 64}}
    return {
        "name": "many-jobs",
        "extends": "paper",
        "grid": [{"pressure_GPa": pressure, "temperatures_K": [3000, 3500, 4000, 4500]} for pressure in pressures],
        "liquid": {"frames_per_state": frames_per_state},
        "select": {"max_iterations": 0},
        "release": {"lp": members, "hp": members},
        "search": {"pressures_GPa": pressures},
        "jobs": {"minutes_per_label": 10, "minutes_per_shard": 100},
    }


def dry_run(*arguments: str) -> tuple[int, float]:
    """Number of planned jobs, and CPU time in s (user and system)."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([*COMMAND, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = re.search(r"^total +(\d+)$", done.stdout, re.MULTILINE)
    if done.returncode or total is None:
        raise SystemExit(f"the dry run failed: snakemake {' '.join(arguments)}\n{done.stdout[-3000:]}")
    return int(total[1]), after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def bench_dry_run(
    frames_per_state: Annotated[int, typer.Option(help="melts labelled per state: 300 for ten thousand jobs")] = 300,
    repetitions: Annotated[int, typer.Option(min=1, help="dry runs of each, alternately; the least counts")] = 2,
    limit: Annotated[float, typer.Option(help="largest ratio of the two CPU times")] = 1.3,
) -> None:
    """CPU time of a dry run over that of the bare workflow; status 1 if the ratio is above the limit."""
    with tempfile.TemporaryDirectory(prefix="m2c-dry-run-") as name:
        file, snakefile = Path(name) / "many-jobs.yaml", Path(name) / "Snakefile"
        file.write_text(yaml.safe_dump(study(frames_per_state)), encoding="utf-8")
        write_bare_workflow(file, snakefile)
        bare = ["--snakefile", str(snakefile), "--workflow-profile", str(ROOT / "profiles" / "default")]
        runs = [(dry_run("--config", f"study={file}"), dry_run(*bare)) for _ in range(repetitions)]
    (jobs, _), (bare_jobs, _) = runs[0]
    if jobs != bare_jobs:
        raise SystemExit(
            f"{jobs:,} jobs, but {bare_jobs:,} in the bare workflow: {write_bare_workflow.__module__} errs"
        )
    ours, theirs = (min(run[which][1] for run in runs) for which in (0, 1))
    ratio = ours / theirs
    print(f"{jobs:,} jobs: {ours:.1f} s CPU, bare workflow {theirs:.1f} s CPU, ratio {ratio:.1f} (limit {limit:g})")
    if ratio > limit:
        raise SystemExit(f"{ratio:.3f} is above the limit")


if __name__ == "__main__":
    typer.run(bench_dry_run)
