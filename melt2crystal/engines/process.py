"""One run of an outside program in its working folder, within a time limit."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from melt2crystal.engines.scratch import end_with_parent

MEMORY = re.compile(
    r"out[- ]of[- ]memory|oom[-_ ]?kill|insufficient virtual memory|cannot allocate memory|allocation would exceed"
    r"|not enough memory|failed to allocate|unable to allocate|allocation failed|bad_alloc",
    re.IGNORECASE,
)
NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
KILLED = (-9, 137)  # by the kernel, which is short of memory; a shell or launcher reports signal 9 as 137
GRACE_S = 10.0  # between asking a program to end and killing it
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
FULL_BYTES = 4096  # a disk with less than one page is full


@dataclass(frozen=True)
class Ended:
    """How one run of a program ended.

    Attributes:
        status: exit status; negative: the signal that ended it.
        output: what it printed.
        errors: what it printed as errors.
        late: the time limit ended it.
        full: the disk it wrote to was full at its end.
    """

    status: int
    output: str
    errors: str
    late: bool = False
    full: bool = False

    @property
    def short_of(self) -> Literal["", "memory", "space"]:
        """What it ended for want of, whatever it was computing."""
        if self.full or NO_SPACE.search(self.errors):
            return "space"
        return "memory" if self.status in KILLED or MEMORY.search(self.errors) else ""


def run_program(
    command: Sequence[str], folder: Path, timeout_s: float, name: str, variables: Mapping[str, str] = ONE_THREAD
) -> Ended:
    """Run ``command`` in ``folder``; it never outlives this call.

    Its output goes to ``<name>.out`` and ``<name>.err`` there; ``variables`` hold unless the environment says
    otherwise. A program that can't be started at all ends with status 127, as in a shell.
    """
    environment = {**variables, **os.environ}
    with open(folder / f"{name}.out", "wb") as output, open(folder / f"{name}.err", "wb") as errors:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                preexec_fn=end_with_parent,
            )
        except OSError as error:
            return Ended(127, "", f"{command[0]}: {error.strerror}")
        late = False
        try:
            process.wait(max(0.1, timeout_s))
        except subprocess.TimeoutExpired:
            late = True
        finally:
            if process.poll() is None:
                _end(process)
    texts = [(folder / f"{name}.{ending}").read_text(errors="replace") for ending in ("out", "err")]
    full = shutil.disk_usage(folder).free < FULL_BYTES
    return Ended(process.returncode, texts[0], texts[1], late, full)


def _end(process: subprocess.Popen) -> None:
    """Ask first, so that a launcher can end its ranks."""
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
