"""Every key of the configuration, read from the models: the configuration's reference lists them, the rebuild contract
tries another valid value of each."""

from __future__ import annotations

import copy
import dataclasses
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from melt2crystal.study.model import Study

ITEM, ENTRY = "[]", "<name>"  # stand for one element of a list of sections, one entry of a table of sections
Change = tuple[tuple[str | int, ...], Any]


@dataclass(frozen=True)
class Key:
    """A key that holds a value (or a list or table of sections, which may get one more).

    Attributes:
        path: steps from the root of the study, ITEM and ENTRY among them.
        engine: reference engine whose section has it, empty for all others.
    """

    path: tuple[str, ...]
    engine: str
    field: FieldInfo = dataclasses.field(compare=False)

    @property
    def name(self) -> str:
        """``grid[].walk_ps``, ``benchmark.polymorphs.<name>.file``."""
        return ".".join(self.path).replace(f".{ITEM}", ITEM)

    def __str__(self) -> str:
        return f"{self.name} ({self.engine})" if self.engine else self.name


def every_key(model: type[BaseModel] = Study) -> list[Key]:
    """All keys, in the order of the models; ``engine`` itself once, keys of engines once for each engine."""
    return list(dict.fromkeys(_keys(model, (), "")))


def _keys(model: type[BaseModel], path: tuple[str, ...], engine: str) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        here = (*path, name)
        sections = [] if _text_or_section(field.annotation) else sections_of(field.annotation)
        if len(sections) > 1:  # the engines
            yield Key((*here, "engine"), "", sections[0].model_fields["engine"])
            for section in sections:
                yield from _keys(section, here, section.model_fields["engine"].default)
        elif not sections:
            if not (engine and name == "engine"):
                yield Key(here, engine, field)
        elif (holder := get_origin(field.annotation)) in (list, tuple, dict):
            yield Key(here, engine, field)
            yield from _keys(sections[0], (*here, ENTRY if holder is dict else ITEM), engine)
        else:
            yield from _keys(sections[0], here, engine)


def _text_or_section(annotation: Any) -> bool:
    """Whether a key takes a text as well as a section: it is a key with a value then, and is tried with a text."""
    return get_origin(annotation) in (Union, types.UnionType) and str in get_args(annotation)


def sections_of(annotation: Any) -> list[type[BaseModel]]:
    """Section models in a type: itself, the options of a union, the elements of a list or table."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) is Annotated:
        return sections_of(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType, list, tuple, dict):
        return [section for part in get_args(annotation) for section in sections_of(part)]
    return []


def place_of(key: Key, study: dict[str, Any]) -> tuple[str | int, ...]:
    """Where a key stands in a study: the first element of a list, the first entry of a table."""
    place: list[str | int] = []
    value: Any = study
    for step in key.path:
        found: str | int = 0 if step == ITEM else next(iter(value)) if step == ENTRY else step
        place.append(found)
        value = value[found]
    return tuple(place)


def value_at(study: dict[str, Any], place: tuple[str | int, ...]) -> Any:
    """The value at a place."""
    value: Any = study
    for step in place:
        value = value[step]
    return value


def changed(study: dict[str, Any], changes: list[Change]) -> dict[str, Any]:
    """A copy of a study with other values at some places."""
    study = copy.deepcopy(study)
    for place, value in changes:
        value_at(study, place[:-1])[place[-1]] = value
    return study


def other_values(field: FieldInfo | None, value: Any) -> Iterator[Any]:
    """Values near this one and different from it; one of them is mostly valid. Lists and tables get one more."""
    annotation = field.annotation if field else None
    words = _literals(annotation)
    if isinstance(value, bool):
        yield not value
    elif words:
        yield from (word for word in words if word != value)
    elif isinstance(value, int):
        yield from (value + 1, value - 1)
    elif isinstance(value, float):
        yield from (round(value * 1.05, 9), round(value * 0.95, 9), 0.5) if value else (0.01, 0.5)
    elif isinstance(value, str):
        yield value + "x"
    elif value is None:
        yield from _first_values(annotation)
    elif isinstance(value, list) and value:
        for other in other_values(None, value[-1]):
            yield [*value, other]
            yield [*value[:-1], other]
    elif isinstance(value, dict) and value:
        first = next(iter(value))
        yield from ({**value, first: other} for other in other_values(None, value[first]))
    elif isinstance(value, dict):
        yield {"X": 1}


def _literals(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [word for part in get_args(annotation) for word in _literals(part)]


def _first_values(annotation: Any) -> Iterator[Any]:
    """Values of a key that has none yet."""
    for option in get_args(annotation):
        if option is int:
            yield 2
        elif option is float:
            yield from (0.5, 20000.0)
        elif option is str:
            yield "/tmp"
