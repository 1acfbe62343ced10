"""A potential that was trained elsewhere: what the files beside its models say of it."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from melt2crystal.errors import UserError

Content = TypeVar("Content", bound=BaseModel)

MANIFEST = "manifest.json"  # the frames that the potential has seen


class FrameId(BaseModel):
    """One entry of ``manifest.json``."""

    frame_id: str


class FramesSeen(BaseModel):
    """Of ``manifest.json``, what the study reads."""

    frames: list[FrameId]


class ModelInput(BaseModel):
    """The section ``model`` of DeePMD's input."""

    type_map: list[str]


class DeepmdInput(BaseModel):
    """Of DeePMD's input, what must fit the study."""

    model: ModelInput


def read_json(path: Path, content: type[Content]) -> tuple[Content | None, str]:
    """What a file holds; None, and what is wrong with it in its first respect, if it can't be read."""
    try:
        return content.model_validate_json(path.read_bytes()), ""
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return None, ": ".join(filter(None, [".".join(map(str, first["loc"])), first["msg"]]))


def check_type_map(theirs: list[str], species: list[str], path: Path) -> None:
    """Refuse a model that numbers the species otherwise than the study; asked of the model, not of the file beside it.

    LAMMPS and the compressed models count by these numbers.

    Raises:
        UserError: other species, or another order.
    """
    if theirs != species:
        raise UserError(
            f"{path}: the model itself has the type map {' '.join(theirs)}; the study's species are "
            f"{' '.join(species)}, in this order. Take the model that belongs to the input beside it, or train it with "
            f"the type map {' '.join(species)}"
        )
