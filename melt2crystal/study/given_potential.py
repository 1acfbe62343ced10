"""Is a potential that was trained elsewhere (``release.*.given``) whole, and for this study's species?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from melt2crystal.study.model import Study
from melt2crystal.study.paths import mistake_in_name
from melt2crystal.study.source import Mistake
from melt2crystal.train.given import MANIFEST, DeepmdInput, FramesSeen, read_json


def mistakes_in_given(study: Study, potential: str, root: Path) -> Iterator[Mistake]:
    """A folder holds a frozen model and DeePMD's input for each member, and the frames they have seen."""
    released = getattr(study.release, potential)
    if released.given is None:
        return
    folder, path = root / released.given, ("release", potential, "given")
    if wrong := mistake_in_name(released.given):
        yield Mistake(path, f"{released.given!r} holds {wrong}", "a path without; rename the folder, or link to it")
        return
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
    _, reason = read_json(folder / MANIFEST, FramesSeen)
    if reason:
        yield Mistake(path, f"{released.given}/{MANIFEST} names no frames that were trained on: {reason}", again)
    for name in (f"{member}-input.json" for member in members):
        settings, reason = read_json(folder / name, DeepmdInput)
        if settings is None:
            yield Mistake(path, f"{released.given}/{name} is no input of DeePMD: {reason}", again)
        elif settings.model.type_map != study.substance.species:
            theirs = " ".join(settings.model.type_map)
            allowed = f"the species of substance.formula, in its order: {' '.join(study.substance.species)}"
            yield Mistake(path, f"{released.given}/{name} is for {theirs} (model.type_map)", allowed)
