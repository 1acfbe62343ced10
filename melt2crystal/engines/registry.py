"""From the study's reference section to an engine."""

import json
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, TypeAdapter

from melt2crystal.engines.base import ReferenceEngine
from melt2crystal.errors import EngineError
from melt2crystal.sections.reference import (
    AseReference,
    EspressoReference,
    GivenReference,
    LammpsReference,
    Reference,
    VaspReference,
)


def reference_engine(reference: Any, species: Sequence[str], places: str = "{}") -> ReferenceEngine:
    """The engine of a reference section (a model or plain data).

    Args:
        reference: the section; as a job is given it, without its places.
        species: elements in type order.
        places: JSON object of the places (command, ranks, ...), which go over those of the section.

    Raises:
        EngineError: a section without a branch here.
    """
    given = reference.model_dump() if isinstance(reference, BaseModel) else reference
    section = TypeAdapter(Reference).validate_python({**given, **json.loads(places)})
    if isinstance(section, LammpsReference):
        from melt2crystal.engines.lammps import LammpsEngine

        return LammpsEngine(section, species)
    if isinstance(section, AseReference):
        from melt2crystal.engines.ase.engine import AseEngine

        return AseEngine(section)
    if isinstance(section, EspressoReference):
        from melt2crystal.engines.espresso.engine import EspressoEngine

        return EspressoEngine(section, species)
    if isinstance(section, VaspReference):
        from melt2crystal.engines.vasp.engine import VaspEngine

        return VaspEngine(section, species)
    if isinstance(section, GivenReference):
        from melt2crystal.engines.given import GivenEngine

        return GivenEngine(section)
    raise EngineError(f"reference.engine: no engine {section.engine!r} in melt2crystal/engines/registry.py")
