"""What ``summary.json`` holds. Optional parts are null when their stage is disabled; units are in the names."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from melt2crystal.sections.purpose import Purpose


class Part(BaseModel):
    """Base of all parts: unknown keys are errors, NaN and infinity are not allowed."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Errors(Part):
    """Root-mean-square errors on held-out melt."""

    energy_rmse_meV_per_atom: float = Field(ge=0)
    force_rmse_eV_per_A: float = Field(ge=0, description="over force components")
    frames: int | None = Field(None, ge=0, description="null: all, or not counted by the version that wrote the errors")


class HeldOut(Errors):
    """Errors of the ensemble mean, of each member, and at each pressure (key: GPa)."""

    frames: int = Field(ge=0)
    walks: int | None = Field(None, ge=0, description="of these frames; neighbours in time are one test")
    energy_interval_meV_per_atom: tuple[float, float] | None = Field(None, description="95 %, bootstrap over walks")
    force_interval_eV_per_A: tuple[float, float] | None = Field(None, description="95 %, bootstrap over walks")
    zero: str = Field("", description="where the zero of energy of an ASE calculator was put; empty: no calculator")
    members: list[Errors]
    pressures: dict[str, Errors] = {}


class Iteration(Part):
    """Frames of one iteration of the loop, all states together."""

    iteration: str
    accurate: int = Field(ge=0)
    candidate: int = Field(ge=0)
    failed: int = Field(ge=0)
    invalid: int = Field(ge=0)
    invalid_because: dict[str, int] | None = Field(None, description="reason -> frames; null: not told then")
    excluded_by_certificate: int | None = Field(ge=0)
    selected: int = Field(ge=0)
    audited: int | None = Field(None, ge=0, description="accurate frames drawn at random whose labels are known")
    missed: int | None = Field(None, ge=0, description="of these, forces wrong by eps_hi and more")
    missed_share_low: float | None = Field(None, description="lower end of the share's 95 % interval (Clopper-Pearson)")
    missed_share_high: float | None = None
    rank_correlation: float | None = Field(None, description="Spearman, of deviation and true error, all new labels")
    eps_lo_eV_per_A: float
    eps_hi_eV_per_A: float


class Dataset(Part):
    """Labelled frames the networks of one iteration were trained on."""

    iteration: str
    frames: int = Field(ge=0)
    frames_at_pressure: dict[str, int] = Field(description="key: GPa")
    reference_settings_digest: str | None


class CertificateCount(Part):
    """Certificates of disorder of the first melts at one state (purpose: train, heldout)."""

    purpose: str
    pressure_GPa: float
    temperature_K: float
    frames: int = Field(ge=0)
    passed: int = Field(ge=0, description="frames that may be trained on; all of them if the certificate is off")
    would_pass: int = Field(
        ge=0, description="frames the checks found disordered, whether or not the certificate is on"
    )
    cut: int | None = Field(None, ge=0, description="frames after the order of their walk began to rise; null: untold")
    because: str | None = Field(None, description="why the other frames were not found disordered, counted")
    most_like: str | None = Field(description="crystal that most of the frames excluded for their likeness resemble")


class MissingLabel(Part):
    """A frame that was asked for and has no label."""

    what: str = Field(description="crystal and volume, structure found, state of the melt")
    frame_id: str
    status: str
    reason: str


class Labels(Part):
    """Labels of one batch: what was asked for, what is missing and why."""

    batch: str
    asked: int = Field(ge=0)
    missing: list[MissingLabel]


class PolymorphErrors(Part):
    """Root mean square of model - reference over the energy-volume points of one polymorph."""

    polymorph: str
    coordination: int
    raw_meV_per_atom: float = Field(ge=0, description="relative to the model's own zero of energy")
    raw_smallest_member_meV_per_atom: float | None = Field(None, ge=0)
    raw_largest_member_meV_per_atom: float | None = Field(None, ge=0)
    shifted_meV_per_atom: float = Field(ge=0, description="after one constant of the potential")
    shifted_smallest_member_meV_per_atom: float | None = Field(None, ge=0)
    shifted_largest_member_meV_per_atom: float | None = Field(None, ge=0)


class GroupErrors(Part):
    """The same over all polymorphs of one coordination, or all."""

    raw_meV_per_atom: float = Field(ge=0)
    raw_members_meV_per_atom: list[float] = []
    shifted_meV_per_atom: float = Field(ge=0)
    shifted_members_meV_per_atom: list[float] = []
    own_shift_meV_per_atom: float | None = Field(None, ge=0, description="after a shift of each curve of its own")
    polymorphs: int | None = None
    points: int | None = None


class EnergyVolume(Part):
    """Energy-volume curves of one potential against the reference."""

    shift_meV_per_atom: float | None
    groups: dict[str, GroupErrors]
    polymorphs: list[PolymorphErrors]


class Fit(Part):
    """Birch-Murnaghan fit (ensemble mean, or the reference); null where the fit has no value."""

    polymorph: str
    potential: str
    V0_A3_per_formula: float | None
    B0_GPa: float | None
    B0_prime: float | None
    E0_eV_per_atom: float | None
    V0_error_A3_per_formula: float | None
    B0_error_GPa: float | None
    status: str = Field("ok", description="ok, or why the fit means little")


class RelaxedCrystal(Part):
    """A polymorph relaxed in cell and ions by a potential, mean over its members, beside the reference."""

    polymorph: str
    pressure_GPa: float
    potential: str
    members: int = Field(ge=0)
    kept: int | None = Field(
        None, ge=0, description="members with the reference's space group, coordination and volume"
    )
    verdict: str = Field(description="kept, or lost and how; what the reference itself lets go may go")
    volume_A3_per_formula: float | None
    volume_A3_per_formula_reference: float | None
    volume_error_percent: float | None
    volume_error_smallest: float | None = Field(None, description="of the members, %")
    volume_error_largest: float | None = Field(None, description="of the members, %")
    scatter_percent_reference: float | None = Field(None, description="of volumes between the reference's own starts")
    c_over_a: float | None
    c_over_a_reference: float | None
    bridging_angle_deg: float | None = Field(None, description="mean angle central-ligand-central (Si-O-Si)")
    bridging_angle_deg_reference: float | None
    space_groups: str | None
    space_group_reference: int | None
    state_reference: str | None = Field(None, description="relaxed, or symmetry kept: it could not break")
    energy_error_meV_per_atom: float | None = Field(None, description="each in its own relaxed crystal, raw")
    bulk_modulus_GPa: float | None = Field(None, description="ions relaxed, Hill's average; null: not asked for")
    bulk_modulus_GPa_reference: float | None = None
    shear_modulus_GPa: float | None = Field(None, description="the same")
    shear_modulus_GPa_reference: float | None = None
    rank: float | None = Field(None, description="in the order of enthalpies, 1: the lowest")
    rank_reference: float | None


class RelaxedTotals(Part):
    """Relaxed crystals of one potential at one pressure, counted."""

    pressure_GPa: float
    crystals: int = Field(ge=0)
    with_reference: int = Field(ge=0)
    kept_by_reference: int = Field(ge=0)
    kept_by_all_members: int = Field(ge=0, description="of those that the reference keeps")
    volume_rms_percent: float | None = Field(ge=0, description="over those that the reference keeps")
    misplaced_pairs: int = Field(ge=0, description="pairs whose enthalpies stand in the other order")
    pairs: int = Field(ge=0)


class Overlap(Part):
    """Overlap of HP's and the reference's vibrational density of states; 1 means equal."""

    polymorph: str
    overlap: float | None
    overlap_others_mean: float | None = Field(None, description="baseline: of this crystal with the other crystals")
    overlap_others_largest: float | None = Field(None, description="baseline: with the crystal that is most like it")
    most_like: str | None = None
    temperature_K: float
    pressure_GPa: float
    resolution_THz: float
    overlap_halves_hp: float | None = Field(
        None, description="of the two halves of HP's walk: how well it can be known"
    )
    overlap_halves_reference: float | None = None


class Structure(Part):
    """One structure found."""

    id: str
    formula_units: int
    space_group: int | None
    coordination: float | None
    enthalpy_above_lowest_meV_per_atom: float
    volume_A3_per_atom: float
    energy_search_eV_per_atom: float = Field(description="of the HP model that drove the search")
    energy_reference_eV_per_atom: float | None


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


class Cost(Part):
    """What the jobs of one stage took, as far as their benchmark files existed when the summary was written."""

    stage: str
    jobs: int
    wall_s: float
    cpu_s: float
    largest_memory_MB: float | None


class Summary(Part):
    """The whole of ``summary.json``."""

    schema_version: int = 1
    study: str
    purpose: Purpose = Field("results", description="smoke test: the numbers mean nothing")
    substance: str
    reference: str
    settings_digest: str = Field(description="SHA-256 of the canonical settings of all stages but the figures")
    commit: str = Field("unknown", description="of the code that wrote the summary; -dirty: with changes since")
    version: str = Field("unknown", description="of melt2crystal")
    datasets: list[Dataset]
    iterations: list[Iteration]
    melts_from: list[str] = Field([], description="files the melts were taken from; empty: melted here")
    trained_elsewhere: dict[str, str] = Field({}, description="lp, hp -> folder it was taken from; empty: trained here")
    labels: list[Labels] = Field([], description="batches of labels; empty: written before they were told")
    certificate_enabled: bool
    certificates: list[CertificateCount]
    held_out: dict[str, HeldOut]
    ions: Literal["fixed", "relaxed"] = Field("fixed", description="of the energy-volume curves: clamped, or relaxed")
    energy_volume: dict[str, EnergyVolume] = Field(description="empty if the study makes no curves")
    fits: list[Fit]
    relaxed: list[RelaxedCrystal] = Field([], description="empty if the study relaxes no polymorphs")
    relaxed_totals: dict[str, list[RelaxedTotals]] = Field({}, description="key: potential")
    vdos_overlaps: list[Overlap] | None
    search: Search | None
    costs: list[Cost]
