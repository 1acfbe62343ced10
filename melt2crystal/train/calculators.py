"""An ASE calculator as a member of an ensemble: a small JSON file names it, a process of its own evaluates it.

The file stands where a frozen model would, so that whatever reads models (benchmark, search, commands) reads these.
"""

from __future__ import annotations

import weakref
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import chemical_symbols
from ase.stress import voigt_6_to_full_3x3_stress
from pydantic import ConfigDict, Field, ValidationError

from melt2crystal.engines.ase.process import Worker, started, task
from melt2crystal.errors import EngineError, UserError
from melt2crystal.files import digest_of_file, write_text
from melt2crystal.sections.train import AsePotential
from melt2crystal.settings import Section

SUFFIX = ".json"  # of a member that is a calculator
ELEMENTS = chemical_symbols[1:]  # type map of a calculator: it says itself, frame by frame, what it does not know
PURPOSE = "a potential that is judged"


class FrameFailed(ValueError):
    """A calculator gave no energy, forces and stress of one structure; with others it may go on.

    Attributes:
        index: of the structure among those that were asked for.
        reason: the calculator's words.
    """

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(reason)
        self.index, self.reason = index, reason


class Zero(Section):
    """Where the zero of energy of a calculator was put.

    Attributes:
        constant_eV_per_atom: added to its energies.
        frames: of melt, from which the constant was fitted; 0: none, the calculator's own zero stands.
        walks: these frames come from.
        standard_error_eV_per_atom: of the constant, from the means of the walks; None with fewer than two walks.
        spread_eV_per_atom: standard deviation, over these frames, of what the constant leaves.
    """

    constant_eV_per_atom: float = 0.0
    frames: int = 0
    walks: int = 0
    standard_error_eV_per_atom: float | None = None
    spread_eV_per_atom: float | None = None

    def words(self) -> str:
        """The constant in a sentence."""
        if not self.frames:
            return "energies have the calculator's own zero"
        told = f"{self.constant_eV_per_atom:+.4f} eV/atom, the mean difference over {self.frames} frames of melt"
        told += f" from {self.walks} walks"
        if self.standard_error_eV_per_atom is not None:
            told += f" (standard error {1000 * self.standard_error_eV_per_atom:.1f} meV/atom)"
        return f"energies have one constant, {told}; no crystal has a part in it"


def zero_of(differences_eV_per_atom: np.ndarray, walks: Sequence[Hashable]) -> Zero:
    """The constant that leaves no mean difference.

    Args:
        differences_eV_per_atom: reference minus calculator, frame by frame.
        walks: walk of each frame; frames of one walk are no independent measurements.
    """
    count, names = len(differences_eV_per_atom), list(dict.fromkeys(walks))
    of_walks = [differences_eV_per_atom[[walk == name for walk in walks]].mean() for name in names]
    error = float(np.std(of_walks, ddof=1)) / len(names) ** 0.5 if len(names) > 1 else None
    return Zero(
        constant_eV_per_atom=float(np.mean(differences_eV_per_atom)),
        frames=count,
        walks=len(names),
        standard_error_eV_per_atom=error,
        spread_eV_per_atom=float(np.std(differences_eV_per_atom, ddof=1)) if count > 1 else None,
    )


class CalculatorMember(AsePotential):
    """Content of a member's file: a calculator, the content of its files, its zero of energy."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    digests: dict[str, str] = Field({}, description="file -> SHA-256 of its content when the member was written")
    zero: Zero = Field(Zero(), description="zero of energy")


def write_calculator(
    path: Path | str,
    calculator: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    interpreter: str | None = None,
    packages: Mapping[str, str] | None = None,
    files: Sequence[str] = (),
    timeout_s: float = 3600.0,
    calculator_per_frame: bool = False,
    zero: Zero | None = None,
) -> Path:
    """Write the file of a member that is an ASE calculator; ``Ensemble([path])``, ``RelaxerFactory(path)`` read it.

    ``write_calculator("0.json", "ase.calculators.lj:LennardJones", {"sigma": 2.3, "epsilon": 0.1, "rc": 5.0})``

    Args:
        path: the file, which must end in .json.
        calculator: import path, 'package.module:Class' or 'package.module:Class.method'.
        arguments: keyword arguments of the calculator (plain data).
        interpreter: python of the environment that has the calculator, absolute or from the working directory of who
            reads the file; None: the one that reads it.
        packages: package -> version that the interpreter must have.
        files: parameter files; their content is noted, and another content is refused later.
        timeout_s: longest time for one evaluation.
        calculator_per_frame: make a new calculator for each frame.
        zero: constant for its energies; None: its own zero.

    Returns:
        The path.

    Raises:
        UserError: no such file of ``files``, or a value of the wrong kind; nothing is started here.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise UserError(f"{path}: the file of a calculator ends in {SUFFIX}; name it so")
    if missing := [name for name in files if not Path(name).is_file()]:
        raise UserError(f"files: there is no {', '.join(missing)}; name files that exist")
    content = {
        "calculator": calculator,
        "arguments": dict(arguments or {}),
        "interpreter": interpreter,
        "packages": dict(packages or {}),
        "files": list(files),
        "timeout_s": timeout_s,
        "calculator_per_frame": calculator_per_frame,
        "digests": {name: digest_of_file(Path(name)) for name in files},
        "zero": zero or Zero(),
    }
    try:
        member = CalculatorMember.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: {where}: {first['msg']} (it is {first['input']!r}); mend it") from None
    write_text(path, member.model_dump_json(indent=1) + "\n")
    return path


def read_calculator(path: Path | str) -> CalculatorMember:
    """The content of a member's file.

    Raises:
        UserError: it can't be read, or a parameter file is gone or has another content by now.
    """
    try:
        member = CalculatorMember.model_validate_json(Path(path).read_bytes())
    except (OSError, ValidationError) as error:
        told = error.errors(include_url=False)[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise UserError(f"{path}: names no ASE calculator ({told}); write it again") from error
    for name in member.files:
        if not Path(name).is_file():
            raise UserError(f"{path}: the parameter file {name} is gone; put it back, or write {path} again")
        if digest_of_file(Path(name)) != member.digests.get(name):
            raise UserError(f"{path}: the parameter file {name} has another content by now; write {path} again")
    return member


def is_calculator(path: Path | str) -> bool:
    """Whether a member is a calculator; else it is a model of DeePMD-kit."""
    return Path(path).suffix == SUFFIX


class CalculatorModel:
    """A calculator that answers as DeePMD-kit's ``DeepPot`` does.

    Its process is started at once, so that a missing calculator is told before anything is computed, and ends with
    this object or this process.

    Args:
        path: file of the member.
        where: what messages put before its keys; the file by default.

    Raises:
        UserError: the file can't be read.
        EngineError: no such interpreter or calculator, other versions of packages, or no forces or stress.
    """

    def __init__(self, path: Path | str, where: str = "") -> None:
        self.path, self.member = Path(path), read_calculator(path)
        self.where = where or f"{self.path}: "
        self._worker: Worker | None = None
        self._running()

    def get_type_map(self) -> list[str]:
        """Symbols by type number: all elements."""
        return list(ELEMENTS)

    def eval(
        self, coordinates: np.ndarray, cells: np.ndarray, types: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Energies [n, 1] (eV), forces [n, atoms, 3] (eV/Å), virials [n, 9] (eV; minus volume times stress).

        Args:
            coordinates: [n, 3 atoms], Å.
            cells: [n, 9], Å; periodic.
            types: numbers of the atoms in ``get_type_map()``.

        Raises:
            FrameFailed: the calculator failed on one of the structures.
            EngineError: the calculator has no forces or stress, or the machine no memory or space for it.
        """
        energies, forces, virials = [], [], []
        for index, (positions, cell) in enumerate(zip(coordinates, cells, strict=True)):
            symbols = [ELEMENTS[kind] for kind in types]
            atoms = Atoms(symbols, positions=positions.reshape(-1, 3), cell=cell.reshape(3, 3), pbc=True)
            answer = self._answer(index, atoms)
            stress = voigt_6_to_full_3x3_stress(np.array(answer["stress"], dtype=float))
            energies.append([answer["energy"] + len(atoms) * self.member.zero.constant_eV_per_atom])
            forces.append(np.array(answer["forces"], dtype=float))
            virials.append(-atoms.get_volume() * stress.ravel())
        return np.array(energies, dtype=float), np.array(forces), np.array(virials)

    def _answer(self, index: int, atoms: Atoms) -> dict[str, Any]:
        answer = self._running().ask(task(atoms, "evaluate", None), self.member.timeout_s)
        if answer.get("lost"):
            self._end()
        if "error" not in answer:
            return answer
        if answer.get("unable"):
            raise EngineError(
                f"{self.where}calculator {self.member.calculator}: {answer['error']}; {PURPOSE} needs energy, forces "
                f"and stress of {' '.join(sorted(set(atoms.symbols)))}: change its arguments, or take another "
                "calculator"
            )
        if short := answer.get("short_of"):
            raise EngineError(
                f"{self.where}calculator {self.member.calculator}: {answer['error']}: short of {short}; give it more "
                "and run again"
            )
        raise FrameFailed(index, answer["error"])

    def _running(self) -> Worker:
        """The process, started anew if the last structure cost it its life."""
        if self._worker is None:
            self._worker = started(self.member, self.where, PURPOSE)
            weakref.finalize(self, self._worker.close)
        return self._worker

    def _end(self) -> None:
        if self._worker is not None:
            self._worker.close()
        self._worker = None
