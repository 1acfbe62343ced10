"""A checkout driven through ``--profile slurm``, and what SLURM itself says about the jobs it ran."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.helpers.checkout import environment

# ``snakemake``, but the driver looks every two seconds. The plugin waits ten seconds longer after each look that finds
# nothing finished: right for jobs of hours, half an hour lost with the ci study's jobs of seconds.
HASTY = """
import sys
from snakemake.cli import main
from snakemake_executor_plugin_slurm import Executor
Executor.next_seconds_between_status_checks = property(lambda self: 2.0, lambda self, value: None)
main(sys.argv[1:])
"""
GPUS = re.compile(r"gpu(?::\w+)?[:=](\d+)$")  # gres:gpu:1, gres:gpu:a100:1, gres/gpu=1
COMMENT = re.compile(r"rule_(?P<rule>.+?)(?:_wildcards_(?P<wildcards>.*))?$")


@dataclass(frozen=True)
class Record:
    """One job as ``scontrol show job`` remembers it (without accounting, for MinJobAge seconds)."""

    number: int
    rule: str
    wildcards: str
    state: str
    partition: str
    cores: int
    memory_MB: int
    minutes: int
    gpus: int
    tasks: int

    @property
    def name(self) -> tuple[str, str]:
        return self.rule, self.wildcards


def _minutes(limit: str) -> int:
    """``1-02:30:00`` as minutes."""
    days, _, clock = limit.rpartition("-")
    hours, minutes, _ = clock.split(":")
    return int(days or 0) * 1440 + int(hours) * 60 + int(minutes)


def _megabytes(text: str) -> int:
    number, unit = float(text[:-1]), text[-1]
    return round(number * {"M": 1, "G": 1024}[unit])


def _record(line: str) -> Record | None:
    fields = dict(part.split("=", 1) for part in line.split() if "=" in part)
    asked = fields.get("TRES") or fields["ReqTRES"]
    tres = dict(part.rsplit("=", 1) for part in asked.split(","))
    comment = COMMENT.match(fields.get("Comment", ""))
    if comment is None:
        return None
    return Record(
        number=int(fields["JobId"]),
        rule=comment["rule"],
        wildcards=comment["wildcards"] or "",
        state=fields["JobState"],
        partition=fields["Partition"],
        cores=int(fields["NumCPUs"]),
        memory_MB=_megabytes(tres["mem"]),
        minutes=_minutes(fields["TimeLimit"]),
        gpus=int(gpus[1]) if (gpus := GPUS.search(fields.get("TresPerJob", ""))) else 0,
        tasks=int(fields["NumTasks"]),
    )


@dataclass(frozen=True)
class Driver:
    """Snakemake in one checkout with one study; results in a folder of their own."""

    folder: Path
    study: str
    results: str = "cluster-results"

    def command(self, *arguments: str) -> list[str]:
        config = ["--config", f"study={self.study}", f"results={self.results}"]
        return [sys.executable, "-c", HASTY, "--profile", "slurm", "--latency-wait", "10", *arguments, *config]

    def run(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run to the end; output and errors together in ``stdout``."""
        return subprocess.run(
            self.command(*arguments),
            cwd=self.folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start and return at once; what it says goes to a file."""
        with open(self._log, "w") as output:
            return subprocess.Popen(
                self.command(*arguments), cwd=self.folder, env=environment(), stdout=output, stderr=output
            )

    def said(self) -> str:
        """What the driver that was started last has said."""
        return self._log.read_text()

    @property
    def _log(self) -> Path:
        return self.folder / "driver.log"

    def records(self, since: int = 0) -> list[Record]:
        """Jobs of this checkout with a number above ``since``, in the order of their submission."""
        shown = subprocess.run(["scontrol", "show", "job", "-o"], capture_output=True, text=True).stdout
        own = [line for line in shown.splitlines() if f"WorkDir={self.folder} " in f"{line} "]
        found = sorted(filter(None, map(_record, own)), key=lambda record: record.number)
        return [record for record in found if record.number > since]

    def at_work(self) -> list[Record]:
        """Jobs that wait or run."""
        return [r for r in self.records() if r.state in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING")]
