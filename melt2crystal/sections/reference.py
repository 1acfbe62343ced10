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
    interpreter: str | None = Field(None, description="python of the environment that has the calculator; default: this one")
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


Reference = Annotated[LammpsReference | AseReference | VaspReference, Field(discriminator="engine")]


class Label(Section):
    """Labelling: shards, tolerance, labels known beforehand."""

    frames_per_shard: int = amount(400, ge=1, description="frames in one labelling job")
    failure_tolerance: float = Field(0.05, ge=0, lt=1, description="share of requested frames that may fail before the run stops")
    known: list[str] = Field([], description="released label files (extended XYZ) looked up before anything is computed")
    largest_force_eV_per_A: float = Field(100.0, gt=0, description="a label with a larger force is unphysical, eV/A")
