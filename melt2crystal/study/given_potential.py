"""Is a potential that was trained elsewhere (``release.*.given``) whole, and for this study's species?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel, ValidationError

from melt2crystal.study.source import Mistake

if TYPE_CHECKING:
    from melt2crystal.study.load import Study

Content = TypeVar("Content", bound=BaseModel)

MANIFEST = "manifest.json"  # the frames that the potential has seen


class _Frame(BaseModel):
    frame_id: str


class _Seen(BaseModel):
    """Of ``manifest.json``, what the study reads."""

    frames: list[_Frame]


class _Model(BaseModel):
    type_map: list[str]


class _Input(BaseModel):
    """Of DeePMD's input, what must fit the study."""

    model: _Model


def mistakes_in_given(study: Study, potential: str, root: Path) -> Iterator[Mistake]:
    """A folder holds a frozen model and DeePMD's input for each member, and the frames they have seen."""
    released = getattr(study.release, potential)
    if released.given is None:
        return
    folder, path = root / released.given, ("release", potential, "given")
    members = range(released.training.members)
    wanted = [
        MANIFEST,
        *(f"{member}{end}" for member in members for end in (f".{study.train.network.suffix}", "-input.json")),
    ]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        allowed = (
            f"a folder that holds {', '.join(wanted[:3])} and so on (release.{potential}.training.members of each)"
        )
        yield Mistake(path, f"{released.given} holds no {', '.join(missing[:6])}", allowed)
        return
    again = "a folder written by 'melt2crystal potentials import'"
    _, reason = _read(folder / MANIFEST, _Seen)
    if reason:
        yield Mistake(path, f"{released.given}/{MANIFEST} names no frames that were trained on: {reason}", again)
    for name in (f"{member}-input.json" for member in members):
        settings, reason = _read(folder / name, _Input)
        if settings is None:
            yield Mistake(path, f"{released.given}/{name} is no input of DeePMD: {reason}", again)
        elif settings.model.type_map != study.substance.species:
            theirs = " ".join(settings.model.type_map)
            allowed = f"the species of substance.formula, in its order: {' '.join(study.substance.species)}"
            yield Mistake(path, f"{released.given}/{name} is for {theirs} (model.type_map)", allowed)


def _read(path: Path, content: type[Content]) -> tuple[Content | None, str]:
    """What a file holds; None, and what is wrong with it in its first respect, if it can't be read."""
    try:
        return content.model_validate_json(path.read_bytes()), ""
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return None, ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))
