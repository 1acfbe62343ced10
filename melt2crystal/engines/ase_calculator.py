"""Any ASE calculator as the reference, if need be in another Python environment."""

import json
import queue
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

from melt2crystal.engines.base import Label, Status
from melt2crystal.errors import EngineError
from melt2crystal.files import digest_of_file
from melt2crystal.sections.reference import AseReference

WORKER = Path(__file__).with_name("ase_worker.py")
STARTUP_S = 300.0


class AseEngine:
    """Runs ``ase_worker.py`` under the calculator's interpreter; one process serves many frames, and one that dies or
    hangs costs the frame it had in hand."""

    name = "ase"

    def __init__(self, reference: AseReference) -> None:
        self.reference = reference
        self.interpreter = reference.interpreter or sys.executable

    def identity(self) -> dict[str, object]:
        """Calculator, arguments and the content of its files."""
        return {
            "calculator": self.reference.calculator,
            "arguments": self.reference.arguments,
            "files": [digest_of_file(Path(name)) for name in self.reference.files],
        }

    def check(self) -> None:
        """See the protocol: interpreter, calculator and files are there."""
        for name in self.reference.files:
            if not Path(name).exists():
                raise EngineError(f"reference.files: {name} does not exist")
        worker = self._start()
        worker.close()

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol."""
        worker: _Worker | None = None
        try:
            for frame in frames:
                worker = worker or self._start()
                began = time.perf_counter()
                answer = worker.ask(_plain(frame, "evaluate", None), self.reference.timeout_s)
                label = _label(answer, time.perf_counter() - began)
                if answer.get("lost"):
                    worker.close()
                    worker = None
                yield label
        finally:
            if worker:
                worker.close()

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """See the protocol; BFGS in the worker."""
        worker = self._start()
        relaxed = []
        try:
            for structure in structures:
                task = "relax" if pressure_GPa is None else "relax_cell"
                answer = worker.ask(_plain(structure, task, pressure_GPa), self.reference.timeout_s)
                if "error" in answer:
                    name = structure.info.get("polymorph", structure.get_chemical_formula())
                    raise EngineError(f"{self.reference.calculator} could not relax {name}: {answer['error']}")
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

    def _start(self) -> "_Worker":
        worker = _Worker(self.interpreter, self.reference.calculator, self.reference.arguments)
        answer = worker.read(STARTUP_S)
        if not answer.get("ready"):
            worker.close()
            raise EngineError(
                f"reference.calculator {self.reference.calculator} can't be made with {self.interpreter}: "
                f"{answer.get('error', 'no answer')}; install it there or name the right reference.interpreter"
            )
        return worker


class _Worker:
    """A process that reads one JSON task a line and writes one JSON answer a line."""

    def __init__(self, interpreter: str, calculator: str, arguments: dict) -> None:
        command = [interpreter, str(WORKER), calculator, json.dumps(arguments)]
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        except OSError as error:
            raise EngineError(f"reference.interpreter {interpreter} can't be started ({error})") from error
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
            return {"error": f"the calculator's process died with status {self.process.wait()}", "lost": True}
        return json.loads(line)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()


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
        return Label(status, answer["error"], seconds=seconds)
    stress = voigt_6_to_full_3x3_stress(np.array(answer["stress"]))
    return Label("ok", "", answer["energy"], np.array(answer["forces"]), stress, seconds)
