"""What a run that was killed would leave behind: a program that goes on computing, and its scratch folder.

SIGKILL can't be caught, so neither ``finally`` nor ``atexit`` helps: the kernel ends the program with its parent, and
the next run on the same machine removes the folders of processes that are no more.
"""

import ctypes
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # loaded before a fork, in which little is safe


def end_with_parent() -> None:
    """For ``subprocess.Popen(preexec_fn=...)``: the program gets SIGTERM when its parent is gone (Linux only)."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def scratch_folder(name: str, inside: str | None) -> tempfile.TemporaryDirectory:
    """A temporary folder that names its machine and process; ``inside`` None: the system's (TMPDIR)."""
    return tempfile.TemporaryDirectory(prefix=f"{name}-{_machine()}-{os.getpid()}-", dir=inside)


def remove_abandoned(name: str, inside: str | None) -> list[Path]:
    """Remove the scratch folders that dead processes of this machine left; what can't be removed stays.

    Returns:
        the folders removed.
    """
    folder, removed = Path(inside or tempfile.gettempdir()), []
    pattern = re.compile(rf"{re.escape(name)}-{re.escape(_machine())}-(\d+)-")
    for path in sorted(folder.glob(f"{name}-*")):
        owner = pattern.match(path.name)
        if owner and path.is_dir() and not _alive(int(owner.group(1))):
            shutil.rmtree(path, ignore_errors=True)
            removed.append(path)
    return removed


def _machine() -> str:
    return re.sub(r"[^\w.]", "_", socket.gethostname())


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True
