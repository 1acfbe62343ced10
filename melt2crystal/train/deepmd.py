"""DeePMD-kit's commands train, freeze, compress, resuming from the last checkpoint."""

import fcntl
import json
import math
import multiprocessing
import multiprocessing.connection
import os
import shutil
import signal
import socket
import sys
import threading
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from melt2crystal.errors import EngineError
from melt2crystal.train.deepmd_input import CHECKPOINT

# "__main__": else each command imports the calling program again.
PRELOADED = ["__main__", *(f"deepmd.tf.entrypoints.{name}" for name in ("main", "train", "freeze", "compress"))]
LOCK = "lock"
PYTORCH = "--pt"  # first argument of a command for that backend; without it, TensorFlow


def find_dp() -> str:
    """Path of the program ``dp``; EngineError if there is none."""
    found = shutil.which("dp") or shutil.which("dp", path=str(Path(sys.executable).parent))
    if not found:
        raise EngineError("DeePMD-kit ('dp') is not on PATH; run 'make env' and activate .venv")
    return found


def run_dp(arguments: Sequence[str], folder: Path) -> None:
    """Run a ``dp`` command in ``folder``, its output going to this process's log.

    Each command is forked from a server that has imported TensorFlow and nothing else: the import is what a start of
    ``dp`` costs (6 s of 9 s for freeze), and a member needs three commands. One of PyTorch imports it by itself.

    Raises:
        EngineError: there is no ``dp``, or it failed; with its exit status.
    """
    find_dp()
    for variable in ("OMP_NUM_THREADS", "DP_INTRA_OP_PARALLELISM_THREADS", "DP_INTER_OP_PARALLELISM_THREADS"):
        os.environ.setdefault(variable, "1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    print(f"cd {folder} && dp {' '.join(arguments)}", flush=True)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED[:1] if arguments[0] == PYTORCH else PRELOADED)
    process = context.Process(target=_dp, args=(list(arguments), folder))
    process.start()
    process.join()
    if process.exitcode != 0:
        raise EngineError(
            f"'dp {' '.join(arguments)}' in {folder} ended with status {process.exitcode}; its last words stand above"
        )


def _dp(arguments: list[str], folder: Path) -> None:
    """The child of ``run_dp``; it ends with ``run_dp``'s process, however that ends."""
    from deepmd.main import main

    threading.Thread(target=_end_with_parent, daemon=True).start()
    os.chdir(folder)
    os.dup2(1, 2)
    main(arguments)


def _end_with_parent() -> None:
    # The kernel's signal for a dead parent would not do: the parent is the server, which lives as long as its children.
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os.kill(os.getpid(), signal.SIGKILL)


def train(settings: dict[str, Any], folder: Path, pytorch: bool = False) -> None:
    """Train in ``folder``, from the last checkpoint if a former run left one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "input.json").write_text(json.dumps(settings, indent=1, sort_keys=True))
    arguments = [*([PYTORCH] if pytorch else []), "train", "input.json"]
    checkpoint = newest_checkpoint(folder, pytorch)
    if checkpoint:
        print(f"resuming from the checkpoint {folder / checkpoint}", flush=True)
        arguments += ["--restart", checkpoint]
    run_dp(arguments, folder)


@contextmanager
def alone_in(folder: Path) -> Iterator[bool]:
    """Hold a training's folder, so that no second process trains in it; whether another one had to be waited for.

    A driver that was killed may have left a training behind. The lock ends with the process that holds it, so one that
    is dead holds none; one that lives is named, with its machine and number, and waited for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / LOCK, "a+", encoding="utf-8") as handle:
        waited = False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "another process"
            print(f"{holder} trains in {folder} already: waiting for it, its model is taken", flush=True)
            fcntl.flock(handle, fcntl.LOCK_EX)
            waited = True
        except OSError:
            pass  # a file system without locks: as if there were none
        handle.truncate(0)
        handle.write(f"process {os.getpid()} on {socket.gethostname()}\n")
        handle.flush()
        yield waited


def newest_checkpoint(folder: Path, pytorch: bool = False) -> str | None:
    """Name of the last checkpoint in ``folder`` that was written to its end, none if there is none.

    TensorFlow: a kill between its files leaves one that can't be restored; DeePMD's own name for the last,
    ``model.ckpt``, is a link that is made after them. PyTorch: one archive, whose table of contents comes last.
    """
    if pytorch:
        found = [path for path in folder.glob(f"{CHECKPOINT}-*.pt") if zipfile.is_zipfile(path)]
        return max((path.name for path in found), key=lambda name: _step(name.removesuffix(".pt")), default=None)
    ends = (".meta", ".data-00000-of-00001")
    complete = [
        index.stem
        for index in folder.glob(f"{CHECKPOINT}-*.index")
        if index.stat().st_size and all(_is_filled(folder / f"{index.stem}{end}") for end in ends)
    ]
    return max(complete, key=_step, default=None)


def _is_filled(path: Path) -> bool:
    """A power cut may leave a file's name without its content."""
    return path.is_file() and path.stat().st_size > 0


def _step(checkpoint: str) -> int:
    return int(checkpoint.rpartition("-")[2])


def read_learning_curve(path: Path) -> tuple[list[str], list[list[float]]]:
    """lcurve.out: columns as DeePMD names them (step, rmse_e_val, rmse_e_trn, ..., lr), and a row for each step.

    A step that was repeated after a crash counts once, with its last numbers; a line that the crash cut off is NaN
    where it ends.
    """
    lines = path.read_text().splitlines()
    names = lines[0].lstrip("# ").split()
    rows: dict[int, list[float]] = {}
    for line in lines:
        if line.strip() and not line.startswith("#"):
            step, *values = line.split()
            rows.pop(int(step), None)  # the last one comes last
            rows[int(step)] = [float(value) for value in values] + [math.nan] * (len(names) - 1 - len(values))
    return names, [[step, *values] for step, values in rows.items()]
