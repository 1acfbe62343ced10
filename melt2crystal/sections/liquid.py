"""Liquid molecular dynamics and the certificate of disorder."""

from pydantic import Field

from melt2crystal.settings import Section, amount


class Liquid(Section):
    """Random packing -> fresh melt at each pressure -> walks over the temperatures, NPT, classical potential."""

    potential: str = Field(
        "data/potentials/silica_bks.lmp", description="LAMMPS include file: units metal, pair_style, charges, kspace"
    )
    ewald_accuracy: float = Field(1e-4, gt=0, lt=1, description="relative accuracy of the long-range sum in the walks")
    formula_units: int = Field(
        24, ge=1, le=100_000, description="formula units in the cell (24 SiO2 = 72 atoms; the paper: 114)"
    )
    packing_density_g_per_cm3: float = Field(2.2, gt=0.01, lt=30, description="density of the random packing, g/cm3")
    time_step_fs: float = Field(1.0, gt=0, le=5, description="time step, fs")
    melt_ps: float = Field(3.0, gt=0, description="length of the fresh melt at each pressure, ps")
    equilibrate_ps: float = Field(1.0, gt=0, description="equilibration before each walk, ps")
    walk_ps: float = amount(5.0, gt=0, description="length of each walk that frames are taken from, ps")
    heldout_walk_ps: float = amount(5.0, gt=0, description="the same for the held-out melt, ps")
    frames_per_state: int = amount(50, ge=2, le=100_000, description="equally spaced frames per walk for training")
    heldout_frames_per_state: int = amount(
        6, ge=2, le=100_000, description="frames per state from an independent melt, never trained on"
    )
    frames: list[str] | None = amount(
        None,
        min_length=1,
        description="files of melts (extended XYZ) to take as they are; null: melt by the keys here",
    )
    heldout_share: float = amount(
        0.2, gt=0, lt=1, description="frames: share of the frames of each pressure that is held out, by whole walks"
    )
    thermostat_fs: float = Field(100.0, gt=0, description="thermostat damping time, fs")
    barostat_fs: float = Field(500.0, gt=0, description="barostat damping time, fs")


class Certificate(Section):
    """Certificate of disorder: what a frame must pass before it may be trained on.

    Defaults separate hot, strained, rattled crystals of all polymorphs from melts of BKS silica
    (docs/decisions/certificate-limits.md): crystal-like atoms >= 52 % against <= 31 %, repeated surroundings >= 27 %
    against <= 4 %. Released melts reach 36 % and 11 %; a sublattice that orders first is not seen.
    """

    enabled: bool = Field(True, description="off only for a control study that shows what unnoticed crystals do")
    minimum_diffusion_A2_per_ps: float = Field(
        0.005,
        ge=0,
        description="smallest self-diffusion coefficient of every species for a walk to count as liquid, A^2/ps",
    )
    shortest_walk_ps: float = Field(
        3.0, ge=0, description="diffusion says nothing about walks shorter than this (floppy crystals swing), ps"
    )
    symprecs_A: list[float] = Field(
        [0.1, 0.2, 0.3], min_length=1, description="spglib tolerances tried on the quenched frame, A"
    )
    quench_steps: int = Field(25, ge=10, description="largest number of minimisation steps of the quench")
    quench_force_eV_per_A: float = Field(0.5, gt=0, description="norm of all forces at which the quench ends, eV/Å")
    quench_accuracy: float = Field(
        1e-4, gt=0, lt=1, description="relative accuracy of the long-range sum in the quench"
    )
    surroundings_tolerance: float = Field(
        0.04,
        gt=0,
        lt=1,
        description="RMS difference of neighbour distances below which an atom is crystal-like; unit: cube root of the "
        "volume per formula unit",
    )
    crystal_fraction_max: float = Field(
        0.4, gt=0, le=1, description="largest fraction of atoms with the surroundings of one library crystal"
    )
    repetition_tolerance: float = Field(
        0.03, gt=0, lt=1, description="like surroundings_tolerance, for two atoms of the frame to count as alike"
    )
    repeated_fraction_max: float = Field(
        0.15, gt=0, le=1, description="largest fraction of atoms that are like a tenth of the atoms of their species"
    )
