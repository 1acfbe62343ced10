"""Is a potential that was trained elsewhere (``release.*.given``) whole, and for this study's species?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ValidationError

from melt2crystal.config_source import Mistake

if TYPE_CHECKING:
    from melt2crystal.config import Study

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
    inputs = [f"{member}-input.json" for member in range(released.training.members)]
    models = [f"{member}.pb" for member in range(released.training.members)]
    wanted = [MANIFEST, *(name for pair in zip(models, inputs, strict=True) for name in pair)]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        allowed = (
            f"a folder that holds {', '.join(wanted[:3])} and so on (release.{potential}.training.members of each)"
        )
        yield Mistake(path, f"{released.given} holds no {', '.join(missing[:6])}", allowed)
        return
    again = "a folder written by 'python -m tools.potentials import'"
    if (reason := _unreadable(folder / MANIFEST, _Seen)) is not None:
        yield Mistake(path, f"{released.given}/{MANIFEST} names no frames that were trained on: {reason}", again)
    for name in inputs:
        if (reason := _unreadable(folder / name, _Input)) is not None:
            yield Mistake(path, f"{released.given}/{name} is no input of DeePMD: {reason}", again)
            continue
        theirs = _Input.model_validate_json((folder / name).read_bytes()).model.type_map
        if theirs != study.substance.species:
            allowed = f"the species of substance.formula, in its order: {' '.join(study.substance.species)}"
            yield Mistake(path, f"{released.given}/{name} is for {' '.join(theirs)} (model.type_map)", allowed)


def _unreadable(path: Path, content: type[BaseModel]) -> str | None:
    """What is wrong with a file, in its first respect."""
    try:
        content.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))
    return None
