"""Unit costs: what one step, label or relaxation costs, where the number comes from, and how far it carries."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from melt2crystal.errors import UserError
from melt2crystal.settings import Section

TABLE = Path("config") / "unit-costs.yaml"
Basis = Literal["measured", "published", "given", "extrapolated", "assumed"]
FIRMNESS: tuple[Basis, ...] = ("measured", "published", "given", "extrapolated", "assumed")  # firmest first
MARGIN = 1.1  # a study this much larger or smaller than what was measured still counts as measured


class UnitCost(Section):
    """One row of the table."""

    value: float = Field(ge=0, description="cost")
    unit: str = Field(min_length=1, description="its unit")
    atoms: tuple[float, float] | None = Field(None, description="sizes it was measured between, null: any")
    basis: Basis = Field(description="how it is known")
    source: str = Field(min_length=1, description="where it comes from")


def read_units(path: Path, given: Iterable[str] = ()) -> dict[str, UnitCost]:
    """The table of unit costs, with replacements written ``name=value``.

    Raises:
        UserError: no such table, or a replacement of something that isn't in it.
    """
    try:
        units = TypeAdapter(dict[str, UnitCost]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise UserError(f"{path}: missing; it says what a step costs (git checkout {path})") from None
    except (yaml.YAMLError, ValidationError) as error:
        raise UserError(f"{path}: {error}; mend the table, its head says how it is read") from None
    for text in given:
        name, _, number = text.partition("=")
        if name not in units:
            raise UserError(f"unit cost {name!r}: there is none; known ({path}): {', '.join(units)}")
        try:
            changed = {"value": float(number), "basis": "given", "source": "command line", "atoms": None}
            units[name] = UnitCost.model_validate({**units[name].model_dump(), **changed})
        except (ValueError, ValidationError):
            raise UserError(f"unit cost {text!r}: write name=value with a number that isn't negative") from None
    return units


@dataclass
class Meter:
    """Hands out unit costs and remembers how well the ones it handed out are known."""

    units: dict[str, UnitCost]
    used: dict[str, Basis] = field(default_factory=dict)

    def __call__(self, name: str, atoms: float | None = None) -> float:
        """A unit cost, for a system of so many atoms."""
        unit = self.units[name]
        basis = unit.basis
        if basis == "measured" and unit.atoms and atoms is not None:
            low, high = unit.atoms
            if not low / MARGIN <= atoms <= high * MARGIN:
                basis = "extrapolated"
        self.used[name] = least_firm([basis, self.used.get(name, basis)])
        return unit.value

    @property
    def basis(self) -> Basis:
        """How the weakest number handed out is known."""
        return least_firm(self.used.values())


def least_firm(bases: Iterable[Basis]) -> Basis:
    """The weakest of some bases; of none: measured."""
    return max(bases, key=FIRMNESS.index, default="measured")
