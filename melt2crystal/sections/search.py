"""Structure search with HP as the energy.

The section is flat in a study; its parts are models of their own, so that a job sees only the settings it depends on.
"""

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from melt2crystal.sections.phases.enthalpy_curves import EnthalpyCurves
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.sections.phases.stability import Stability
from melt2crystal.settings import PartsOf, Section, amount, place


class Starts(Section):
    """Random starting structures."""

    melt_share: float = Field(
        0.3, ge=0, le=1, description="share of starts that are cut from melts at rest, with their composition"
    )
    symmetric_share: float = Field(0.15, ge=0, le=1, description="share of symmetric starts")
    rattled_share: float = Field(
        0.25, ge=0, le=1, description="share of symmetric starts that are rattled; the rest is P1"
    )
    rattle_A: float = Field(0.1, gt=0, le=1, description="standard deviation of the rattle, A")
    volume_margin: float = Field(
        0.15,
        ge=0,
        lt=1,
        description="starts have the volumes of the melts around the pressure, their range widened by this share at "
        "both ends",
    )


class Melts(Section):
    """What is taken from the melts around a pressure."""

    melts: int = Field(
        8,
        ge=1,
        le=1000,
        description="melts, evenly chosen over their density, that HP brings to rest: starts are cut from them, and "
        "the lowest gives the bounds of the energy",
    )


class Engine(Section):
    """How candidates follow each other."""

    engine: Literal["evolution", "random", "uspex"] = Field(
        "evolution",
        description="evolution: generations of random starts and children; random: random starts alone; uspex: the "
        "user's own USPEX, with HP as the energy",
    )
    generation_structures: int = Field(64, ge=2, le=100_000, description="candidates in a generation")
    random_share: float = Field(
        0.3, ge=0, le=1, description="share of random starts in the generations after the first"
    )
    adaptive_shares: bool = Field(
        False,
        description="shares of starts and operators follow from how often each gave a new structure that is among the "
        "parents; none falls below a quarter of its given share (random_share, melt_share and so on)",
    )
    parents: int = Field(20, ge=2, le=10_000, description="lowest structures of different kind that may have children")
    children_per_space_group: int = Field(
        8, ge=1, description="most children of parents of one space group (other than P1) in a generation"
    )
    unchanged_generations: int = Field(
        6, ge=1, description="the evolution ends when so many generations found no better structure"
    )
    core_minutes: float | None = Field(
        None,
        gt=0,
        description="a search ends with the generation in which it has spent these; another run ends elsewhere; null: "
        "never",
    )


class Batches(Section):
    """How the work is divided."""

    batch_structures: int = Field(
        64,
        ge=1,
        le=100_000,
        description="structures that one worker relaxes together: with several workers, a part of a generation",
    )


class Relaxation(Section):
    """Relaxation of cell and atoms at pressure, and what counts as sane."""

    relax_member: int = Field(0, ge=0, description="member of the HP ensemble that supplies energy, forces and stress")
    relax_steps: int = Field(300, ge=10, description="most steps of one relaxation")
    relax_force_eV_per_A: float = Field(
        0.005, gt=0, description="largest force and scaled stress of a relaxed structure, eV/Å"
    )
    volume_range_A3_per_atom: tuple[float, float] = Field(
        (4.0, 30.0), description="structures outside are insane, Å³ per atom"
    )
    energy_floor_eV_per_atom: float = Field(
        1.0,
        gt=0,
        description="a structure further than this below the model's lowest melt at rest fell into a hole of the "
        "potential, eV/atom",
    )
    energy_ceiling_eV_per_atom: float = Field(
        5.0,
        gt=0,
        description="a relaxed structure further than this above the model's lowest melt at rest is no crystal: "
        "symmetry alone keeps its forces zero, eV/atom",
    )


class Symmetry(Section):
    """How the space group is found."""

    symprecs_A: list[float] = Field(
        [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2],
        min_length=1,
        description="tolerances of the space-group plateau, ascending, A",
    )

    @field_validator("symprecs_A")
    @classmethod
    def _ascending(cls, symprecs: list[float]) -> list[float]:
        if symprecs != sorted(set(symprecs)):
            raise ValueError("tolerances must ascend and occur once")
        return symprecs


class Trust(Section):
    """When the ensemble does not know a structure."""

    largest_deviation_eV_per_A: float | None = Field(
        1.0,
        gt=0,
        description="a relaxed structure whose force deviation among the members of HP is larger lies in a hole of the "
        "potential and is insane, eV/Å; null: never",
    )


class Unique(Section):
    """When two structures are the same, and which are tested for being minima."""

    same_enthalpy_meV_per_atom: float = Field(
        3.0, gt=0, description="two structures can be the same within this enthalpy, meV/atom"
    )
    same_volume_percent: float = Field(1.5, gt=0, description="... and within this volume, per cent")
    minima_checked: int = Field(
        12,
        ge=0,
        description="how many of the lowest that kept the symmetry of their start are rattled and relaxed again",
    )
    minima_rattle_A: float = Field(0.05, gt=0, le=1, description="standard deviation of that rattle, A")


class Sample(Section):
    """Which structures get a reference energy."""

    labelled_structures: int = Field(
        60, ge=1, le=100_000, description="unique structures per pressure, lowest first, that get a reference energy"
    )
    sampled_structures: int = Field(
        30,
        ge=0,
        le=100_000,
        description="further structures per pressure that get one, evenly spread over HP's energies above the lowest, "
        "insane ones among them",
    )
    sample_range_eV_per_atom: float = Field(
        5.0, gt=0, le=100, description="how far above the lowest structure these reach, eV/atom"
    )


class Uspex(Section):
    """How the user's USPEX is given its work; only with search.engine: uspex.

    How long it searches, and its share of random structures, are said by the keys of the embedded engine.
    """

    mode: Literal["handover", "run"] = Field(
        "handover",
        description="handover: write inputs, stop with a message, go on when results are put back; run: call command",
    )
    version: Literal["9.4.4", "10"] = Field("10", description="version whose INPUT.txt is written; 10: any 10.x")
    command: str = place(
        "USPEX -r",
        min_length=1,
        description="command of mode run, started in the folder of INPUT.txt again and again until USPEX says that it "
        "is done",
    )
    wait_s: float = place(60.0, ge=0, le=86400, description="pause between two calls of command, s")
    lammps: str = Field(
        "lmp -in lammps.in > lammps.out",
        min_length=1,
        description="how USPEX calls LAMMPS (with DeePMD's plugin), where it runs; LAMMPS writes lammps.out",
    )
    parallel: int = Field(1, ge=1, le=10_000, description="relaxations that USPEX has at work at a time")

    @field_validator("command", "lammps")
    @classmethod
    def _one_line(cls, command: str) -> str:
        if not command.strip() or len(command.splitlines()) != 1 or "\0" in command:
            raise ValueError("a command is one line")
        return command.strip()


class Search(Starts, Melts, Engine, Batches, Relaxation, Symmetry, Trust, Unique, Sample):
    """Evolution, or random search, with relaxation at pressure."""

    enabled: bool = amount(True, description="search at all")
    found: str | None = amount(
        None,
        description="structures of another search, taken instead of a search: a file of labelled ones that label.known "
        "names too (extended XYZ; evaluated as they are), or any file or folder of structures (CIF, POSCAR, extended "
        "XYZ, .res, results of USPEX; relaxed with HP)",
    )
    uspex: Uspex = Field(default_factory=Uspex, description="the search by USPEX")
    pressures_GPa: list[float] = amount([0.0, 10.0], min_length=1, max_length=200, description="pressures, GPa")
    formula_units: list[int] = amount(
        [2, 3, 4], min_length=1, description="formula units per cell; each is a search of its own"
    )
    structures: int = Field(256, ge=1, le=1_000_000, description="most structures relaxed per pressure and cell size")
    workers: int = amount(
        1, ge=1, le=1024, description="worker processes of one search job; the result does not depend on it"
    )
    stable_window_eV_per_atom: float = Field(
        1.0,
        gt=0,
        description="width of the window of stable structures above the lowest one, eV/atom (the paper: -8 to -7)",
    )
    tight_window_eV_per_atom: float = Field(
        0.05, gt=0, description="width of a second, tight window, in which polymorphs compete, eV/atom"
    )
    names: Naming = Field(Naming(), description="names of the structures found")
    stability: Stability = Field(Stability(), description="dynamical stability of the lowest ones")
    enthalpy_curves: EnthalpyCurves = Field(EnthalpyCurves(), description="enthalpies over pressure, transitions")

    @model_validator(mode="before")
    @classmethod
    def _one_rule_for_distances(cls, given: Any) -> Any:
        """Resolved studies of versions before 0.3 say ``distance_factor: 0.9``, the default of that time."""
        if not isinstance(given, dict) or "distance_factor" not in given:
            return given
        if given["distance_factor"] not in (0.9, 1):
            raise ValueError(
                f"distance_factor: {given['distance_factor']!r}: there is one rule for distances now, "
                "substance.minimum_distances_A; take the line out, and lower the distances there if need be"
            )
        return {key: value for key, value in given.items() if key != "distance_factor"}

    @field_validator("formula_units")
    @classmethod
    def _sizes(cls, sizes: list[int]) -> list[int]:
        if any(not 1 <= size <= 1000 for size in sizes) or len(set(sizes)) != len(sizes):
            raise ValueError("formula units per cell must lie between 1 and 1000 and occur once")
        return sizes


leaves, part_of = PartsOf("search").leaves, PartsOf("search").part_of
