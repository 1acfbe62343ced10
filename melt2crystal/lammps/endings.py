"""How a LAMMPS process ended: a walk or a structure that broke, as LAMMPS says, or a program that could not work.

Only the former says something about the structure. Whatever else stops LAMMPS (a signal, a full disk, a file it can't
open, a command it does not know) fails the job: a rerun, with more memory or room, can mend it.
"""

import re
import shutil
from pathlib import Path

from melt2crystal.errors import EngineError

FULL_BYTES = 4096  # a disk with less than one page is full
# LAMMPS' words (versions of 2021 to 2025) for atoms that fly apart, collapse or sit on each other, and for our guards
BROKEN = re.compile(
    r"Lost atoms|Non-numeric|Fix halt condition|Out of range atoms|simulation unstable|[Nn]eighbor list overflow"
    r"|Too many neighbor bins|Too many atom sorting bins|Domain too large for neighbor bins|box size << cutoff"
    r"|negative box length|tilted box too far|moved too far apart|Too many neighbors|Pair distance [<>] table"
)
MEMORY = re.compile(r"Failed to (re)?allocate|bad_alloc|out of memory|Cannot allocate memory", re.IGNORECASE)
KILLED = 9


def broken_by(status: int, log: str) -> str | None:
    """LAMMPS' words for what broke the structure or the walk; None if nothing did, or something else stopped it."""
    told = first_error(log) if status != 0 else None
    return told if told and BROKEN.search(told) else None


def first_error(log: str) -> str | None:
    """The first line of errors in a log."""
    return next((line.strip() for line in log.splitlines() if line.startswith("ERROR")), None)


def stopped(status: int, log: str, said: str, folder: Path) -> EngineError | None:
    """Why LAMMPS could not do its work in ``folder``; None if it could.

    Args:
        status: exit status; negative: the signal that ended it.
        log: its log.
        said: what it printed beside the log.
    """
    if is_full(folder):
        return EngineError(
            f"{folder.parent}: No space left on device, so LAMMPS could not write what it computed; make room there, "
            "or name another folder in TMPDIR, and run again"
        )
    if status == 0 or broken_by(status, log):
        return None
    signal = signal_of(status)
    told = first_error(log) or next(iter(said.strip().splitlines()[-1:]), "")
    if signal == KILLED or MEMORY.search(f"{told}\n{said}"):
        how = "was killed by signal 9, mostly a lack of memory" if signal == KILLED else f"lacked memory: {told}"
        return EngineError(
            f"LAMMPS {how}; `retries` of the profile give the job more (docs/guides/cluster.md), otherwise run fewer "
            "jobs at once"
        )
    if told:
        return EngineError(f"LAMMPS could not work: {told}{_last_command(log)}")
    how = f"was killed by signal {signal}" if signal else f"ended with status {status}"
    return EngineError(f"LAMMPS {how} and said nothing of why; run again, or repeat its input by hand")


def incomplete(folder: Path) -> EngineError:
    """LAMMPS ended in order, but what it wrote isn't whole."""
    return EngineError(
        f"LAMMPS ended in order, but its outputs in {folder.parent} are cut off: was the disk full for a moment? Make "
        "room there, or name another folder in TMPDIR, and run again"
    )


def is_full(folder: Path) -> bool:
    """Whether not even a page can be written into a folder."""
    return shutil.disk_usage(folder).free < FULL_BYTES


def signal_of(status: int) -> int:
    """The signal that ended a program, 0 if none did. A shell reports signal n as 128 + n, the wheel's ``lmp`` as
    256 - n."""
    if status < 0:
        return -status
    if status >= 192:
        return 256 - status
    return max(0, status - 128)


def _last_command(log: str) -> str:
    told = re.search(r"^Last (?:input line|command): *(\S.*)$", log, re.MULTILINE)
    return f" (at: {told.group(1).strip()})" if told else ""
