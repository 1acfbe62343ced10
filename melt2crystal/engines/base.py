"""The protocol of a reference engine, and the label it returns."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from ase import Atoms

from melt2crystal.settings import to_text

Status = Literal["ok", "unconverged", "crashed", "timed out", "unphysical"]


@dataclass(frozen=True)
class Label:
    """What an engine says of one frame.

    Attributes:
        status: ok, or why there is no label.
        reason: the engine's first telling line, empty if ok.
        energy: eV; the energy the forces are derivatives of.
        forces: [atoms, 3], eV/A.
        stress: [3, 3], eV/A^3, ASE's sign (positive under tension; virial = -volume x stress).
        seconds: what this frame cost.
    """

    status: Status
    reason: str = ""
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None
    seconds: float = 0.0


class ReferenceEngine(Protocol):
    """What the label stage asks of an engine. docs/adding-an-engine.md shows how to write one."""

    name: str

    def identity(self) -> dict[str, object]:
        """Everything the numbers depend on, as plain data: settings and the content of files, not paths or commands."""

    def check(self) -> None:
        """Raise EngineError if something the engine needs is missing, before any frame is paid for."""

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """One label per frame, in order, each as soon as it is there."""

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """Structures relaxed in ions (pressure None) or ions and cell; with energy, forces and stress attached."""


def settings_digest(engine: ReferenceEngine) -> str:
    """'s' and 15 hexadecimal digits that name the engine and all its settings; labels of different ones never mix."""
    return "s" + hashlib.sha256(to_text({"engine": engine.name, **engine.identity()}).encode()).hexdigest()[:15]
