"""Structure search with HP as the energy."""

from pydantic import Field, field_validator

from melt2crystal.settings import Section, amount


class Search(Section):
    """Random search (symmetric, symmetric and rattled, P1) with relaxation at pressure."""

    enabled: bool = amount(True, description="search at all")
    pressures_GPa: list[float] = amount([0.0, 10.0], min_length=1, description="pressures, GPa")
    formula_units: list[int] = amount([2, 3, 4], min_length=1, description="formula units per cell; each is a search of its own")
    structures: int = Field(40, ge=1, description="structures relaxed per pressure and cell size")
    workers: int = amount(1, ge=1, description="worker processes of one search job; the result does not depend on it")
    symmetric_share: float = Field(0.2, ge=0, le=1, description="share of symmetric starts")
    rattled_share: float = Field(0.4, ge=0, le=1, description="share of symmetric starts that are rattled; the rest is P1")
    rattle_A: float = Field(0.1, gt=0, le=1, description="standard deviation of the rattle, A")
    relax_steps: int = Field(200, ge=10, description="most steps of one relaxation")
    relax_force_eV_per_A: float = Field(0.01, gt=0, description="largest force and scaled stress of a relaxed structure, eV/A")
    volume_range_A3_per_atom: tuple[float, float] = Field((4.0, 30.0), description="structures outside are insane, A^3 per atom")
    energy_floor_eV_per_atom: float = Field(
        1.0, gt=0, description="a structure further than this below the model's best polymorph fell into a hole of the potential, eV/atom"
    )
    same_enthalpy_meV_per_atom: float = Field(3.0, gt=0, description="two structures can be the same within this enthalpy, meV/atom")
    same_volume_percent: float = Field(1.5, gt=0, description="... and within this volume, per cent")
    symprecs_A: list[float] = Field([0.001, 0.003, 0.01, 0.03, 0.1, 0.2], min_length=1, description="tolerances of the space-group plateau, A")
    labelled_structures: int = Field(60, ge=1, description="unique structures per pressure, lowest first, that get a reference energy")
    stable_window_eV_per_atom: float = Field(
        1.0, gt=0, description="width of the window of stable structures above the lowest one, eV/atom (the paper: -8 to -7)"
    )

    @field_validator("formula_units")
    @classmethod
    def _sizes(cls, sizes: list[int]) -> list[int]:
        if any(size < 1 for size in sizes) or len(set(sizes)) != len(sizes):
            raise ValueError("formula units per cell must be positive and occur once")
        return sizes
