"""How long Snakemake takes to plan a study of ten thousand jobs, and whether that stays below a limit.

The study is the paper's with 71 pressures, more labels, more members and more searches; its melts' labels make nine
tenths of the jobs. It has no loop, because a dry run of a study that hasn't begun ends at the loop's first decision.
"""

import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
import yaml

from melt2crystal.provenance import ROOT

COMMAND = [sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--config"]


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


def bench_dry_run(
    frames_per_state: Annotated[int, typer.Option(help="melts labelled per state: 300 for ten thousand jobs")] = 300,
    limit: Annotated[float, typer.Option(help="CPU seconds for every ten thousand jobs")] = 20.0,
) -> None:
    """Measure one dry run; status 1 if it took longer than the limit."""
    with tempfile.TemporaryDirectory(prefix="m2c-dry-run-") as name:
        file = Path(name) / "many-jobs.yaml"
        file.write_text(yaml.safe_dump(study(frames_per_state)))
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [*COMMAND, f"study={file}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    total = re.search(r"^total +(\d+)$", done.stdout, re.MULTILINE)
    if done.returncode or total is None:
        raise SystemExit(f"the dry run failed:\n{done.stdout[-3000:]}")
    jobs = int(total[1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    allowed = limit * jobs / 10_000
    print(
        f"{jobs:,} jobs: {cpu:.1f} s CPU, {wall:.0f} s wall, {after.ru_maxrss / 1024:.0f} MB; limit {allowed:.1f} s CPU"
    )
    if cpu > allowed:
        raise SystemExit(1)


if __name__ == "__main__":
    typer.run(bench_dry_run)
