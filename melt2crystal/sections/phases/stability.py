"""Whether a structure found is a minimum against every small displacement."""

from pydantic import Field

from melt2crystal.settings import Section, amount


class Stability(Section):
    """Harmonic vibrations of the lowest structures with HP; imaginary ones are followed."""

    enabled: bool = amount(True, description="test the lowest structures for imaginary vibrations at all")
    structures: int = Field(6, ge=1, le=10_000, description="so many of the lowest of each pressure")
    force_eV_per_A: float = Field(
        0.001, gt=0, le=0.05, description="they are relaxed to this largest force before they are displaced, eV/A"
    )
    width_A: float = Field(8.0, gt=0, le=100, description="smallest distance between opposite faces of supercells, A")
    largest_atoms: int = Field(
        500, ge=1, description="a structure whose supercell would have more atoms is not tested, and says so"
    )
    displacement_A: float = Field(0.03, gt=0, le=0.2, description="displacement, A")
    mesh_length_A: float = Field(
        40.0, gt=0, description="wave vectors along each axis: this length over the primitive cell's, A"
    )
    threshold_THz: float = Field(
        0.3, gt=0, le=5, description="a vibration is imaginary if its frequency is further than this below zero, THz"
    )
    amplitude_A: float = Field(
        0.1,
        gt=0,
        le=1,
        description="largest displacement of an atom along an imaginary mode, from where it is relaxed, A",
    )
