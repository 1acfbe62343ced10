"""The process in which an ASE calculator lives: started, questioned, ended; by the engine and by whoever judges it."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

from ase import Atoms

from melt2crystal.engines.ase import worker as ase_worker
from melt2crystal.engines.scratch import end_with_parent
from melt2crystal.errors import EngineError
from melt2crystal.sections.reference import AseCalculator

WORKER = Path(ase_worker.__file__)  # imported, so that it is an input of the rules that run it
STARTUP_S = 300.0  # importing PyTorch on a busy network file system
NEEDED = {"energy", "forces", "stress"}


class Worker:
    """A process that reads one JSON task a line and writes one JSON answer a line."""

    def __init__(self, section: AseCalculator, where: str) -> None:
        words = (json.dumps(section.arguments), json.dumps(list(section.packages)))
        fresh = "fresh" if section.calculator_per_frame else "same"
        self.interpreter = section.interpreter or sys.executable
        command = [self.interpreter, str(WORKER), section.calculator, *words, fresh]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                env={"OMP_NUM_THREADS": "1", **os.environ},
                preexec_fn=end_with_parent,
            )
        except OSError as error:
            raise EngineError(
                f"{where}interpreter: {self.interpreter} can't be started ({error.strerror}); make this environment, "
                "or name the python of the one that has the calculator"
            ) from error
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")  # end of file: the process is gone

    def ask(self, wanted: dict, timeout_s: float) -> dict:
        """The answer to one task; ``lost`` in it: the process is of no use any more."""
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(wanted) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the calculator's process died", "lost": True}
        return self.read(timeout_s)

    def read(self, timeout_s: float) -> dict:
        """The next answer."""
        try:
            line = self.answers.get(timeout=timeout_s)
        except queue.Empty:
            return {"error": f"no answer within {timeout_s:g} s", "lost": True, "late": True}
        if not line:
            status = self.process.wait()
            short_of = "memory" if status == -signal.SIGKILL else ""
            return {
                "error": f"the calculator's process died {_how_it_ended(status)}",
                "lost": True,
                "short_of": short_of,
            }
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


def _how_it_ended(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"with status {status}; its last words are in the log of the job"
    memory = " (out of memory?)" if -status == signal.SIGKILL else ""
    return f"by signal {-status}{memory}; its last words are in the log of the job"


def started(section: AseCalculator, where: str, purpose: str) -> Worker:
    """A process whose calculator is ready, in the versions asked for.

    Args:
        section: the calculator.
        where: what stands before its keys in messages ("reference.").
        purpose: what it is to be, for messages ('a reference').

    Raises:
        EngineError: no such interpreter or calculator, other versions, or no energy, forces and stress.
    """
    worker = Worker(section, where)
    answer = worker.read(STARTUP_S)
    problem = ""
    if not answer.get("ready"):
        problem = (
            f"{where}calculator {section.calculator} can't be made with {worker.interpreter}: "
            f"{answer.get('error', 'no answer')}; install it there, name the right {where}interpreter, or mend "
            f"{where}arguments"
        )
    elif answer["properties"] is not None and NEEDED - set(answer["properties"]):
        lacking = ", ".join(sorted(NEEDED - set(answer["properties"])))
        problem = (
            f"{where}calculator {section.calculator} computes no {lacking}; {purpose} needs energy, forces "
            "and stress: take another calculator"
        )
    else:
        for package, version in section.packages.items():
            found = answer["versions"].get(package, "no such package")
            if found != version:
                problem = (
                    f"{where}packages: {package} {version} is asked for, {worker.interpreter} has {found}; "
                    f"install {package}=={version} there, or change the version (what rests on it is computed anew)"
                )
    if problem:
        worker.close()
        raise EngineError(problem)
    return worker


def task(atoms: Atoms, kind: str, pressure_GPa: float | None) -> dict:
    """What the process is asked: ``evaluate``, ``relax`` (ions) or ``relax_cell``."""
    return {
        "task": kind,
        "pressure_GPa": pressure_GPa,
        "symbols": atoms.get_chemical_symbols(),
        "positions": atoms.get_positions().tolist(),
        "cell": atoms.cell.array.tolist(),
    }
