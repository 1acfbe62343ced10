"""Polymorphs, energy-volume curves and vibrational spectra."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from melt2crystal.sections.relaxed_crystals import RelaxedCrystals
from melt2crystal.settings import Section, amount


class Polymorph(Section):
    """One crystal and the state its vibrations are compared in."""

    file: str = Field(description="CIF file")
    title: str = Field(description="name in figures")
    space_group: int = Field(ge=1, le=230, description="space-group number the file must have (symprec 1e-2)")
    coordination: int = Field(ge=1, le=12, description="coordination number of the central species")
    temperature_K: float = Field(gt=0, le=10000, description="temperature of the vibrational spectrum, K")
    pressure_GPa: float = Field(ge=-10, le=1000, description="pressure of the vibrational spectrum, GPa")


def eleven_polymorphs() -> dict[str, Polymorph]:
    """The eleven polymorphs of the paper."""
    rows = [
        ("alpha_quartz", "\u03b1-quartz", 154, 4, 300, 0),
        ("beta_quartz", "\u03b2-quartz", 180, 4, 1000, 0),
        ("alpha_cristobalite", "\u03b1-cristobalite", 92, 4, 300, 0),
        ("beta_cristobalite", "\u03b2-cristobalite", 227, 4, 1500, 0),
        ("alpha_tridymite", "\u03b1-tridymite", 20, 4, 500, 0),
        ("beta_tridymite", "\u03b2-tridymite", 194, 4, 1200, 0),
        ("keatite", "keatite", 96, 4, 300, 0),
        ("moganite", "moganite", 15, 4, 300, 0),
        ("coesite", "coesite", 15, 4, 300, 3),
        ("seifertite", "seifertite", 60, 6, 300, 40),
        ("stishovite", "stishovite", 136, 6, 300, 10),
    ]
    return {
        name: Polymorph(
            file=f"data/polymorphs/{name}.cif",
            title=title,
            space_group=group,
            coordination=coordination,
            temperature_K=temperature,
            pressure_GPa=pressure,
        )
        for name, title, group, coordination, temperature, pressure in rows
    }


# few displacements (symmetric) and both coordinations
HARMONIC_BY_DEFAULT = ("alpha_quartz", "alpha_cristobalite", "keatite", "stishovite")


class EnergyVolume(Section):
    """Energy-volume curves: isotropic scaling of each polymorph, the same volumes for models and reference."""

    enabled: bool = amount(True, description="make energy-volume curves at all")
    volume_scales: list[float] = Field(
        [0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.09, 1.12],
        min_length=5,
        description="volumes, in units of the starting structure's",
    )
    structures: Literal["experimental", "reference"] = Field(
        "reference", description="scaled structure: as in the CIF, or relaxed once with the reference at p = 0 and kept"
    )
    ions: Literal["fixed", "relaxed"] = Field(
        "fixed", description="ions scaled with the cell, or relaxed at each volume by each potential"
    )

    @field_validator("volume_scales")
    @classmethod
    def _scales(cls, scales: list[float]) -> list[float]:
        if any(not 0.3 < scale < 3 for scale in scales):
            raise ValueError("volume scales must lie between 0.3 and 3")
        if len(set(scales)) != len(scales):
            raise ValueError("a volume scale occurs twice")
        return sorted(scales)


class VibrationalSpectrum(Section):
    """Vibrational density of states from the velocity autocorrelation."""

    enabled: bool = amount(True, description="make spectra at all")
    reference: bool = amount(True, description="make the reference's spectra too (needs molecular dynamics with it)")
    polymorphs_per_job: int = amount(4, ge=1, description="walks of so many polymorphs share one process")
    atoms: int = Field(72, ge=2, description="smallest number of atoms in the supercell")
    time_step_fs: float = Field(1.0, ge=0.001, le=5, description="time step, fs")
    equilibrate_ps: float = Field(
        2.0, gt=0, description="equilibration, ps: 40 % NPT to settle, 40 % NPT to measure the cell, 20 % NVT in it"
    )
    walk_ps: float = Field(10.0, gt=0, description="NVE walk, ps")
    sample_every_steps: int = Field(4, ge=1, description="velocities are kept every so many steps")
    resolution_THz: float = Field(1.0, gt=0, description="width (FWHM) of the Gaussian window's spectrum, THz")
    largest_frequency_THz: float = Field(45.0, gt=0, description="end of the frequency axis, THz")

    @property
    def spacing_ps(self) -> float:
        """Time between two samples, ps."""
        return self.time_step_fs * self.sample_every_steps / 1000

    @model_validator(mode="after")
    def _can_be_resolved(self) -> "VibrationalSpectrum":
        nyquist = 0.5 / self.spacing_ps
        if self.largest_frequency_THz > nyquist:
            raise ValueError(
                f"velocities every {self.spacing_ps:g} ps (time_step_fs x sample_every_steps) reach {nyquist:.3g} THz, "
                f"but largest_frequency_THz is {self.largest_frequency_THz:g}"
            )
        shortest = 2.5 / self.resolution_THz
        if self.walk_ps < shortest:
            raise ValueError(
                f"walk_ps ({self.walk_ps:g}) is too short for resolution_THz ({self.resolution_THz:g}): "
                f"at least {shortest:g} ps"
            )
        return self


class HarmonicSpectrum(Section):
    """Harmonic density of states from the reference's and the model's forces on the same displaced supercells.

    Its frequency axis and its Gaussian broadening are those of ``benchmark.vdos``, so that the two can be laid on top
    of each other. Any engine can label the supercells: no molecular dynamics with the reference is needed.
    """

    enabled: bool = amount(False, description="make harmonic spectra at all")
    polymorphs: list[str] | None = Field(
        None,
        min_length=1,
        description="of these; default: alpha-quartz, alpha-cristobalite, keatite and stishovite, as far as there",
    )
    width_A: float = Field(8.0, gt=0, description="smallest distance between opposite faces of the supercells, A")
    displacement_A: float = Field(
        0.03, gt=0, le=0.2, description="displacement, A: small against bonds, large against the noise of forces"
    )
    mesh_length_A: float = Field(
        40.0, gt=0, description="wave vectors along each axis: this length over the primitive cell's, A"
    )


class MeltWalks(Section):
    """The melt itself, walked with each potential and with a classical reference from the same certified frames.

    The reference walks twice, with other velocities: how far two walks of one potential lie apart is the baseline.
    """

    enabled: bool | None = amount(
        None,
        description="compare the melts of the potentials with the reference's; default: where the reference is a "
        "classical potential (engine lammps), melts are made here, and models can walk (train.network se_e2_a)",
    )
    pressures_GPa: list[float] | None = Field(
        None, min_length=1, description="pressures of the grid, GPa; null: its lowest and highest; the middle T of each"
    )
    time_step_fs: float = Field(1.0, ge=0.001, le=5, description="time step, fs")
    equilibrate_ps: float = Field(1.0, gt=0, description="equilibration before each walk, ps")
    walk_ps: float = Field(4.0, gt=0, description="length of each walk, ps")
    frames: int = Field(80, ge=20, le=10_000, description="configurations kept of each walk")
    blocks: int = Field(4, ge=2, le=50, description="parts of a walk whose scatter is the standard error")
    r_max_A: float = Field(8.0, gt=1, le=30, description="end of the radial distribution functions, A")

    @model_validator(mode="after")
    def _blocks_have_frames(self) -> "MeltWalks":
        if self.frames < 5 * self.blocks:
            raise ValueError(f"frames ({self.frames}) must be at least five for each of blocks ({self.blocks})")
        return self


class Benchmark(Section):
    """What the potentials are tested on."""

    polymorphs: dict[str, Polymorph] = amount(eleven_polymorphs(), description="name -> crystal")
    energy_volume: EnergyVolume = Field(EnergyVolume(), description="energy-volume curves")
    relaxed: RelaxedCrystals = Field(RelaxedCrystals(), description="polymorphs relaxed by each potential")
    vdos: VibrationalSpectrum = Field(VibrationalSpectrum(), description="vibrational spectra")
    harmonic: HarmonicSpectrum = Field(HarmonicSpectrum(), description="harmonic vibrational spectra")
    melt: MeltWalks = Field(MeltWalks(), description="the melt itself, with each potential and the reference")

    @model_validator(mode="after")
    def _harmonic_polymorphs_are_known(self) -> "Benchmark":
        for name in self.harmonic.polymorphs or ():
            if name not in self.polymorphs:
                raise ValueError(
                    f"harmonic.polymorphs: {name!r} is none of benchmark.polymorphs ({', '.join(self.polymorphs)})"
                )
        return self

    @property
    def harmonic_polymorphs(self) -> list[str]:
        """Polymorphs whose harmonic spectra are made, none if they are off."""
        if not self.harmonic.enabled:
            return []
        if self.harmonic.polymorphs is not None:
            return list(self.harmonic.polymorphs)
        return [name for name in HARMONIC_BY_DEFAULT if name in self.polymorphs]
