"""Reference engines (what stands for the truth) and the label stage."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from melt2crystal.settings import Section, amount


class LammpsReference(Section):
    """A classical potential in LAMMPS: the stand-in for DFT."""

    engine: Literal["lammps"] = Field("lammps", description="classical potential through LAMMPS")
    name: str = Field("BKS (classical stand-in for DFT)", description="how figures and tables call this reference")
    potential: str = Field("data/potentials/silica_bks.lmp", description="LAMMPS include file")
    ewald_accuracy: float = Field(1e-7, gt=0, lt=1, description="relative accuracy of the long-range sum in labels")


class AseReference(Section):
    """Any ASE calculator, if need be in another Python environment."""

    engine: Literal["ase"] = Field("ase", description="any ASE calculator")
    name: str = Field(description="how figures and tables call this reference")
    calculator: str = Field(description="import path, 'package.module:Class'", pattern=r"^[\w.]+:[\w.]+$")
    arguments: dict[str, JsonValue] = Field({}, description="keyword arguments of the calculator")
    interpreter: str | None = Field(
        None, description="python of the environment that has the calculator; default: this one"
    )
    files: list[str] = Field([], description="parameter files; their content is part of the settings digest")
    timeout_s: float = Field(3600, gt=0, description="longest time for one frame, s")


class VaspReference(Section):
    """VASP as in Table 1 of the paper."""

    engine: Literal["vasp"] = Field("vasp", description="VASP (licensed)")
    name: str = Field("PBE (VASP)", description="how figures and tables call this reference")
    functional: str = Field("PBE", description="POTCAR family")
    encut_eV: float = Field(520, gt=0, description="ENCUT, eV")
    ismear: int = Field(0, ge=-5, le=2, description="ISMEAR")
    sigma_eV: float = Field(0.05, gt=0, description="SIGMA, eV")
    k_mesh: tuple[int, int, int] = Field((1, 1, 1), description="Gamma-centred k-point mesh of the melt")
    command: str = Field("vasp_std", description="how VASP is started")


class EspressoKPoints(Section):
    """Which k-points a cell gets."""

    mode: Literal["gamma", "baldereschi", "mesh", "density"] = Field(
        "density",
        description="Gamma | (1/4, 1/4, 1/4) | one mesh | a mesh by density in small cells and Gamma in large ones",
    )
    mesh: tuple[int, int, int] = Field((1, 1, 1), description="mesh of mode 'mesh', Gamma-centred")
    spacing_per_A: float = Field(
        0.35, gt=0, description="mode 'density': largest distance of k-points, 1/A (2 pi included)"
    )
    gamma_from_atoms: int = Field(
        72, ge=1, description="mode 'density': cells with this many atoms or more (melts) are computed at Gamma"
    )


class EspressoRecipe(Section):
    """One way to self-consistency; none of it changes the converged numbers."""

    mixing_beta: float = Field(0.3, gt=0, le=1, description="share of the new density")
    mixing_mode: Literal["plain", "TF", "local-TF"] = Field("plain", description="mixing mode of pw.x")
    mixing_ndim: int = Field(8, ge=1, le=50, description="densities remembered by the mixing")
    diagonalisation: Literal["david", "cg", "ppcg", "paro"] = Field(
        "david", description="iterative diagonalisation of pw.x"
    )
    steps: int = Field(60, ge=1, description="largest number of SCF steps")


class EspressoReference(Section):
    """Quantum ESPRESSO; the functional is that of the pseudopotentials."""

    engine: Literal["espresso"] = Field("espresso", description="Quantum ESPRESSO (pw.x)")
    name: str = Field("PBE (Quantum ESPRESSO)", description="how figures and tables call this reference")
    pseudopotentials: dict[str, str] = Field(
        {"Si": "Si.pbe-nl-rrkjus_psl.1.0.0.UPF", "O": "O.pbe-kjpaw.UPF"},
        description="species -> UPF file in the folder",
    )
    pseudopotential_folder: str = Field("/usr/share/espresso/pseudo", description="folder of the UPF files")
    checksums: dict[str, str] = Field(
        {
            "Si": "2bd1a6a56a5231397d3d090c5009683b9e2caeebd80ebaa8452b1cf228ed2d27",
            "O": "2b6ba2a535fad72e0dd8046da3f14876a13829f33e398447fc366012bd7b8999",
        },
        description="species -> SHA-256 of its UPF file, any other is refused; a species left out takes any",
    )
    ecutwfc_Ry: float = Field(45.0, gt=0, description="cutoff of the wavefunctions, Ry")
    ecutrho_Ry: float = Field(360.0, gt=0, description="cutoff of the density, Ry")
    smearing: Literal["gaussian", "methfessel-paxton", "marzari-vanderbilt", "fermi-dirac"] = Field(
        "gaussian", description="smearing of the occupations; hot melts need one"
    )
    degauss_eV: float = Field(0.05, gt=0, description="width of the smearing, eV")
    conv_thr_Ry: float = Field(
        5e-7, gt=0, description="estimated energy error at which the SCF has converged, Ry per cell"
    )
    k_points: EspressoKPoints = Field(EspressoKPoints(), description="k-points by cell")
    recipes: list[EspressoRecipe] = Field(
        [
            EspressoRecipe(),
            EspressoRecipe(mixing_beta=0.1, mixing_mode="local-TF", mixing_ndim=12, diagonalisation="cg", steps=150),
        ],
        min_length=1,
        description="tried in order until one converges; not part of the settings digest",
    )
    command: str = Field("pw.x", description="how pw.x is called")
    ranks: int = Field(1, ge=1, le=1024, description="MPI ranks of one frame")
    launcher: str = Field("mpirun -np", description="put before the number of ranks and the command if ranks > 1")
    timeout_s: float = Field(7200.0, gt=0, description="longest time for one frame, s")
    scratch: str | None = Field(None, description="folder for temporary files; default: the system's (TMPDIR)")


Reference = Annotated[LammpsReference | AseReference | VaspReference | EspressoReference, Field(discriminator="engine")]


class Label(Section):
    """Labelling: shards, tolerance, labels known beforehand."""

    frames_per_shard: int = amount(400, ge=1, description="frames in one labelling job")
    failure_tolerance: float = Field(
        0.05, ge=0, lt=1, description="share of requested frames that may fail before the run stops"
    )
    known: list[str] = Field(
        [], description="released label files (extended XYZ) looked up before anything is computed"
    )
    largest_force_eV_per_A: float = Field(100.0, gt=0, description="a label with a larger force is unphysical, eV/A")
