"""The journals of the label store read as what they record: attempts, each with its cost, also the failed ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from melt2crystal.engines.base import Label
from melt2crystal.files import read_lines
from melt2crystal.frames import frame_id, read_frames
from melt2crystal.label.lines import label_in
from melt2crystal.label.store import label_on, validated
from melt2crystal.structure.frame_check import label_problem, refuse

IMPORT = "import"  # part of the name of an import's journal, where a labelling job has its batch


@dataclass(frozen=True)
class Attempt:
    """One attempt to label a frame.

    Attributes:
        writer: name of the journal, '' for a released label.
        frame_id: the frame.
        status: as the label stage judges it: an ok label whose numbers can't be right is unphysical.
        reason: the engine's first telling line, '' if ok.
        seconds: what the attempt cost.
        formula: composition, such as O48Si24.
        atoms: number of atoms.
        energy_eV_per_atom: nan without a label.
        largest_force_eV_per_A: largest length of a force, nan without a label.
        rms_force_eV_per_A: root mean square over all components, nan without a label.
    """

    writer: str
    frame_id: str
    status: str
    reason: str
    seconds: float
    formula: str
    atoms: int
    energy_eV_per_atom: float = np.nan
    largest_force_eV_per_A: float = np.nan
    rms_force_eV_per_A: float = np.nan


def formula_of(symbols: Sequence[str]) -> str:
    """Composition with counts, species in alphabetical order, such as O48Si24."""
    return "".join(f"{symbol}{symbols.count(symbol)}" for symbol in sorted(set(symbols)))


def journal_attempts(folder: Path, largest_force_eV_per_A: float) -> tuple[list[Attempt], int]:
    """All attempts in the journals of one settings digest, and how many lines can't be read.

    A journal may be growing while it is read: a line without its end counts as unreadable until it is whole.

    Args:
        folder: ``<store>/<settings digest>``.
        largest_force_eV_per_A: labels with larger forces are unphysical.
    """
    found, broken = [], 0
    for path in sorted(folder.glob("*.jsonl")):
        try:
            lines, unreadable = read_lines(path)
        except OSError:  # a folder of that name, or nobody's to read
            lines, unreadable = [], 1
        broken += unreadable
        for values in lines:
            try:
                name, symbols = values["frame_id"], values["symbols"]
                found.append(_attempt(path.stem, name, symbols, label_in(values), largest_force_eV_per_A))
            except (ValueError, KeyError, TypeError):
                broken += 1
    return found, broken


def released_attempts(paths: Sequence[Path], digest: str, largest_force_eV_per_A: float) -> list[Attempt]:
    """The labels of one settings digest in released files."""
    return [attempt for path in paths for frame, attempt in _released(path, largest_force_eV_per_A) if frame == digest]


def given_attempts(paths: Sequence[Path], largest_force_eV_per_A: float) -> list[Attempt]:
    """All labels in the files of another code (``reference.labels``)."""
    return [attempt for path in paths for _, attempt in _released(path, largest_force_eV_per_A)]


def _released(path: Path, largest_force_eV_per_A: float) -> Iterator[tuple[str, Attempt]]:
    for number, frame in enumerate(read_frames(path)):
        refuse(frame, f"{path}: frame {number}", label_problem)
        name, symbols = frame.info.get("frame_id") or frame_id(frame), frame.get_chemical_symbols()
        attempt = _attempt("", name, symbols, label_on(frame), largest_force_eV_per_A)
        yield str(frame.info.get("settings_digest")), attempt


def _attempt(
    writer: str, frame_id: str, symbols: Sequence[str], found: Label, largest_force_eV_per_A: float
) -> Attempt:
    """A label with its cost, checked as the label stage does."""
    label = validated(found, largest_force_eV_per_A)
    start = (writer, str(frame_id), str(label.status), str(label.reason), label.seconds, formula_of(symbols))
    if label.status != "ok" or label.energy is None or label.forces is None:
        return Attempt(*start, len(symbols))
    largest = float(np.linalg.norm(label.forces, axis=1).max())
    rms = float(np.sqrt(np.mean(label.forces**2)))
    return Attempt(*start, len(symbols), float(label.energy) / len(symbols), largest, rms)
