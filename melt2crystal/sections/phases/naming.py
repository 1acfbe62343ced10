"""When a structure found is a known crystal."""

from pydantic import Field

from melt2crystal.settings import Section


class Naming(Section):
    """Names: a crystal of the library, relaxed with the same potential, else a prototype, else unknown."""

    symprec_A: float = Field(0.01, gt=0, le=0.2, description="tolerance at which both must have one space group, A")
    same_volume_percent: float = Field(1.0, gt=0, le=20, description="largest difference of volume, per cent")
    same_enthalpy_meV_per_atom: float = Field(2.0, gt=0, le=100, description="largest difference of enthalpy, meV/atom")
    largest_atoms: int = Field(
        40, ge=1, description="known crystals with more atoms in their primitive cell are left out, and said"
    )
    prototypes: int = Field(
        6,
        ge=0,
        description="so many of the lowest structures of each pressure without a name from the library are compared "
        "with AFLOW's prototypes, a fraction of a second each",
    )
