"""A line of the label store: a label with its structure, and a digest of both: no altered number is taken for one.

Lines of versions before 0.3 have no digest. They are read, checked as far as they can be, and given one by the job that
wrote them (``seal``): labels that were paid for stay. A store is shared: whatever a line of another holds, it is a
label or a ValueError, never the end of a job.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.engines.base import Label
from melt2crystal.files import complete
from melt2crystal.frames import frame_id

DIGEST = "digest"


def line_of(frame: Atoms, label: Label) -> str:
    """The line of one label."""
    values = {
        "frame_id": frame.info["frame_id"],
        "status": label.status,
        "reason": label.reason,
        "seconds": round(label.seconds, 4),
        "symbols": frame.get_chemical_symbols(),
        "cell": frame.cell.array.tolist(),
        "positions": frame.get_positions().tolist(),
        "energy": label.energy,
        "forces": None if label.forces is None else np.asarray(label.forces).tolist(),
        "stress": None if label.stress is None else np.asarray(label.stress).tolist(),
    }
    return json.dumps(values | {DIGEST: digest_of(values)})


def digest_of(values: dict[str, Any]) -> str:
    """Of the content of a line: 16 hexadecimal digits."""
    content = {name: value for name, value in values.items() if name != DIGEST}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def label_in(values: dict[str, Any]) -> Label:
    """The label in a line; raises ValueError if it holds none, or was altered."""
    with _no_label():
        return _label_in(values)


def structure_in(values: dict[str, Any]) -> Atoms:
    """The configuration in a line; raises ValueError if it holds none."""
    with _no_label():
        return _structure_in(values)


@contextmanager
def _no_label() -> Iterator[None]:
    """Whatever values that nobody foresaw raise (too deep, too large, of another kind) is one ValueError."""
    try:
        yield
    except ValueError:
        raise
    except KeyError as error:
        raise ValueError(f"it has no {error.args[0]}") from error
    except Exception as error:
        raise ValueError(f"{type(error).__name__}: {str(error)[:100]}") from error


def _label_in(values: dict[str, Any]) -> Label:
    sealed = DIGEST in values
    if sealed and values[DIGEST] != digest_of(values):
        raise ValueError("its content does not agree with its digest")
    status, energy, atoms = values["status"], values["energy"], len(values["symbols"])
    forces, stress = (None if values[key] is None else np.array(values[key], float) for key in ("forces", "stress"))
    if not isinstance(status, str) or not isinstance(values["frame_id"], str):
        raise TypeError("status and frame_id must be texts")
    if status == "ok":
        if isinstance(energy, bool) or not isinstance(energy, (int, float)):
            raise TypeError("energy is no number")
        energy = float(energy)
        if forces is None or stress is None or forces.shape != (atoms, 3) or stress.shape != (3, 3):
            raise ValueError(f"forces or stress are not those of {atoms} atoms")
        # an engine may have said so, and its line has a digest; without one, a final failure would rest on a slip
        if not sealed and not all(np.isfinite(numbers).all() for numbers in (energy, forces, stress)):
            raise ValueError("energy, forces or stress are not finite")
    if not sealed and frame_id(_structure_in(values)) != values["frame_id"]:
        raise ValueError("its structure is not that of its frame_id")
    seconds = float(values["seconds"])
    if not np.isfinite(seconds):
        raise ValueError("its seconds are not finite")
    return Label(status, values["reason"], energy, forces, stress, seconds)  # type: ignore[arg-type]


def _structure_in(values: dict[str, Any]) -> Atoms:
    if not isinstance(values["symbols"], list):
        raise TypeError("symbols are no list")
    atoms = Atoms(values["symbols"], positions=values["positions"], cell=values["cell"], pbc=True)
    if not np.isfinite(atoms.positions).all() or not np.isfinite(atoms.cell.array).all() or not atoms.cell.volume:
        raise ValueError("its cell or positions are not those of a periodic structure")
    return atoms


def seal(journal: Path) -> int:
    """Give the lines of a journal that have no digest theirs, if they hold a label; how many there were.

    Only the job that writes a journal may call this. Other lines, also unreadable ones, stay as they are.
    """
    if not journal.exists():
        return 0
    lines = journal.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    sealed = [_sealed(line) for line in lines]
    changed = sum(new != old for new, old in zip(sealed, lines, strict=True))
    if changed:
        with complete(journal) as beside:
            beside.write_text("\n".join(sealed), encoding="utf-8", errors="surrogateescape")
    return changed


def _sealed(line: str) -> str:
    try:
        values = json.loads(line)
        if not isinstance(values, dict) or DIGEST in values:
            return line
        label_in(values)
        return json.dumps(values | {DIGEST: digest_of(values)})
    except (ValueError, RecursionError):
        return line
