"""One run of an outside program in its working folder, within a time limit."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from melt2crystal.engines.espresso.files import Ended
from melt2crystal.engines.scratch import end_with_parent

GRACE_S = 10.0  # between asking a program to end and killing it
ONE_THREAD = {"OMP_NUM_THREADS": "1"}


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
    return Ended(process.returncode, texts[0], texts[1], late)


def _end(process: subprocess.Popen) -> None:
    """Ask first, so that a launcher can end its ranks."""
    process.terminate()
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
