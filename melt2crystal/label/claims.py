"""Claims: which job computes which label just now, so that two studies that share a store don't pay twice.

``<store>/<settings digest>/claims/<frame id>`` is a link to ``<token>.job`` beside it: one job alone makes a link, and
it takes no room on a full disk. ``<token>.job`` names machine, process and writer, and is touched every minute. The
claim of a process that is gone, or whose file was not touched for ``EXPIRY_S``, is taken over. Claims save cost and
decide nothing: where none can be written, or two jobs take one over in the same instant, a label is computed twice.
"""

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from melt2crystal.files import write_text

HEARTBEAT_S = 60.0
EXPIRY_S = 600.0  # ten heartbeats: a file system between machines may be slow to show them


class Claims:
    """The claims of one job; leaving the ``with`` block gives up what is left of them."""

    def __init__(self, folder: Path, writer: str) -> None:
        self.folder, self.writer = folder, writer
        self.mine: set[str] = set()
        self._job = folder / f"{uuid.uuid4().hex}.job"
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "Claims":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        for name in list(self.mine):
            self.release(name)
        with suppress(OSError):
            self._job.unlink(missing_ok=True)
            self.folder.rmdir()  # unless others have claims

    def take(self, name: str) -> bool:
        """Claim a frame: False if a living job has it. Where nothing can be written everybody has it."""
        if name in self.mine:
            return True
        try:
            self._begin()
            for _ in range(3):
                if self._written(name):
                    self.mine.add(name)
                    return True
                if self._is_held(name):
                    return False
                self._bury(name)
        except OSError:
            return True
        return False

    def holder(self, name: str) -> str:
        """Who has a claim, in words."""
        held = self._said(self._holder(name))
        return f"{held.get('writer', 'another job')} on {held.get('machine', ['another machine'])[0]}"

    def release(self, name: str) -> None:
        """Give a claim up, if it is still one's own."""
        self.mine.discard(name)
        with suppress(OSError):
            if self._holder(name) == self._job:
                (self.folder / name).unlink(missing_ok=True)

    def _begin(self) -> None:
        if self._thread is None:
            said = {"writer": self.writer, "machine": _machine(), "process": _process(os.getpid()), "time": time.time()}
            write_text(self._job, json.dumps(said) + "\n")
            self._thread = threading.Thread(target=self._beat, daemon=True)
            self._thread.start()

    def _beat(self) -> None:
        while not self._ended.wait(HEARTBEAT_S):
            with suppress(OSError):
                os.utime(self._job)

    def _written(self, name: str) -> bool:
        """Write the claim, if there is none; the system lets only one job do so."""
        try:
            (self.folder / name).symlink_to(self._job.name)
        except FileExistsError:
            return False
        return True

    def _holder(self, name: str) -> Path | None:
        """The file of the job that has a claim; None if nobody has."""
        try:
            # whatever a link says, only files of this folder are meant
            return self.folder / Path(os.readlink(self.folder / name)).with_suffix(".job").name
        except OSError:
            return None

    def _bury(self, name: str) -> None:
        """Remove the claim of a job that is gone, and the file that was its sign of life."""
        job = self._holder(name)
        (self.folder / name).unlink(missing_ok=True)
        if job is not None and job != self._job:
            job.unlink(missing_ok=True)

    def _said(self, job: Path | None) -> dict[str, Any]:
        try:
            values = json.loads(job.read_text(encoding="utf-8")) if job else {}
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def _is_held(self, name: str) -> bool:
        job = self._holder(name)
        if job is None:
            return False
        held = self._said(job)
        process = held.get("process")
        if held.get("machine") == _machine() and isinstance(process, list) and len(process) == 2:
            return _process(process[0]) == process
        os.utime(self._job)
        try:  # both times are of the file system, whatever the clocks of the machines say
            return self._job.stat().st_mtime - job.stat().st_mtime < EXPIRY_S
        except FileNotFoundError:
            return False


def _machine() -> list[str]:
    """Name of the machine, and the space in which its process numbers count (containers have their own)."""
    space = ""
    with suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return [socket.gethostname(), space]


def _process(pid: Any) -> list[Any] | None:
    """Number and start of a process, which a later one of the same number doesn't share; None if there is none."""
    if not isinstance(pid, int):
        return None
    with suppress(OSError):  # the name, in brackets, may hold anything
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rsplit(")", 1)[-1].split()
        return None if stat[0] in "ZX" else [pid, stat[19]]
    if Path("/proc/self/stat").exists():
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except OSError:
        pass
    return [pid, ""]
