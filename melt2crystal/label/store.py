"""The label store: every finished label is written at once, found again by frame id, and never computed twice.

The store is a folder of journals, ``<store>/<settings digest>/<writer>.jsonl``, one line a label with its structure,
appended and flushed as each frame ends. One writer, one file: no locks, also on a network file system. A line that was
cut off by a kill is passed over.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.engines.base import Label, ReferenceEngine, settings_digest
from melt2crystal.errors import UserError
from melt2crystal.files import append_line, read_lines
from melt2crystal.frames import frame_id, read_frames, too_close

NOT_COMPUTED = "in no file of label.known and not in the label store, and label.compute is false"
FINAL = ("ok", "unconverged", "unphysical")  # asking again would give the same; crashes and time-outs are tried again


class LabelStore:
    """Labels of one settings digest.

    Args:
        folder: the store.
        digest: settings digest of the engine.
        writer: name of this job's journal.
        known: released label files (extended XYZ) that are looked up too.
    """

    def __init__(self, folder: Path, digest: str, writer: str, known: Sequence[Path] = ()) -> None:
        self.digest = digest
        self.journal = folder / digest / f"{writer}.jsonl"
        self.labels: dict[str, Label] = {}
        for path in known:
            self._read_released(path)
        for path in sorted((folder / digest).glob("*.jsonl")):
            self._read_journal(path)

    def find(self, frame: Atoms) -> Label | None:
        """The label of a frame, if there is a final one."""
        return self.labels.get(frame.info["frame_id"])

    def add(self, frame: Atoms, label: Label) -> None:
        """Write one label now.

        Raises:
            UserError: the disk is full, or the folder can't be written into; the labels before this one are kept.
        """
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
        try:
            append_line(self.journal, json.dumps(values))
        except OSError as error:
            raise UserError(
                f"{self.journal}: the label of {values['frame_id']} can't be written ({error.strerror}); the labels "
                "before it are kept. Make room, or mend the folder, and run again: only this one is computed anew"
            ) from error
        if label.status in FINAL:
            self.labels[values["frame_id"]] = label

    def _read_journal(self, path: Path) -> None:
        for values in read_lines(path)[0]:
            try:
                name, label = values["frame_id"], label_in(values)
            except (ValueError, KeyError, TypeError):
                continue
            if label.status in FINAL:
                self.labels[name] = label

    def _read_released(self, path: Path) -> None:
        for frame in read_frames(path):
            if frame.info.get("settings_digest") == self.digest:
                self.labels[frame_id(frame)] = label_on(frame)


def label_in(values: dict[str, Any]) -> Label:
    """The label in a line of a journal; raises KeyError, ValueError or TypeError if it holds none."""
    forces, stress = (None if values[key] is None else np.array(values[key], float) for key in ("forces", "stress"))
    return Label(values["status"], values["reason"], values["energy"], forces, stress, float(values["seconds"]))


def label_on(frame: Atoms) -> Label:
    """The label that a released frame carries."""
    energy, stress = frame.get_potential_energy(), frame.get_stress(voigt=False)
    return Label("ok", "", energy, frame.get_forces(), stress, float(frame.info.get("seconds", 0.0)))


def label_frames(
    frames: Sequence[Atoms],
    engine: ReferenceEngine,
    store: LabelStore,
    largest_force_eV_per_A: float,
    minimum_distances_A: dict[str, float],
    compute: bool = True,
) -> Iterator[tuple[Atoms, Label, bool]]:
    """Label frames that the store does not know; every frame comes back with a label.

    Args:
        compute: False: nothing is computed, and a frame the store does not know is 'not known'.

    Yields:
        frame, label, and whether it was known before. First the known ones, then the others as they finish.
    """
    unknown = []
    for frame in frames:
        label = store.find(frame)
        if label is None:
            unknown.append(frame)
        else:
            yield frame, validated(label, largest_force_eV_per_A), True
    if not compute:
        yield from ((frame, Label("not known", NOT_COMPUTED), False) for frame in unknown)
        return
    sound = []
    for frame in unknown:
        reason = too_close(frame, minimum_distances_A)
        if reason:
            yield frame, Label("unphysical", f"not computed: {reason}"), False
        else:
            sound.append(frame)
    if sound:
        engine.check()
    for frame, label in zip(sound, engine.label(sound), strict=True):
        store.add(frame, label)
        yield frame, validated(label, largest_force_eV_per_A), False


def validated(label: Label, largest_force_eV_per_A: float) -> Label:
    """A label whose numbers can't be right becomes unphysical."""
    if label.status != "ok" or label.forces is None or label.stress is None or label.energy is None:
        return label
    numbers = np.concatenate([[label.energy], label.forces.ravel(), label.stress.ravel()])
    if not np.isfinite(numbers).all():
        return Label("unphysical", "energy, forces or stress are not finite", seconds=label.seconds)
    largest = float(np.linalg.norm(label.forces, axis=1).max())
    if largest > largest_force_eV_per_A:
        reason = f"largest force {largest:.1f} eV/A exceeds label.largest_force_eV_per_A = {largest_force_eV_per_A:g}"
        return Label("unphysical", reason, seconds=label.seconds)
    return label


def labelled(frame: Atoms, label: Label, digest: str) -> Atoms:
    """The frame with its label attached as extended XYZ keeps it."""
    atoms = frame.copy()
    atoms.info["settings_digest"] = digest
    atoms.calc = SinglePointCalculator(atoms, energy=label.energy, forces=label.forces, stress=label.stress)
    return atoms


def one_digest(frames: Iterable[Atoms], what: str) -> str:
    """The settings digest all frames share ('' if there are none).

    Raises:
        UserError: labels of different settings are mixed.
    """
    found: dict[str, int] = {}
    for frame in frames:
        digest = str(frame.info.get("settings_digest", "none"))
        found[digest] = found.get(digest, 0) + 1
    if len(found) > 1:
        counts = ", ".join(f"{digest} ({count} frames)" for digest, count in found.items())
        raise UserError(
            f"{what}: labels of different reference settings can't be mixed: {counts}. Energies of different settings "
            "differ by up to thousands of eV; relabel the frames with one setting"
        )
    return next(iter(found), "")


def engine_and_digest(reference: dict, species: Sequence[str], places: str = "{}") -> tuple[ReferenceEngine, str]:
    """The study's reference engine with its settings digest, of which places are no part."""
    from melt2crystal.engines.registry import reference_engine

    engine = reference_engine(reference, species, places)
    return engine, settings_digest(engine)
