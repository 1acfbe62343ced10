"""Reads an exported study back: is every file there, unchanged and described, and does every link lead somewhere?"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import unquote

from melt2crystal.errors import UserError
from melt2crystal.files import digest_of_file

ROOT_NEEDS = ("name", "description", "datePublished", "license", "author", "mainEntity", "hasPart", "mentions")
UNLISTED = {"ro-crate-metadata.json", "ro-crate-preview.html"}  # files that describe the others
UNSUMMED = {"checksums.sha256"}


@dataclass(frozen=True)
class Checked:
    """What was read: the root's name, number of files whose digest was compared, problems in words."""

    name: str
    files: int
    problems: list[str]


def check_crate(path: Path) -> Checked:
    """Read a zip with ro-crate-py and compare it with what it says of itself.

    Raises:
        UserError: there is no such file, or it is no RO-Crate.
    """
    from rocrate.rocrate import ROCrate

    if not path.is_file():
        raise UserError(f"{path}: there is no such file; make export writes one")
    with TemporaryDirectory() as folder:
        try:
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
            crate = ROCrate(folder)
        except (zipfile.BadZipFile, ValueError, KeyError, OSError) as error:
            raise UserError(f"{path}: no RO-Crate ({error}); export it again") from error
        described = {place for entity in crate.data_entities if (place := _place(entity))}
        files = [entity for entity in crate.data_entities if "sha256" in entity]
        problems = [*_changed(files, Path(folder)), *_undescribed(Path(folder), described)]
        problems += [
            f"the root lacks {name}" for name in ROOT_NEEDS if not crate.root_dataset.get(name) and not _of(crate, name)
        ]
        problems += _dangling(crate)
        return Checked(str(crate.name), len(files), problems)


def _of(crate: Any, name: str) -> Any:
    return crate.mainEntity if name == "mainEntity" else None


def _place(entity: Any) -> str | None:
    """Where in the zip a file lies; None if its id leads out of it. Ids are addresses: a blank in a name is %20."""
    place = unquote(entity.id)
    parts = PurePosixPath(place).parts
    return None if place.startswith("/") or ".." in parts or "\0" in place else "/".join(parts)


def _changed(files: list[Any], folder: Path) -> Iterator[str]:
    for entity in files:
        name = _place(entity)
        if name is None:
            yield f"{entity.id}: leads out of the zip"
            continue
        place = folder / name
        if not place.is_file():
            yield f"{entity.id}: described, but not in the zip"
        elif digest_of_file(place) != entity["sha256"]:
            yield f"{entity.id}: its SHA-256 isn't the one of the description; the file was changed"


def _undescribed(folder: Path, described: set[str]) -> Iterator[str]:
    for path in sorted(folder.rglob("*")):
        place = path.relative_to(folder).as_posix()
        if path.is_file() and place not in described | UNLISTED:
            yield f"{place}: in the zip, but not described"


def _dangling(crate: Any) -> Iterator[str]:
    """Links to entities of the crate itself that aren't there, and files without a digest."""
    known = {entity.id for entity in crate.get_entities()}
    for entity in crate.get_entities():
        for name, value in entity.properties().items():
            for item in value if isinstance(value, list) else [value]:
                target = item.get("@id", "") if isinstance(item, dict) else ""
                if target and "://" not in target and target not in known:
                    yield f"{entity.id}: {name} leads to {target}, which isn't there"
    for entity in crate.data_entities:
        if "sha256" not in entity and entity.id not in UNSUMMED:
            yield f"{entity.id}: has no SHA-256"
