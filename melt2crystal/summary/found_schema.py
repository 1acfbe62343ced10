"""What the summary holds of the structures found."""

from pydantic import Field

from melt2crystal.summary.part import Part


class Structure(Part):
    """One structure found."""

    id: str
    formula_units: int
    space_group: int | None
    coordination: float | None
    name: str | None = Field(None, description="crystal of the library, prototype, or unknown")
    stability: str | None = Field(None, description="stable, unstable (becomes ...), or not tested and why")
    enthalpy_above_lowest_meV_per_atom: float
    volume_A3_per_atom: float
    energy_search_eV_per_atom: float = Field(description="of the HP model that drove the search")
    energy_reference_eV_per_atom: float | None


class Agreement(Part):
    """Energies of HP against the reference's over a group of structures, meV/atom; 95 % intervals (bootstrap over
    structures)."""

    group: str
    structures: int = Field(ge=0)
    insane: int = Field(ge=0, description="of these, structures that the search refused")
    raw_meV_per_atom: float | None = None
    raw_low: float | None = None
    raw_high: float | None = None
    shift_meV_per_atom: float | None = Field(None, description="mean of HP minus reference")
    shifted_meV_per_atom: float | None = Field(None, description="RMSE without the mean shift")
    shifted_low: float | None = None
    shifted_high: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    spearman_low: float | None = None
    spearman_high: float | None = None
    kendall: float | None = None


class KnownCrystal(Part):
    """A known crystal relaxed with HP at a pressure of the search."""

    crystal: str
    pressure_GPa: float
    state: str = Field(description="minimum, saddle point, no minimum, or not known and why")
    becomes: str | None = None


class Transition(Part):
    """A pressure at which the phase of lowest enthalpy changes."""

    potential: str
    pressure_GPa: float
    from_: str
    to: str
    volume_change_percent: float


class SearchAtPressure(Part):
    """Search at one pressure; best structures by HP enthalpy, the lowest first."""

    pressure_GPa: float
    relaxed: int | None = Field(ge=0, description="relaxations, whatever their end; null: found in an earlier search")
    sound: int | None = Field(ge=0, description="relaxations with status ok")
    unique: int = Field(ge=0)
    best: list[Structure]


class Search(Part):
    """Structures found, and HP's energies of them against the reference."""

    labelled: int = Field(ge=0)
    pearson_r: float | None
    pearson_interval: tuple[float, float] | None = Field(None, description="95 % (Fisher), structures as independent")
    rmse_all_meV_per_atom: float | None
    mean_difference_meV_per_atom: float | None = Field(None, description="HP minus reference, mean over all")
    stable_window_eV_per_atom: float
    labelled_in_window: int = Field(ge=0)
    rmse_window_meV_per_atom: float | None
    pressures: list[SearchAtPressure]
    given: int | None = Field(None, description="structures of an earlier search; null: searched here")
    kept: int | None = Field(None, description="of these, still the same structure after HP's own relaxation")
    found_in: str | None = Field(None, description="file of an earlier search's structures; null: searched here")
    agreement: list[Agreement] = Field([], description="empty: written before it was told")
    known: list[KnownCrystal] = Field([], description="known crystals relaxed with HP")
    transitions: list[Transition] = Field([], description="of known and found phases")
