"""The label store: every finished label is written at once, found again by frame id, and never computed twice.

The store is a folder of journals, ``<store>/<settings digest>/<writer>.jsonl``, one line a label with its structure,
appended and flushed as each frame ends. One writer, one file: no locks, also on a network file system. A line that was
cut off by a kill, or altered since, is passed over. What a job is computing it claims (``claims``).
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.engines.base import Label, ReferenceEngine, settings_digest
from melt2crystal.errors import UserError
from melt2crystal.files import append_line, lines_from
from melt2crystal.frames import frame_id, read_frames, too_close
from melt2crystal.label.claims import Claims
from melt2crystal.label.lines import label_in, line_of, seal, structure_in
from melt2crystal.structure.frame_check import digest_check, label_problem, labels_differ, refuse, structure_problem
from melt2crystal.structure.same_frame import KnownFrames

NOT_COMPUTED = "in no file of label.known and not in the label store, and label.compute is false"
NOT_GIVEN = "in no file of reference.labels or label.known, and the engine `given` computes nothing"
GIVEN = "given"  # the engine of labels from files
CLAIMS = "claims"  # folder beside the journals
POLL_S = 5.0  # between looks at labels that another job computes
FINAL = ("ok", "unconverged", "unphysical")  # asking again would give the same; crashes and time-outs are tried again


class LabelStore:
    """Labels of one settings digest.

    A frame is found by its id, else as the same atoms in the same cell, wrapped otherwise or in another order.

    Args:
        folder: the store.
        digest: settings digest of the engine.
        writer: name of this job's journal.
        known: released label files (extended XYZ) that are looked up too; their frames say of which digest they are.
        given: label files of another code (``reference.labels``), all of this digest.

    Attributes:
        of_another_code: there are files of labels for which this store's digest stands, whoever computed them.
        warnings: lines of journals that can't be used, in words.

    Raises:
        UserError: a released label is not whole, or two of one frame differ.
    """

    def __init__(
        self, folder: Path, digest: str, writer: str, known: Sequence[Path] = (), given: Sequence[Path] = ()
    ) -> None:
        self.digest, self.writer, self.folder = digest, writer, folder / digest
        self.journal = self.folder / f"{writer}.jsonl"
        self.of_another_code = bool(given)
        self.labels: dict[str, Label] = {}
        self.warnings: list[str] = []
        self._structures: dict[str, Atoms] = {}
        self._known: KnownFrames | None = None  # made when the first frame isn't found by its id
        self._read: dict[Path, int] = {}  # bytes of each journal
        self._unreadable: set[Path] = set()
        for path in known:
            self._read_released(path)
        for path in given:
            self._read_released(path, all_of_it=True)
        self.refresh()

    def find(self, frame: Atoms) -> Label | None:
        """The label of a frame, if there is a final one; its forces in the frame's order of atoms."""
        name = frame.info.get("frame_id") or frame_id(frame)
        return self.labels[name] if name in self.labels else self._found_otherwise(frame)

    def _found_otherwise(self, frame: Atoms) -> Label | None:
        """The label of the same atoms wrapped otherwise or in another order."""
        if self._known is None:
            self._known = KnownFrames()
            for other, structure in self._structures.items():
                self._known.add(structure, other)
        same = self._known.find(frame)
        if same is None:
            return None
        label, order = self.labels[same[0]], same[1]
        return label if label.forces is None else replace(label, forces=label.forces[order])

    def add(self, frame: Atoms, label: Label) -> None:
        """Write one label now.

        Raises:
            UserError: the disk is full, or the folder can't be written into; the labels before this one are kept.
        """
        name = frame.info["frame_id"]
        try:
            append_line(self.journal, line_of(frame, label))
        except OSError as error:
            raise UserError(
                f"{self.journal}: the label of {name} can't be written ({error.strerror}); the labels "
                "before it are kept. Make room, or mend the folder, and run again: only this one is computed anew"
            ) from error
        if label.status in FINAL:
            self._keep(name, label, frame)

    def refresh(self) -> None:
        """Read what was written into the journals since they were read, also by other jobs."""
        for path in sorted(self.folder.glob("*.jsonl")):
            try:
                if path not in self._unreadable and path.stat().st_size != self._read.get(path, 0):
                    self._read_journal(path)
            except OSError as error:  # a folder of that name, or nobody's to read
                self._unreadable.add(path)
                self.warnings.append(f"{path}: can't be read ({error.strerror}); its labels, if it has any, are unused")

    def seal(self) -> None:
        """Give lines that this job's journal has from former versions their digest."""
        try:
            if seal(self.journal):
                self._read[self.journal] = self.journal.stat().st_size
        except OSError:  # they are good as they are
            return

    def _keep(self, name: str, label: Label, structure: Atoms) -> None:
        self.labels[name] = label
        if name not in self._structures:
            self._structures[name] = structure
            if self._known is not None:
                self._known.add(structure, name)

    def _read_journal(self, path: Path) -> None:
        lines, broken, self._read[path] = lines_from(path, self._read.get(path, 0))
        refused = []
        for values in lines:
            try:
                label = label_in(values)
                if label.status in FINAL:
                    self._keep(values["frame_id"], label, structure_in(values))
            except ValueError as error:
                name = values.get("frame_id")
                refused.append(f"{name[:40] if isinstance(name, str) else 'no frame_id'}: {error}")
        if refused or broken:
            first = f", the first: {refused[0]}" if refused else ""
            self.warnings.append(
                f"{path}: {len(refused)} labels are not as they were written and {broken} lines were cut off{first}. "
                "They are passed over, and computed again where they are asked for"
            )

    def _read_released(self, path: Path, all_of_it: bool = False) -> None:
        for number, frame in enumerate(read_frames(path)):
            where, said = f"{path}: frame {number}", frame.info.get("settings_digest")
            if all_of_it:
                refuse(frame, where, digest_check(self.digest))
            elif said != self.digest:
                continue
            refuse(frame, where, structure_problem, label_problem)
            name, label = frame_id(frame), label_on(frame)
            there = self.labels.get(name) or self._found_otherwise(frame)
            if there is not None and (apart := _apart(there, label)):
                raise UserError(f"{where} ({name}) has another label before it: {apart}. Take the wrong one out")
            self._keep(name, label, frame)


def _apart(one: Label, other: Label) -> str:
    assert one.energy is not None and one.forces is not None
    assert other.energy is not None and other.forces is not None
    return labels_differ((one.energy, one.forces), (other.energy, other.forces))


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
        label, reason = store.find(frame), too_close(frame, minimum_distances_A)
        if reason:
            known = label is not None
            yield frame, Label("unphysical", f"{'not used' if known else 'not computed'}: {reason}"), known
        elif label is not None:
            yield frame, validated(label, largest_force_eV_per_A), True
        else:
            unknown.append(frame)
    if not compute:
        reason = NOT_GIVEN if engine.name == GIVEN else NOT_COMPUTED
        yield from ((frame, Label("not known", reason), False) for frame in unknown)
        return
    for frame, label, was_known in _computed(unknown, engine, store):
        yield frame, validated(label, largest_force_eV_per_A), was_known


def _computed(
    frames: Sequence[Atoms], engine: ReferenceEngine, store: LabelStore
) -> Iterator[tuple[Atoms, Label, bool]]:
    """Compute what nobody else is computing, then take what others have finished, or take over what they left."""
    waiting, checked, told = list(frames), False, False
    with Claims(store.folder / CLAIMS, store.writer) as claims:
        while waiting:
            mine = [frame for frame in waiting if claims.take(frame.info["frame_id"])]
            taken = {id(frame) for frame in mine}
            others = [frame for frame in waiting if id(frame) not in taken]
            store.refresh()  # others may have finished one before it was claimed here
            own = []
            for frame in mine:
                label = store.find(frame)
                if label is None:
                    own.append(frame)
                    continue
                claims.release(frame.info["frame_id"])
                yield frame, label, True
            if own and not checked:
                engine.check()
                checked = True
            for frame, label in zip(own, engine.label(own) if own else (), strict=True):
                store.add(frame, label)
                claims.release(frame.info["frame_id"])
                yield frame, label, False
            waiting = []
            for frame in others:
                label = store.find(frame)
                if label is None:
                    waiting.append(frame)
                else:
                    yield frame, label, True
            if waiting and not own:
                if not told:
                    holder = claims.holder(waiting[0].info["frame_id"])
                    print(f"{len(waiting)} labels are being computed by {holder}: waiting for them", flush=True)
                    told = True
                time.sleep(POLL_S)


def validated(label: Label, largest_force_eV_per_A: float) -> Label:
    """A label whose numbers can't be right becomes unphysical."""
    if label.status != "ok" or label.forces is None or label.stress is None or label.energy is None:
        return label
    numbers = np.concatenate([[label.energy], label.forces.ravel(), label.stress.ravel()])
    if not np.isfinite(numbers).all():
        return Label("unphysical", "energy, forces or stress are not finite", seconds=label.seconds)
    largest = float(np.linalg.norm(label.forces, axis=1).max())
    if largest > largest_force_eV_per_A:
        reason = f"largest force {largest:.1f} eV/Å exceeds label.largest_force_eV_per_A = {largest_force_eV_per_A:g}"
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
