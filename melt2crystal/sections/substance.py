"""What is simulated and where: the substance and the (T, p) grid."""

from typing import Any

from pydantic import Field, field_serializer, field_validator

from melt2crystal.settings import Section, caption


class Substance(Section):
    """Composition and the few distances that tell a bond from a collision."""

    name: str = caption("SiO2", description="label in figures and tables", min_length=1)
    formula: dict[str, int] = Field(
        {"Si": 1, "O": 2}, description="atoms per formula unit; the order is the order of the types everywhere"
    )
    central_species: str = Field("Si", description="species whose coordination number is reported")
    ligand_species: str = Field("O", description="species counted around the central one")
    bond_cutoff_A: float = Field(
        2.2, gt=0, le=6, description="largest central-ligand distance that counts as a bond, A"
    )
    minimum_distances_A: dict[str, float] = Field(
        {"Si-O": 1.1, "O-O": 1.4, "Si-Si": 1.8},
        description="pair ('A-B') -> distance in A below which a configuration is unphysical",
    )

    @field_validator("formula", mode="before")
    @classmethod
    def _formula_from_pairs(cls, formula: Any) -> Any:
        return dict(formula) if isinstance(formula, list) else formula

    @field_serializer("formula", when_used="json")
    def _formula_to_pairs(self, formula: dict[str, int]) -> list[list[Any]]:
        # canonical settings sort the keys of objects, and the order of the species is the order of the types
        return [[symbol, count] for symbol, count in formula.items()]

    @field_validator("formula")
    @classmethod
    def _formula_is_chemical(cls, formula: dict[str, int]) -> dict[str, int]:
        from ase.data import atomic_numbers

        if not formula:
            raise ValueError("name at least one element, for example {Si: 1, O: 2}")
        for symbol, count in formula.items():
            if symbol not in atomic_numbers or symbol == "X":
                raise ValueError(f"{symbol!r} is no chemical element")
            if not 1 <= count <= 1000:
                raise ValueError(f"{symbol}: the number of atoms per formula unit is {count}, 1 to 1000 are allowed")
        return formula

    @property
    def species(self) -> list[str]:
        """Chemical symbols in type order."""
        return list(self.formula)

    @property
    def atoms_per_formula_unit(self) -> int:
        """Number of atoms in one formula unit."""
        return sum(self.formula.values())


class PressureRow(Section):
    """One pressure of the grid with its temperatures."""

    pressure_GPa: float = Field(ge=-10, le=1000, description="pressure, GPa")
    temperatures_K: list[float] = Field(
        min_length=1, max_length=200, description="temperatures of the melt at this pressure, K"
    )
    melt_temperature_K: float | None = Field(
        None,
        gt=0,
        le=30000,
        description="where this pressure is melted afresh, K; default 1.25 times the hottest state",
    )

    walk_ps: float | None = Field(
        None,
        gt=0,
        description="length of the walks at this pressure, ps; default liquid.walk_ps; viscous melts want more",
    )

    @field_validator("temperatures_K")
    @classmethod
    def _temperatures_are_sane(cls, temperatures: list[float]) -> list[float]:
        if len(set(temperatures)) != len(temperatures):
            raise ValueError("a temperature occurs twice")
        for temperature in temperatures:
            if not 50 <= temperature <= 20000:
                raise ValueError(f"{temperature:g} K is outside 50-20000 K (temperatures are in kelvin)")
        return temperatures

    @property
    def hottest_melt_K(self) -> float:
        """Temperature of the fresh melt, K."""
        return self.melt_temperature_K or 1.25 * max(self.temperatures_K)


def melting_curve() -> tuple[PressureRow, ...]:
    """The default grid: four states each along the melting curve of silica (docs/decisions/certificate-limits.md)."""
    rows = {0: (3000, 4500), 15: (4000, 5500), 40: (5500, 7000), 70: (6500, 9000)}
    return tuple(
        PressureRow(pressure_GPa=p, temperatures_K=[lo + k * (hi - lo) / 3 for k in range(4)])
        for p, (lo, hi) in rows.items()
    )
