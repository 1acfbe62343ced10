"""Style of the figures: changing it recomputes nothing but the figures."""

from typing import Literal

from pydantic import Field

from melt2crystal.settings import Section


class Comparison(Section):
    """One panel of figure 4: a structure found at a pressure beside a crystal of the library."""

    pressure_GPa: float = Field(ge=-10, le=1000, description="pressure of the search, GPa")
    polymorph: str = Field(description="key of the crystal in benchmark.polymorphs it is compared with")
    space_groups: list[int] = Field(
        min_length=1, description="space-group numbers looked for among the found structures, in order of preference"
    )


def paper_comparisons() -> tuple[Comparison, ...]:
    """Figure 4 of the paper: cristobalite (ideal, or the ordered I-42d) and stishovite."""
    return (
        Comparison(pressure_GPa=0.0, polymorph="beta_cristobalite", space_groups=[227, 122]),
        Comparison(pressure_GPa=10.0, polymorph="stishovite", space_groups=[136]),
    )


class Figures(Section):
    """Style shared by all figures, and what figure 4 compares."""

    single_column_mm: float = Field(89.0, gt=30, lt=300, description="width of a one-column figure, mm")
    double_column_mm: float = Field(183.0, gt=60, lt=400, description="width of a two-column figure, mm")
    font_family: Literal["sans-serif", "serif"] = Field("sans-serif", description="font family")
    font_size_pt: float = Field(7.0, ge=4, le=20, description="font size, pt; nothing is drawn below 6 pt")
    resolution_dpi: int = Field(300, ge=72, le=1200, description="resolution of the PNG files, dots per inch")
    comparisons: tuple[Comparison, ...] = Field(
        paper_comparisons(), min_length=1, description="found structures and library crystals compared in figure 4"
    )
    rdf_range_A: float = Field(
        7.0, gt=2, le=20, description="end of the r axis of the radial distribution functions, A"
    )
    rdf_broadening_A: float = Field(
        0.05,
        gt=0,
        le=0.5,
        description="standard deviation of the Gaussian drawn for each distance of a crystal at rest, A",
    )
