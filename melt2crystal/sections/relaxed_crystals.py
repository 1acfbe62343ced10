"""Polymorphs relaxed by each potential and by the reference: in parts, so that each job sees what it depends on."""

from pydantic import Field, field_validator

from melt2crystal.settings import PartsOf, Section, amount

ELASTIC_BY_DEFAULT = ("alpha_quartz", "stishovite")


class RattledStarts(Section):
    """What potentials and reference begin with, and how an end is measured."""

    pressures_GPa: list[float] = Field([0.0], min_length=1, max_length=50, description="pressures, GPa")
    rattle_A: float = Field(0.05, gt=0, le=0.5, description="standard deviation of each start's displacements, A")
    symprec_A: float = Field(
        0.05, gt=0, le=0.2, description="tolerance of the space group: above what a relaxation leaves, far below what "
        "tells alpha- from beta-quartz, A"
    )  # fmt: skip

    elastic: list[str] | None = Field(
        None,
        description="polymorphs whose elastic constants are computed at 0 GPa, ions relaxed; [] none; default: "
        "alpha_quartz and stishovite, as far as there",
    )
    elastic_strain: float = Field(0.005, gt=0, le=0.05, description="strain of the elastic constants, both signs")

    @field_validator("pressures_GPa")
    @classmethod
    def _pressures(cls, pressures: list[float]) -> list[float]:
        if any(not -10 <= pressure <= 1000 for pressure in pressures):
            raise ValueError("pressures must lie between -10 and 1000 GPa")
        if len({f"{pressure:g}" for pressure in pressures}) != len(pressures):
            raise ValueError("a pressure occurs twice")
        return sorted(pressures)

    def is_elastic(self, polymorph: str, pressure_GPa: float) -> bool:
        """Whether elastic constants of this crystal are asked for."""
        return pressure_GPa == 0 and polymorph in (ELASTIC_BY_DEFAULT if self.elastic is None else self.elastic)


class PotentialRelaxation(Section):
    """When a potential's relaxation ends."""

    force_eV_per_A: float = Field(0.002, gt=0, le=0.1, description="largest force at the end, eV/A")
    steps: int = Field(600, ge=1, description="most steps of a potential's relaxation")


class RelaxedCrystals(RattledStarts, PotentialRelaxation):
    """Cell and ions of each polymorph relaxed, from a rattled start: symmetry is free to break and to form."""

    enabled: bool = amount(True, description="relax the polymorphs with each potential at all")
    reference: bool | None = amount(
        None,
        description="relax them with the reference in the same way; default: where it is a classical potential (engine "
        "lammps) and label.compute is true; otherwise the crystals of the curves stand for it, marked 'symmetry kept'",
    )
    starts: int = Field(2, ge=1, le=20, description="rattled starts of the reference; their scatter is its own error")
    same_volume_percent: float = Field(
        5.0, gt=0, le=50, description="a crystal whose volume differs by more is another one, %"
    )


leaves, part_of = PartsOf("benchmark.relaxed").leaves, PartsOf("benchmark.relaxed").part_of
