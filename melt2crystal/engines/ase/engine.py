"""Any ASE calculator as the reference, if need be in another Python environment."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.stress import voigt_6_to_full_3x3_stress

from melt2crystal.engines.ase.process import Worker, started, task
from melt2crystal.engines.base import RELAX_TIMES, Label, Status, name_of, without_net_force
from melt2crystal.errors import EngineError
from melt2crystal.files import digest_of_file
from melt2crystal.sections.reference import AseReference

WHERE, PURPOSE = "reference.", "a reference"  # for messages


class AseEngine:
    """Runs ``worker.py`` under the calculator's interpreter; one process serves many frames, and one that crashes or
    does not answer costs only the frame it was computing."""

    name = "ase"

    def __init__(self, reference: AseReference) -> None:
        self.reference = reference
        self._ready: Worker | None = None  # started by check(), not used yet: starting one can take many seconds

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
            self._ready = started(self.reference, WHERE, PURPOSE)

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol; ``seconds`` are CPU seconds of the calculator and the programs it started.

        Raises:
            EngineError: the calculator has no forces or no stress, so that no frame can get a label.
        """
        worker: Worker | None = None
        try:
            for frame in frames:
                worker = worker or self._take()
                began = time.perf_counter()
                answer = worker.ask(task(frame, "evaluate", None), self.reference.timeout_s)
                if answer.get("unable"):
                    raise EngineError(
                        f"{WHERE}calculator {self.reference.calculator}: {answer['error']}; {PURPOSE} needs "
                        f"energy, forces and stress: change {WHERE}arguments, or take another calculator"
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
                kind = "relax" if pressure_GPa is None else "relax_cell"
                answer = worker.ask(task(structure, kind, pressure_GPa), RELAX_TIMES * self.reference.timeout_s)
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

    def _take(self) -> Worker:
        """The worker that check() left, or a new one."""
        worker, self._ready = self._ready or started(self.reference, WHERE, PURPOSE), None
        return worker


def _label(answer: dict, seconds: float) -> Label:
    if "error" in answer:
        status: Status = (
            "timed out" if answer.get("late") else "unconverged" if answer.get("unconverged") else "crashed"
        )
        return Label(status, answer["error"], seconds=seconds, short_of=answer.get("short_of", ""))
    stress = voigt_6_to_full_3x3_stress(np.array(answer["stress"]))
    return Label("ok", "", answer["energy"], without_net_force(np.array(answer["forces"])), stress, seconds)
