"""The protocol of a reference engine, and the label it returns."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from ase import Atoms

from melt2crystal.settings import to_text

KBAR_PER_GPA = 10.0
RELAX_TIMES = 50  # a relaxation may take this many times the time of a frame

Status = Literal["ok", "unconverged", "crashed", "timed out", "unphysical", "not known"]


@dataclass(frozen=True)
class Label:
    """What an engine says of one frame.

    Attributes:
        status: ok, or why there is no label.
        reason: the engine's first telling line, empty if ok.
        energy: eV; the energy the forces are derivatives of.
        forces: [atoms, 3], eV/Å.
        stress: [3, 3], eV/Å^3, ASE's sign (positive under tension; virial = -volume x stress).
        seconds: what this frame cost.
        short_of: of a crash: 'memory' or 'space', if that was the reason. It says nothing of the frame: the job fails
            after its other frames, to be run again with more.
    """

    status: Status
    reason: str = ""
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None
    seconds: float = 0.0
    short_of: Literal["", "memory", "space"] = ""


def without_net_force(forces: np.ndarray) -> np.ndarray:
    """Forces [atoms, 3] that sum to zero, each less the mean.

    The forces on a periodic system sum to zero; what a basis tied to the atoms or a grid in space leaves of a net force
    is an error, and a potential that depends on distances alone can't learn it.
    """
    return forces - forces.mean(axis=0)


def name_of(structure: Atoms) -> str:
    """What messages call a structure: the polymorph, or its composition."""
    return str(structure.info.get("polymorph", structure.get_chemical_formula()))


class ReferenceEngine(Protocol):
    """What the label stage asks of an engine. docs/guides/add-an-engine.md shows how to write one."""

    name: str

    def identity(self) -> dict[str, object]:
        """Everything the numbers depend on, as plain data: settings and the content of files, not paths or commands."""

    def check(self) -> None:
        """Raise EngineError if something the engine needs is missing, before any frame is computed."""

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """One label per frame, in order, each as soon as it is there."""

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """Structures relaxed in ions (pressure None) or ions and cell; with energy, forces and stress attached."""


@dataclass(frozen=True)
class SharedFile:
    """A file that every exported frame needs (a pseudopotential), kept once in ``shared/`` of the exported folder.

    Attributes:
        name: its name there.
        sha256: its content, hexadecimal.
        source: where it is on this machine; None if it is missing or must not be copied (licence), then it is put
            there by hand on the other machine, which checks it before it runs anything.
    """

    name: str
    sha256: str
    source: Path | None


@runtime_checkable
class ExchangingEngine(ReferenceEngine, Protocol):
    """An engine whose frames can also be computed elsewhere: a folder of inputs out, a folder of outputs back in.

    All paths inside an input are relative; a frame's folder is ``frames/<frame id>``, shared files are in
    ``../../shared``.
    """

    def shared_files(self) -> list[SharedFile]:
        """What all frames need; raises EngineError if a file here is not the one the settings ask for."""

    def site_note(self) -> str:
        """What the other machine itself must have, for its README (Markdown); '' if nothing but the program."""

    def run_script(self) -> str:
        """Lines of bash that label one frame, run in its folder; they leave the files that ``read_outputs`` reads."""

    def write_inputs(self, frame: Atoms, folder: Path) -> None:
        """Write the inputs of one frame, the same bytes for the same settings and frame."""

    def read_outputs(self, frame: Atoms, folder: Path, shared: Path) -> Label | str:
        """The label in a frame's folder, or in words why there is none yet (not run, still running).

        Outputs of another configuration, of other settings or of other shared files are 'crashed', with the reason.
        """


def settings_digest(engine: ReferenceEngine) -> str:
    """'s' and 15 hexadecimal digits that name the engine and all its settings; labels of different ones never mix."""
    return "s" + hashlib.sha256(to_text({"engine": engine.name, **engine.identity()}).encode()).hexdigest()[:15]
