"""Reference engines: what stands for the truth."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, field_validator

from melt2crystal.settings import Section, caption, place

VASP_TAGS_WRITTEN = {
    "ENCUT": "encut_eV",
    "PREC": "prec",
    "EDIFF": "ediff_eV",
    "ISMEAR": "ismear",
    "SIGMA": "sigma_eV",
    **dict.fromkeys(("KSPACING", "KGAMMA"), "k_points"),
    **dict.fromkeys(("ALGO", "IALGO", "AMIX", "BMIX", "NELM"), "recipes"),
    **dict.fromkeys(("NSW", "IBRION", "ISIF", "PSTRESS", "EDIFFG"), "a single point or a relaxation, as it is needed"),
    **dict.fromkeys(("LWAVE", "LCHARG", "ISTART", "ICHARG", "NWRITE", "SYSTEM"), "every frame starts from nothing"),
}


class LammpsReference(Section):
    """A classical potential in LAMMPS: the stand-in for DFT."""

    engine: Literal["lammps"] = Field("lammps", description="classical potential through LAMMPS")
    name: str = caption("BKS (classical stand-in for DFT)", description="how figures and tables call this reference")
    potential: str = Field("data/potentials/silica_bks.lmp", description="LAMMPS include file")
    ewald_accuracy: float = Field(1e-7, gt=0, lt=1, description="relative accuracy of the long-range sum in labels")


class AseCalculator(Section):
    """An ASE calculator by name, if need be in another Python environment."""

    calculator: str = Field(
        description="import path, 'package.module:Class' or 'package.module:Class.method'", pattern=r"^[\w.]+:[\w.]+$"
    )
    arguments: dict[str, JsonValue] = Field({}, description="keyword arguments of the calculator")
    calculator_per_frame: bool = Field(
        True,
        description="a new calculator for each frame, so that none finds traces of another (symmetry, wavefunctions); "
        "false for networks, which are slow to make and remember nothing",
    )
    interpreter: str | None = Field(
        None, description="python of the environment that has the calculator; default: this one"
    )
    packages: dict[str, str] = Field(
        {},
        description="package -> version that the interpreter must have, any other is refused; part of the settings "
        "digest: name those that bring parameters, such as the weights of a network",
    )
    files: list[str] = Field([], description="parameter files; their content is part of the settings digest")
    timeout_s: float = Field(3600, gt=0, description="longest time for one frame, s; 50 times this for a relaxation")


class AseReference(AseCalculator):
    """Any ASE calculator, if need be in another Python environment."""

    engine: Literal["ase"] = Field("ase", description="any ASE calculator")
    name: str = caption(description="how figures and tables call this reference")


class GivenReference(Section):
    """Labels of another code, from files; nothing is computed."""

    engine: Literal["given"] = Field("given", description="labels of another code, from files: nothing is computed")
    name: str = caption(description="how figures and tables call this reference")
    code: str = Field(
        min_length=1, description="the code and its version ('ABINIT 9.10.3'); part of the settings digest"
    )
    settings: dict[str, JsonValue] = Field(
        {}, description="what its numbers depend on (functional, cutoffs, k-points, ...); part of the settings digest"
    )
    files: list[str] = Field(
        [], description="its inputs and pseudopotentials; their content is part of the settings digest"
    )
    labels: list[str] = Field(
        min_length=1, description="files of labels (extended XYZ): frames with energy, forces and stress"
    )


class EspressoKPoints(Section):
    """Which k-points a cell gets."""

    mode: Literal["gamma", "baldereschi", "mesh", "shifted-mesh", "density"] = Field(
        "density",
        description="Gamma | (1/4, 1/4, 1/4) | one mesh, with or without Gamma | a mesh by density in small cells and "
        "Gamma in large ones",
    )
    mesh: tuple[int, int, int] = Field(
        (1, 1, 1), description="mesh of modes 'mesh' (Gamma-centred) and 'shifted-mesh' (by half a step)"
    )
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
    david_ndim: int = Field(
        4,
        ge=2,
        le=20,
        description="david: largest size of its workspace in units of the bands; pw.x's own default is 2",
    )
    empty_bands: float | None = Field(
        0.04,
        ge=0,
        description="cells at Gamma, and as large ones: empty bands as a share of the occupied ones, at least "
        "four; null: pw.x's 0.2",
    )
    steps: int = Field(40, ge=1, description="largest number of SCF steps")


class EspressoReference(Section):
    """Quantum ESPRESSO; the functional is that of the pseudopotentials."""

    engine: Literal["espresso"] = Field("espresso", description="Quantum ESPRESSO (pw.x)")
    name: str = caption("PBE (Quantum ESPRESSO)", description="how figures and tables call this reference")
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
            EspressoRecipe(
                mixing_beta=0.1,
                mixing_mode="local-TF",
                mixing_ndim=12,
                diagonalisation="cg",
                empty_bands=None,
                steps=150,
            ),
        ],
        min_length=1,
        description="tried in order until one converges; not part of the settings digest",
    )
    command: str = place("pw.x", description="how pw.x is called")
    ranks: int = place(1, ge=1, le=1024, description="MPI ranks of one frame")
    launcher: str = place("mpirun -np", description="put before the number of ranks and the command if ranks > 1")
    timeout_s: float = Field(7200.0, gt=0, description="longest time for one frame, s")
    scratch: str | None = place(None, description="folder for temporary files; default: the system's (TMPDIR)")


class VaspKPoints(EspressoKPoints):
    """Which k-points a cell gets; meshes are centred at Gamma."""

    mode: Literal["gamma", "mesh", "density"] = Field(
        "density", description="Gamma | one mesh | a mesh by density in small cells and Gamma in large ones"
    )


class VaspRecipe(Section):
    """One way to self-consistency; none of it changes the converged numbers."""

    algo: Literal["Normal", "Fast", "VeryFast", "All", "Damped"] = Field("Normal", description="ALGO")
    amix: float | None = Field(None, gt=0, le=1, description="AMIX, share of the new density; null: VASP's default")
    bmix: float | None = Field(None, gt=0, description="BMIX, cutoff of Kerker's mixing, 1/A; null: VASP's default")
    nelm: int = Field(60, ge=2, description="NELM, largest number of electronic steps")


class VaspReference(Section):
    """VASP as in Table 1 of the paper (docs/guides/vasp.md). What the table does not say: prec, ediff_eV, POTCARs."""

    engine: Literal["vasp"] = Field("vasp", description="VASP (licensed)")
    name: str = caption("PBE (VASP)", description="how figures and tables call this reference")
    functional: Literal[
        "PBE", "PBE_52", "PBE_52_W_HASH", "PBE_54", "PBE_54_W_HASH", "PBE_64", "LDA", "LDA_52", "LDA_54", "LDA_64"
    ] = Field("PBE_54", description="POTCAR family, as pymatgen names them")
    potcars: dict[str, str] = Field({"Si": "Si", "O": "O"}, description="species -> name of its POTCAR in the family")
    potcar_folder: str | None = Field(
        None, description="folder of the families or of one family; default: the environment's PMG_VASP_PSP_DIR"
    )
    titels: dict[str, str] = Field(
        {"Si": "PAW_PBE Si 05Jan2001", "O": "PAW_PBE O 08Apr2002"},
        description="species -> TITEL of its POTCAR, any other is refused; a species left out takes any of the element",
    )
    checksums: dict[str, str] = Field(
        {},
        description="species -> SHA-256 of its POTCAR without the lines SHA256 and COPYR, any other is refused; "
        "stands for the file where there is none",
    )
    encut_eV: float = Field(520, gt=0, description="ENCUT, eV")
    prec: Literal["Normal", "Single", "Accurate"] = Field("Accurate", description="PREC")
    ediff_eV: float = Field(1e-6, gt=0, description="EDIFF, energy change at which the SCF has converged, eV per cell")
    ismear: int = Field(0, ge=-5, le=2, description="ISMEAR")
    sigma_eV: float = Field(0.05, gt=0, description="SIGMA, eV")
    k_points: VaspKPoints = Field(VaspKPoints(), description="k-points by cell")
    incar: dict[str, JsonValue] = Field({}, description="further INCAR tags, in capitals")
    recipes: list[VaspRecipe] = Field(
        [VaspRecipe(), VaspRecipe(algo="All", nelm=200)],
        min_length=1,
        description="tried in order until one converges; not part of the settings digest",
    )
    command: str = place("vasp_std", description="how VASP is called, with its MPI launcher: srun vasp_std")
    gamma_command: str | None = place(
        None, description="the same for cells at Gamma alone (vasp_gam, half the cost); default: command"
    )
    timeout_s: float = Field(14400.0, gt=0, description="longest time for one frame, s")
    scratch: str | None = place(None, description="folder for temporary files; default: the system's (TMPDIR)")

    @field_validator("incar")
    @classmethod
    def _tags(cls, given: dict[str, JsonValue]) -> dict[str, JsonValue]:
        for tag, value in given.items():
            if tag != tag.upper():
                raise ValueError(f"{tag!r} is not in capitals")
            if tag in VASP_TAGS_WRITTEN:
                raise ValueError(f"{tag} is written by the engine ({VASP_TAGS_WRITTEN[tag]})")
            numbers = isinstance(value, list) and all(isinstance(item, (int, float)) for item in value)
            if not (numbers or isinstance(value, (bool, int, float, str))):
                raise ValueError(
                    f"{tag}: {value!r} is no value of an INCAR tag (a number, a word, true, false, a list)"
                )
        return given


Reference = Annotated[
    LammpsReference | AseReference | VaspReference | EspressoReference | GivenReference, Field(discriminator="engine")
]
