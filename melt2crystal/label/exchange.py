"""Labels computed elsewhere: a folder of inputs goes out, comes back with outputs, and becomes labels in the store.

Layout of the folder: ``manifest.json``, ``frames.extxyz``, ``frames.txt``, ``checksums.sha256``, ``shared/`` (what all
frames need), ``frames/<frame id>/`` (inputs, later outputs), ``README.md`` and the scripts that run it.
"""

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ase import Atoms
from pydantic import BaseModel, ValidationError

from melt2crystal.engines.base import ExchangingEngine, Label, ReferenceEngine
from melt2crystal.errors import EngineError, UserError
from melt2crystal.files import digest_of_file
from melt2crystal.frames import frame_id, read_frames, too_close, write_frames
from melt2crystal.label.exchange_texts import readme, scripts
from melt2crystal.label.journal import IMPORT, journal_attempts
from melt2crystal.label.store import LabelStore, validated

FORMAT = "melt2crystal exchanged labels, version 1"
MANIFEST, FRAMES, CHECKSUMS = "manifest.json", "frames.extxyz", "checksums.sha256"


class Manifest(BaseModel):
    """What an exported folder holds; paths relative to it, checksums SHA-256."""

    format: Literal["melt2crystal exchanged labels, version 1"] = FORMAT  # type: ignore[assignment]
    study: str
    engine: str
    reference: str
    settings_digest: str
    identity: dict[str, Any]
    frame_ids: list[str]
    files: dict[str, str]


@dataclass(frozen=True)
class ImportedLabel:
    """What the import found for one frame; ``status`` is 'not there yet' where the folder holds no finished output."""

    frame_id: str
    status: str
    reason: str
    seconds: float
    stored: bool


def exchanging(engine: ReferenceEngine) -> ExchangingEngine:
    """The engine, if its frames can be computed elsewhere.

    Raises:
        EngineError: it labels only where the study runs.
    """
    if not isinstance(engine, ExchangingEngine):
        raise EngineError(
            f"reference.engine: {engine.name} computes its labels where the study runs and has no inputs to export; "
            "labels of your own can be named in label.known, or be a reference of their own (reference.engine: given)"
        )
    return engine


def without_label(
    frames: Sequence[Atoms], store: LabelStore, minimum_distances_A: dict[str, float]
) -> tuple[list[Atoms], int, list[str]]:
    """Frames worth computing, each once; how many have a final label; what is left out because atoms are too close."""
    wanted: dict[str, Atoms] = {}
    known, refused = set(), {}
    for frame in frames:
        name = frame.info["frame_id"]
        reason = too_close(frame, minimum_distances_A)
        if reason:
            refused[name] = f"{name}: {reason}"
        elif store.find(frame) is not None:
            known.add(name)
        else:
            wanted[name] = frame
    return list(wanted.values()), len(known), list(refused.values())


def export(
    folder: Path, frames: Sequence[Atoms], engine: ReferenceEngine, digest: str, study: str, reference: str
) -> Manifest:
    """Write the folder, complete or not at all.

    Args:
        folder: must not exist or be empty.
        frames: with ``frame_id`` in ``info``.
        engine: of the study.
        digest: its settings digest.
        study: name of the study.
        reference: how figures and tables call the reference.

    Raises:
        UserError: the folder holds something.
        EngineError: the engine has no inputs to export, or one of its files is wrong.
    """
    able = exchanging(engine)
    if folder.exists() and any(folder.iterdir()):
        raise UserError(f"{folder}: is not empty; name a new folder, so that no inputs are mixed")
    shared = able.shared_files()
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        (beside / "shared").mkdir(parents=True)
        for file in shared:
            if file.source is not None:
                shutil.copyfile(file.source, beside / "shared" / file.name)
        for frame in frames:
            place = beside / "frames" / frame.info["frame_id"]
            place.mkdir(parents=True)
            able.write_inputs(frame, place)
        write_frames(beside / FRAMES, frames)
        inputs = sorted(path for path in (beside / "frames").rglob("*") if path.is_file())
        files = {path.relative_to(beside).as_posix(): digest_of_file(path) for path in (beside / FRAMES, *inputs)}
        files |= {f"shared/{file.name}": file.sha256 for file in shared}
        manifest = Manifest(
            study=study,
            engine=engine.name,
            reference=reference,
            settings_digest=digest,
            identity=engine.identity(),
            frame_ids=[frame.info["frame_id"] for frame in frames],
            files=files,
        )
        absent = [file for file in shared if file.source is None]
        texts = {
            MANIFEST: manifest.model_dump_json(indent=1) + "\n",
            CHECKSUMS: "".join(f"{value}  {name}\n" for name, value in files.items()),
            "frames.txt": "".join(f"{name}\n" for name in manifest.frame_ids),
            "README.md": readme(len(frames), reference, digest, study, absent, able.site_note()),
            **scripts(able.run_script(), len(frames)),
        }
        for name, text in texts.items():
            (beside / name).write_text(text, encoding="utf-8")
        os.replace(beside, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def read_manifest(folder: Path, engine: ReferenceEngine, digest: str) -> Manifest:
    """The manifest of an exported folder whose inputs are unaltered and belong to the study's settings.

    Raises:
        UserError: no manifest, other settings, or altered inputs; nothing was imported.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"{path}: can't be read ({error.strerror}); name the folder that labels-export wrote") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise UserError(f"{path}: is not a manifest of labels-export ({where}: {first['msg']})") from None
    if manifest.settings_digest != digest:
        raise UserError(
            f"{path}: these inputs have the settings digest {manifest.settings_digest} ({manifest.engine}), the study "
            f"has {digest} ({engine.name}){_difference(manifest.identity, engine.identity())}. Labels of different "
            f"settings can't be mixed; import into the study they were exported from ({manifest.study})"
        )
    altered = [name for name in manifest.files if _altered(folder, name, manifest.files[name])]
    if altered:
        shown = ", ".join(altered[:5]) + (", ..." if len(altered) > 5 else "")
        raise UserError(
            f"{folder}: {len(altered)} input files are not as they were exported: {shown}. Labels of other inputs "
            "would carry the wrong settings digest. Bring the original files back from where they were exported, or "
            "delete the folders of these frames: the others can be imported"
        )
    return manifest


def _altered(folder: Path, name: str, checksum: str) -> bool:
    """Whether a file differs; one that is missing matters only beside outputs."""
    path = folder / name
    if path.is_file():
        return digest_of_file(path) != checksum
    if name.startswith("shared/"):
        return False
    return name == FRAMES or (path.parent.is_dir() and any(path.parent.iterdir()))


def _difference(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """The first setting that differs, in words."""
    for key in sorted(theirs.keys() | ours.keys()):
        if theirs.get(key) != ours.get(key):
            return f": {key} is {theirs.get(key)} there and {ours.get(key)} here"
    return ""


def import_outputs(
    folder: Path,
    engine: ReferenceEngine,
    digest: str,
    store: Path,
    study: str,
    largest_force_eV_per_A: float,
    known: Sequence[Path] = (),
) -> Iterator[ImportedLabel]:
    """Put the finished labels of a folder into the store, one by one; what the store has is left as it is.

    Args:
        folder: as ``export`` wrote it, with outputs; whole frames may be missing.
        engine: of the study.
        digest: its settings digest.
        store: folder of the label store; the import gets a journal of its own.
        study: name of the study, for the journal's name.
        largest_force_eV_per_A: labels with larger forces are unphysical.
        known: released label files, not to be stored again.

    Yields:
        One row a frame, in the order of the manifest.

    Raises:
        UserError: see ``read_manifest``.
    """
    able = exchanging(engine)
    read_manifest(folder, engine, digest)
    labels = LabelStore(store, digest, f"{study}-{IMPORT}-{digest_of_file(folder / MANIFEST)[:8]}", known)
    earlier, _ = journal_attempts(store / digest, largest_force_eV_per_A)
    failed = {(attempt.frame_id, attempt.status, attempt.reason) for attempt in earlier}
    for frame in read_frames(folder / FRAMES):
        name = frame_id(frame)
        frame.info["frame_id"] = name
        there = labels.find(frame)
        if there is not None:
            shown = validated(there, largest_force_eV_per_A)
            yield ImportedLabel(name, shown.status, shown.reason, there.seconds, False)
            continue
        found: Label | str = "its folder is not here"
        if (folder / "frames" / name).is_dir():
            found = able.read_outputs(frame, folder / "frames" / name, folder / "shared")
        if isinstance(found, str):
            yield ImportedLabel(name, "not there yet", found, 0.0, False)
            continue
        new = (name, found.status, found.reason) not in failed  # crashes are tried again, but told once
        if new:
            labels.add(frame, found)
        shown = validated(found, largest_force_eV_per_A)
        yield ImportedLabel(name, shown.status, shown.reason, found.seconds, new)
