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
    time_step_fs: float = Field(1.0, ge=0.001, le=5, description="time step, fs")
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
    against <= 4 %; released melts reach 36 % and 11 %. Order of a single sublattice is judged against what noise
    reaches in as many atoms (melt2crystal/liquid/ordering.py).
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
    full_quench_every: int = Field(
        5, ge=1, description="every so many frames the quench goes on to full_quench_force_eV_per_A"
    )
    full_quench_force_eV_per_A: float = Field(
        0.02,
        gt=0,
        description="norm of all forces at which a full quench ends, eV/A; frames that a short quench leaves with "
        "repetition or order above half its limit get one, too",
    )
    full_quench_steps: int = Field(1000, ge=10, description="largest number of minimisation steps of a full quench")
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
    bragg_noise: float = Field(
        1.8,
        gt=0,
        description="mean of the intensities |sum exp(ik.r)|^2/N of one species near the main peak of a melt",
    )
    bragg_noise_quenched: float = Field(
        2.4, gt=0, description="the same of a quenched melt, whose peaks thermal motion does not blur"
    )
    coherent_noise: float = Field(
        0.1, gt=0, lt=1, description="share of the atoms of one species in coherent clusters that noise is given"
    )
    translated_noise: float = Field(
        0.17,
        gt=0,
        lt=1,
        description="chance that a translation takes an atom of a disordered sublattice onto another one",
    )
    false_alarm: float = Field(
        0.001, gt=0, lt=1, description="chance that noise alone makes a frame count as ordered, for each measure"
    )
    rise_drift_nats: float = Field(
        3.0,
        description="evidence of order above which it adds up along a walk, below which it is taken away; nats",
    )
    rise_limit_nats: float = Field(
        20.0, gt=0, description="sum at which a walk counts as ordering: frames are cut from where the sum began; nats"
    )
