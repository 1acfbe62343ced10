"""What Snakemake wrote down while it ran: attempts at jobs, read from .snakemake/log/*.log (Snakemake 9)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

STAMP = re.compile(r"\[(\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4})\]")
STARTED = re.compile(r"(?:Job (\d+): |    jobid: (\d+)$)")
FAILED = re.compile(r"Error in (?:\w+ )?rule (\w+)")
ROOM = re.compile(r"Provided (?:cores|remote nodes): (\d+)")


@dataclass(frozen=True)
class Failure:
    """One attempt at a job that failed.

    Attributes:
        log: the job's log file.
        at: when Snakemake noticed; local time.
        seconds: how long the attempt took, None if its start is not in the log.
    """

    rule: str
    log: str
    at: datetime
    seconds: float | None


def failures(lines: Iterable[str]) -> Iterator[Failure]:
    """Failed attempts in one driver log, in order. An attempt that Snakemake repeats by itself is one of its own."""
    stamp: datetime | None = None
    started: dict[str, datetime] = {}
    failed: dict[str, str] = {}
    for line in lines:
        if failed and not line.startswith("    "):
            failed = {}
        if match := STAMP.match(line):
            stamp = datetime.strptime(match.group(1), "%a %b %d %H:%M:%S %Y")
        elif match := FAILED.match(line):
            failed = {"rule": match.group(1)}
        elif failed:
            key, _, value = line.strip().partition(": ")
            failed[key] = value
            if key == "log" and "jobid" in failed and stamp:
                begun = started.get(failed["jobid"])
                seconds = (stamp - begun).total_seconds() if begun else None
                yield Failure(failed["rule"], value.split(" (check log")[0].split(", ")[0], stamp, seconds)
        elif (match := STARTED.match(line)) and stamp:
            started[match.group(1) or match.group(2)] = stamp


def all_failures(folder: Path) -> list[Failure]:
    """Failed attempts in all driver logs of a folder, oldest first; none if the logs were cleaned away."""
    found = [failure for path in sorted(folder.glob("*.snakemake.log")) for failure in failures(_lines(path))]
    return sorted(found, key=lambda failure: failure.at)


def room(folder: Path) -> int | None:
    """Cores (or, on a cluster, jobs at a time) of the newest run, None if no log says."""
    for path in sorted(folder.glob("*.snakemake.log"), reverse=True):
        for line in _lines(path):
            if match := ROOM.match(line):
                return int(match.group(1))
    return None


def _lines(path: Path) -> Iterator[str]:
    with open(path, encoding="utf-8", errors="replace") as handle:
        for line in handle:
            yield line.rstrip("\n")
