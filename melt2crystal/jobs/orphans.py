"""Jobs that outlive their driver: a guard ends those of a driver that was killed, and the next run any it left behind.

A job on this machine is a child of its driver, and goes on when the driver is killed. Its results would be thrown away:
Snakemake does again what it didn't see end. Jobs of a cluster are meant to go on; they run in sessions of their own.

``python -m melt2crystal.jobs.orphans`` is the guard, a process in a session of its own.
"""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil

DRIVER = "MELT2CRYSTAL_DRIVER"  # in the environment of every job: machine, process and session of its driver
PATIENCE_S = 5.0  # from SIGTERM to SIGKILL
GONE = (psutil.Error, OSError)


def begin_guard() -> None:
    """Mark this process as the driver of the jobs it starts from now on, and watch it."""
    me = psutil.Process()
    os.environ[DRIVER] = f"{socket.gethostname()} {me.pid} {me.create_time():.2f} {os.getsid(0)}"
    nowhere = subprocess.DEVNULL
    words = [sys.executable, "-P", "-m", "melt2crystal.jobs.orphans"]
    subprocess.Popen(words, stdin=nowhere, stdout=nowhere, stderr=nowhere, start_new_session=True, cwd="/")


def orphans(project: Path) -> list[psutil.Process]:
    """Processes at work in a folder for a driver of this machine that is gone."""
    found = []
    for process, driver in _with_driver():
        host, pid, begun, session = driver.split()
        with suppress(*GONE):
            here = host == socket.gethostname() and Path(process.cwd()) == project
            if here and not _lives(int(pid), float(begun)) and os.getsid(process.pid) == int(session):
                found.append(process)
    return found


def end(processes: Iterable[psutil.Process]) -> None:
    """End processes with all they started, first by a request."""
    family = set(processes)
    for process in list(family):
        with suppress(*GONE):
            family.update(process.children(recursive=True))
    for process in family:
        with suppress(*GONE):
            process.terminate()
    for process in psutil.wait_procs(family, timeout=PATIENCE_S)[1]:
        with suppress(*GONE):
            process.kill()


def _with_driver() -> Iterator[tuple[psutil.Process, str]]:
    for process in psutil.process_iter():
        with suppress(*GONE):
            driver = process.environ().get(DRIVER, "")
            if len(driver.split()) == 4 and process.pid != os.getpid():
                yield process, driver


def _lives(pid: int, begun: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and abs(process.create_time() - begun) < 1.0
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return True


def guard() -> None:
    """Wait for the end of the driver, then end the jobs that it left in its session."""
    driver = os.environ[DRIVER]
    _, pid, begun, session = driver.split()
    if _lives(int(pid), float(begun)):
        _wait_for(int(pid))
    left = []
    for process, whose in _with_driver():
        with suppress(*GONE):
            if whose == driver and os.getsid(process.pid) == int(session):
                left.append(process)
    end(left)


def _wait_for(pid: int) -> None:
    """Until the process has ended, without asking again and again where the kernel can tell (Linux 5.3)."""
    try:
        select.select([os.pidfd_open(pid)], [], [])
    except ProcessLookupError:
        return
    except (AttributeError, OSError):
        with suppress(psutil.Error):
            psutil.Process(pid).wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    guard()
