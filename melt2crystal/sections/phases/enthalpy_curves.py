"""Enthalpies of found and known phases over pressure."""

from pydantic import Field, field_validator

from melt2crystal.settings import PartsOf, Section, amount


class Ladder(Section):
    """Which phases are relaxed at which pressures."""

    pressures_GPa: list[float] = Field(
        [0.0, 3.0, 6.0, 10.0, 15.0, 20.0], min_length=2, max_length=100, description="pressures, GPa, ascending"
    )
    found: int = Field(
        3, ge=0, le=1000, description="so many of the lowest structures of each search that are no known crystal"
    )
    largest_atoms: int = Field(
        40, ge=1, description="phases with more atoms in their primitive cell are left out, and said"
    )

    @field_validator("pressures_GPa")
    @classmethod
    def _pressures(cls, pressures: list[float]) -> list[float]:
        if any(not -10 <= pressure <= 1000 for pressure in pressures):
            raise ValueError("pressures must lie between -10 and 1000 GPa")
        if pressures != sorted(set(pressures)):
            raise ValueError("pressures must ascend and occur once")
        return pressures


class EnthalpyCurves(Ladder):
    """Enthalpy against pressure, HP beside the reference where that is affordable."""

    enabled: bool = amount(True, description="relax phases at a ladder of pressures at all")
    reference: bool | None = amount(
        None,
        description="relax them with the reference, too; default: where it is a classical potential (engine lammps) "
        "and label.compute is true",
    )
    relative_to: str | None = Field(
        None,
        description="known crystal (name of its file, without ending) whose enthalpy is the zero of the figure; "
        "default: the known crystal that is, over all pressures, nearest to the lowest phase",
    )


leaves, part_of = PartsOf("search.enthalpy_curves").leaves, PartsOf("search.enthalpy_curves").part_of
