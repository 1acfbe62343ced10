"""Any ASE calculator as the reference, if need be in another Python environment."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.stress import voigt_6_to_full_3x3_stress

from melt2crystal.engines.ase import worker as ase_worker
from melt2crystal.engines.base import RELAX_TIMES, Label, Status, name_of, without_net_force
from melt2crystal.engines.scratch import end_with_parent
from melt2crystal.errors import EngineError
from melt2crystal.files import digest_of_file
from melt2crystal.sections.reference import AseReference

WORKER = Path(ase_worker.__file__)  # imported, so that it is an input of the rules that run it
STARTUP_S = 300.0  # importing PyTorch on a busy network file system
NEEDED = {"energy", "forces", "stress"}


class AseEngine:
    """Runs ``worker.py`` under the calculator's interpreter; one process serves many frames, and one that crashes or
    does not answer costs only the frame it was computing."""

    name = "ase"

    def __init__(self, reference: AseReference) -> None:
        self.reference = reference
        self.interpreter = reference.interpreter or sys.executable
        self._ready: _Worker | None = None  # started by check(), not used yet: starting one can take many seconds

    def identity(self) -> dict[str, object]:
        """Calculator, arguments, versions of packages and the content of its files."""
        identity: dict[str, object] = {
            "calculator": self.reference.calculator,
            "arguments": self.reference.arguments,
            "files": [digest_of_file(Path(name)) for name in self.reference.files],
        }
        if self.reference.packages:
            identity["packages"] = self.reference.packages
        return identity

    def check(self) -> None:
        """See the protocol: files, interpreter and calculator are there, in the versions asked for."""
        for name in self.reference.files:
            if not Path(name).exists():
                raise EngineError(f"reference.files: {name} does not exist")
        if self._ready is None:
            self._ready = self._start()

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol; ``seconds`` are CPU seconds of the calculator and the programs it started.

        Raises:
            EngineError: the calculator has no forces or no stress, so that no frame can get a label.
        """
        worker: _Worker | None = None
        try:
            for frame in frames:
                worker = worker or self._take()
                began = time.perf_counter()
                answer = worker.ask(_plain(frame, "evaluate", None), self.reference.timeout_s)
                if answer.get("unable"):
                    raise EngineError(
                        f"reference.calculator {self.reference.calculator}: {answer['error']}; a reference needs "
                        "energy, forces and stress: change reference.arguments, or take another calculator"
                    )
                label = _label(answer, answer.get("seconds", time.perf_counter() - began))
                if answer.get("lost"):
                    worker.close()
                    worker = None
                yield label
        finally:
            if worker:
                worker.close()

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """See the protocol; BFGS in the worker."""
        worker = self._take()
        relaxed = []
        try:
            for structure in structures:
                task = "relax" if pressure_GPa is None else "relax_cell"
                answer = worker.ask(_plain(structure, task, pressure_GPa), RELAX_TIMES * self.reference.timeout_s)
                if "error" in answer:
                    raise EngineError(
                        f"{self.reference.calculator} could not relax {name_of(structure)}: {answer['error']}"
                    )
                atoms = Atoms(
                    structure.symbols, answer["positions"], cell=answer["cell"], pbc=True, info=structure.info
                )
                atoms.calc = SinglePointCalculator(
                    atoms, energy=answer["energy"], forces=np.array(answer["forces"]), stress=np.array(answer["stress"])
                )
                relaxed.append(atoms)
        finally:
            worker.close()
        return relaxed

    def _take(self) -> "_Worker":
        """The worker that check() left, or a new one."""
        worker, self._ready = self._ready or self._start(), None
        return worker

    def _start(self) -> "_Worker":
        reference = self.reference
        worker = _Worker(self.interpreter, reference)
        answer = worker.read(STARTUP_S)
        problem = ""
        if not answer.get("ready"):
            problem = (
                f"reference.calculator {reference.calculator} can't be made with {self.interpreter}: "
                f"{answer.get('error', 'no answer')}; install it there, name the right reference.interpreter, or mend "
                "reference.arguments"
            )
        elif answer["properties"] is not None and NEEDED - set(answer["properties"]):
            lacking = ", ".join(sorted(NEEDED - set(answer["properties"])))
            problem = (
                f"reference.calculator {reference.calculator} computes no {lacking}; a reference needs energy, forces "
                "and stress: take another calculator"
            )
        else:
            for package, version in reference.packages.items():
                found = answer["versions"].get(package, "no such package")
                if found != version:
                    problem = (
                        f"reference.packages: {package} {version} is asked for, {self.interpreter} has {found}; "
                        f"install {package}=={version} there, or change the version (a new settings digest, all "
                        "labels anew)"
                    )
        if problem:
            worker.close()
            raise EngineError(problem)
        return worker


class _Worker:
    """A process that reads one JSON task a line and writes one JSON answer a line."""

    def __init__(self, interpreter: str, reference: AseReference) -> None:
        words = (json.dumps(reference.arguments), json.dumps(list(reference.packages)))
        fresh = "fresh" if reference.calculator_per_frame else "same"
        command = [interpreter, str(WORKER), reference.calculator, *words, fresh]
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
                f"reference.interpreter: {interpreter} can't be started ({error.strerror}); make this environment, or "
                "name the python of the one that has the calculator"
            ) from error
        self.answers: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self.answers.put(line)
        self.answers.put("")  # end of file: the process is gone

    def ask(self, task: dict, timeout_s: float) -> dict:
        assert self.process.stdin
        try:
            self.process.stdin.write(json.dumps(task) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the calculator's process died", "lost": True}
        return self.read(timeout_s)

    def read(self, timeout_s: float) -> dict:
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
        self.process.kill()
        self.process.wait()


def _how_it_ended(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"with status {status}; its last words are in the log of the job"
    memory = " (out of memory?)" if -status == signal.SIGKILL else ""
    return f"by signal {-status}{memory}; its last words are in the log of the job"


def _plain(atoms: Atoms, task: str, pressure_GPa: float | None) -> dict:
    return {
        "task": task,
        "pressure_GPa": pressure_GPa,
        "symbols": atoms.get_chemical_symbols(),
        "positions": atoms.get_positions().tolist(),
        "cell": atoms.cell.array.tolist(),
    }


def _label(answer: dict, seconds: float) -> Label:
    if "error" in answer:
        status: Status = (
            "timed out" if answer.get("late") else "unconverged" if answer.get("unconverged") else "crashed"
        )
        return Label(status, answer["error"], seconds=seconds, short_of=answer.get("short_of", ""))
    stress = voigt_6_to_full_3x3_stress(np.array(answer["stress"]))
    return Label("ok", "", answer["energy"], without_net_force(np.array(answer["forces"])), stress, seconds)
