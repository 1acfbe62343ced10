"""The journals of the label store read as what they record: attempts, each with its cost, also the failed ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from melt2crystal.files import read_lines
from melt2crystal.frames import read_frames
from melt2crystal.label.store import judged, label_in

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


def journal_attempts(folder: Path, largest_force_eV_per_A: float) -> tuple[list[Attempt], int]:
    """All attempts in the journals of one settings digest, and how many lines can't be read.

    A journal may be growing while it is read: a line without its end counts as unreadable until it is whole.

    Args:
        folder: ``<store>/<settings digest>``.
        largest_force_eV_per_A: labels with larger forces are unphysical.
    """
    found, broken = [], 0
    for path in sorted(folder.glob("*.jsonl")):
        lines, unreadable = read_lines(path)
        broken += unreadable
        for values in lines:
            try:
                found.append(_attempt(values, path.stem, largest_force_eV_per_A))
            except (ValueError, KeyError, TypeError, AttributeError):
                broken += 1
    return found, broken


def released_attempts(paths: Sequence[Path], digest: str, largest_force_eV_per_A: float) -> list[Attempt]:
    """The labels of one settings digest in released files."""
    return [attempt for path in paths for frame, attempt in _released(path, largest_force_eV_per_A) if frame == digest]


def _released(path: Path, largest_force_eV_per_A: float) -> Iterator[tuple[str, Attempt]]:
    for frame in read_frames(path):
        values = {
            "frame_id": frame.info.get("frame_id", ""),
            "status": "ok",
            "reason": "",
            "seconds": frame.info.get("seconds", 0.0),
            "symbols": frame.get_chemical_symbols(),
            "energy": frame.get_potential_energy(),
            "forces": frame.get_forces(),
            "stress": frame.get_stress(voigt=False),
        }
        yield str(frame.info.get("settings_digest")), _attempt(values, "", largest_force_eV_per_A)


def _attempt(values: dict[str, Any], writer: str, largest_force_eV_per_A: float) -> Attempt:
    """A journal's line judged as the label stage does; raises ValueError, KeyError or TypeError on what is no line."""
    symbols = values["symbols"]
    counts = {symbol: symbols.count(symbol) for symbol in sorted(set(symbols))}
    formula = "".join(f"{symbol}{count}" for symbol, count in counts.items())
    label = judged(label_in(values), largest_force_eV_per_A)
    start = (writer, str(values["frame_id"]), str(label.status), str(label.reason), label.seconds, formula)
    if label.status != "ok" or label.energy is None or label.forces is None:
        return Attempt(*start, len(symbols))
    largest = float(np.linalg.norm(label.forces, axis=1).max())
    rms = float(np.sqrt(np.mean(label.forces**2)))
    return Attempt(*start, len(symbols), float(label.energy) / len(symbols), largest, rms)
