"""One edit of the ci study for every key of the configuration: the questions that the rebuild contract answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter, ValidationError

from melt2crystal.errors import UserError
from melt2crystal.sections.reference import Reference
from melt2crystal.study.checks import mistakes_between_sections
from melt2crystal.study.model import Study
from tools.rebuild.keys import Change, Key, changed, every_key, other_values, place_of, value_at

Data = dict[str, Any]
PLAIN, RELAXED, TIMED, GIVEN, USPEX = "", "relaxed", "timed", "melts from files", "uspex"
MELTS = ["data/labels/silica-pbe-melt.extxyz.gz"]
FOUND = "tests/data/found.extxyz"
OF_ANOTHER_CODE = "tests/data/labels_of_another_code.extxyz"
POTENTIAL = "tests/data/potential"
CRYSTALS = "data/polymorphs"


@dataclass(frozen=True)
class Base:
    """A study to edit: the ci study with some other values."""

    name: str
    title: str
    changes: tuple[Change, ...]


def _reference(engine: str, **values: Any) -> Change:
    model = TypeAdapter(Reference).validate_python({"engine": engine, **values})
    return ("reference",), plain(model)


def plain(value: Any) -> Any:
    """Data of a section as YAML would hold it."""
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


# Spectra by molecular dynamics need the classical reference; harmonic ones are on everywhere: no rule is missing.
HARMONIC: Change = (("benchmark", "harmonic", "enabled"), True)
NO_WALKS: Change = (("benchmark", "vdos", "reference"), False)
CALLED: Change = (("search", "uspex", "mode"), "run")  # results that are handed over lie nowhere
# Known labels alone: melts and labels from files.
KNOWN: tuple[Change, ...] = (
    (("liquid", "frames"), MELTS),
    (("select", "max_iterations"), 0),
    (("label", "known"), MELTS),
    (("benchmark", "energy_volume", "structures"), "experimental"),
)
LOOKED_UP: tuple[Change, ...] = (
    (("select", "max_iterations"), 0),
    (("benchmark", "energy_volume", "structures"), "experimental"),
    (("search", "enabled"), False),
)
ANOTHER_CODE: Data = {"name": "PBE (ABINIT)", "code": "ABINIT 9.10.3", "labels": [OF_ANOTHER_CODE]}
BASES = {
    base.name: base
    for base in (
        Base(PLAIN, "", (HARMONIC,)),
        Base(
            RELAXED,
            "with `benchmark.energy_volume.ions: relaxed`",
            (HARMONIC, (("benchmark", "energy_volume", "ions"), "relaxed")),
        ),
        Base(TIMED, "with `jobs.minutes_per_label` given", (HARMONIC, (("jobs", "minutes_per_label"), 6.0))),
        Base(GIVEN, "with `liquid.frames` given", (HARMONIC, NO_WALKS, _reference("espresso"), *KNOWN)),
        Base(
            "ase",
            "engine: ase",
            (HARMONIC, NO_WALKS, _reference("ase", name="EMT", calculator="ase.calculators.emt:EMT")),
        ),
        Base(USPEX, "with `search.engine: uspex`", (HARMONIC, (("search", "engine"), "uspex"), CALLED)),
        Base("vasp", "engine: vasp", (HARMONIC, NO_WALKS, _reference("vasp"))),
        Base("espresso", "engine: espresso", (HARMONIC, NO_WALKS, _reference("espresso"))),
        Base("given", "engine: given", (HARMONIC, NO_WALKS, _reference("given", **ANOTHER_CODE), *LOOKED_UP)),
    )
}


@dataclass(frozen=True)
class Edit:
    """A key, the study it is edited in, and the other study.

    ``companions`` are keys that must change with it for the study to stay valid.
    """

    key: Key
    base: Base
    study: Data
    companions: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Key and base in one word."""
        return f"{self.base.name}:{self.key.name}" if self.base.name else self.key.name


def study_of(base: Base, ci: Data) -> Data:
    """The study of a base as plain data, every key written out."""
    return plain(Study.model_validate(changed(ci, list(base.changes))))


def every_edit(ci: Data) -> Iterator[Edit]:
    """An edit for every key; for some a second one, in a study where it reaches more rules.

    Args:
        ci: the ci study as plain data.

    Raises:
        UserError: no other valid value was found for a key; one must be written into this module.
    """
    studies = {name: study_of(base, ci) for name, base in BASES.items()}
    for key in every_key():
        for base in _bases_of(key):
            yield _edit(key, BASES[base], studies[base])


def _bases_of(key: Key) -> tuple[str, ...]:
    if key.engine and key.engine in BASES:
        return (key.engine,)
    if key.engine == "lammps":
        return (PLAIN, RELAXED)
    if key.name in ("liquid.heldout_share", "label.compute"):
        return (GIVEN,)
    if key.name.startswith("search.uspex."):
        return (USPEX,)
    return (TIMED,) if key.name == "jobs.minutes_per_shard" else (PLAIN,)


def _edit(key: Key, base: Base, study: Data) -> Edit:
    if key.name in CHOSEN_VALUES:
        changes = CHOSEN_VALUES[key.name](study)
        own, companions = changes[0][0], tuple(_name(place) for place, _ in changes[1:])
        assert _name(own) == key.name or key.name == "reference.engine", (key, own)
        return Edit(key, base, changed(study, changes), companions)
    place = place_of(key, study)
    for value in other_values(key.field, value_at(study, place)):
        other = changed(study, [(place, value)])
        if _is_valid(other):
            return Edit(key, base, other)
    raise UserError(f"{key}: no other valid value was found; write one into CHOSEN_VALUES in {__file__}")


def _is_valid(study: Data) -> bool:
    try:
        return not mistakes_between_sections(Study.model_validate(study))
    except ValidationError:
        return False


def _name(place: tuple[str | int, ...]) -> str:
    """The key at a place: ``grid[].walk_ps``."""
    steps = ["[]" if isinstance(step, int) else f".{step}" for step in place]
    if place[:2] == ("benchmark", "polymorphs") and len(place) > 2:
        steps[2] = ".<name>"
    return "".join(steps).removeprefix(".")


def _polymorph(name: str, space_group: int) -> Data:
    return {
        "file": f"{CRYSTALS}/{name}.cif",
        "title": name,
        "space_group": space_group,
        "coordination": 4,
        "temperature_K": 300.0,
        "pressure_GPa": 0.0,
    }


def _at(*steps: str | int, value: Any) -> Any:
    return lambda study: [(steps, value)]


def _more(*steps: str | int, values: Any) -> Any:
    """A list or table with more in it."""

    def change(study: Data) -> list[Change]:
        now = value_at(study, steps)
        return [(steps, {**now, **values} if isinstance(now, dict) else [*now, *values])]

    return change


def _another_crystal(*others: Change) -> list[Change]:
    """Stishovite's entry holds beta-quartz, whose cell has three formula units."""
    entry = ("benchmark", "polymorphs", "stishovite")
    other = {"space_group": 180, "file": f"{CRYSTALS}/beta_quartz.cif", "coordination": 4}
    return [*others, *(((*entry, key), value) for key, value in other.items())]


def _seen_from_oxygen(*keys: str) -> list[Change]:
    """Oxygen in the middle, silicon around it, in the order of these keys; and how many of these each crystal has."""
    species = {"central_species": "O", "ligand_species": "Si"}
    neighbours = {"alpha_quartz": 2, "stishovite": 3}
    counts = [(("benchmark", "polymorphs", name, "coordination"), number) for name, number in neighbours.items()]
    return [*((("substance", key), species[key]) for key in keys), *counts]


# Values that can't be guessed: files, words with a meaning, and amounts that must grow enough to need another shard.
CHOSEN_VALUES: dict[str, Any] = {
    "substance.formula": lambda study: _another_crystal((("substance", "formula"), {"Si": 3, "O": 6})),
    "substance.central_species": lambda study: _seen_from_oxygen("central_species", "ligand_species"),
    "substance.ligand_species": lambda study: _seen_from_oxygen("ligand_species", "central_species"),
    "grid": _more("grid", values=[{"pressure_GPa": 15.0, "temperatures_K": [5000.0 + 100 * n for n in range(5)]}]),
    "grid[].pressure_GPa": _at("grid", 1, "pressure_GPa", value=41.0),
    "grid[].temperatures_K": _more("grid", 0, "temperatures_K", values=[4600.0, 4700.0, 4800.0, 4900.0]),
    "liquid.potential": _at("liquid", "potential", value="data/potentials/../potentials/silica_bks.lmp"),
    "liquid.frames": _at("liquid", "frames", value=MELTS),
    "liquid.frames_per_state": _at("liquid", "frames_per_state", value=12),
    "liquid.heldout_frames_per_state": _at("liquid", "heldout_frames_per_state", value=8),
    "reference.engine": lambda study: [_reference("espresso"), NO_WALKS],
    "reference.potential": _at("reference", "potential", value="data/potentials/../potentials/silica_bks.lmp"),
    "reference.calculator": _at("reference", "calculator", value="ase.calculators.lj:LennardJones"),
    "reference.packages": _at("reference", "packages", value={"ase": "3.0.0"}),
    "reference.files": _at("reference", "files", value=["data/potentials/silica_bks.lmp"]),
    "reference.settings": _at("reference", "settings", value={"ecut_Ha": 40}),
    "reference.labels": _at("reference", "labels", value=["tests/../" + OF_ANOTHER_CODE]),
    "reference.incar": _at("reference", "incar", value={"LREAL": False}),
    "reference.checksums": _at("reference", "checksums", value={"Si": "0" * 64}),
    "reference.recipes": lambda study: [(("reference", "recipes"), [*value_at(study, ("reference", "recipes"))] * 2)],
    "label.compute": lambda study: [(("label", "compute"), False), (("search", "enabled"), False)],
    "label.known": _at("label", "known", value=["data/labels/silica-pbe-melt.extxyz.gz"]),
    "label.frames_per_shard": _at("label", "frames_per_shard", value=10),
    "select.density_range_g_per_cm3": _at("select", "density_range_g_per_cm3", value=[1.0, 9.0]),
    "select.frames_per_iteration": _at("select", "frames_per_iteration", value=30),
    "train.network.descriptor": lambda study: [
        (("train", "network", "descriptor"), "dpa4"),
        (("select", "max_iterations"), 0),
        (("benchmark", "vdos", "enabled"), False),
    ],
    "release.lp.pressures_GPa": _at("release", "lp", "pressures_GPa", value=[0.0, 40.0]),
    "release.hp.pressures_GPa": _at("release", "hp", "pressures_GPa", value=[40.0]),
    "release.lp.given": _at("release", "lp", "given", value=POTENTIAL),
    "release.hp.given": _at("release", "hp", "given", value=POTENTIAL),
    "benchmark.polymorphs": _more(
        "benchmark",
        "polymorphs",
        values={
            "beta_quartz": _polymorph("beta_quartz", 180),
            "coesite": _polymorph("coesite", 15),
            "keatite": _polymorph("keatite", 96),
        },
    ),
    "benchmark.polymorphs.<name>.file": _at(
        "benchmark", "polymorphs", "alpha_quartz", "file", value=f"{CRYSTALS}/../polymorphs/alpha_quartz.cif"
    ),
    "benchmark.polymorphs.<name>.space_group": lambda study: _another_crystal(),
    "benchmark.polymorphs.<name>.coordination": lambda study: _another_crystal()[::-1],
    "benchmark.energy_volume.volume_scales": _more(
        "benchmark", "energy_volume", "volume_scales", values=[0.94, 0.98, 1.02, 1.06, 1.1, 1.12]
    ),
    "benchmark.relaxed.elastic": _at("benchmark", "relaxed", "elastic", value=["stishovite"]),
    "benchmark.relaxed.reference": _at("benchmark", "relaxed", "reference", value=False),
    "benchmark.relaxed.pressures_GPa": _at("benchmark", "relaxed", "pressures_GPa", value=[0.0, 10.0]),
    "benchmark.vdos.polymorphs_per_job": _at("benchmark", "vdos", "polymorphs_per_job", value=1),
    "benchmark.melt.enabled": _at("benchmark", "melt", "enabled", value=False),
    "benchmark.melt.pressures_GPa": _at("benchmark", "melt", "pressures_GPa", value=[40.0]),
    "benchmark.harmonic.polymorphs": _at("benchmark", "harmonic", "polymorphs", value=["alpha_quartz"]),
    "search.melt_share": _at("search", "melt_share", value=0.2),
    "search.enthalpy_curves.reference": _at("search", "enthalpy_curves", "reference", value=False),
    "search.engine": _at("search", "engine", value="random"),
    "search.found": lambda study: [(("search", "found"), FOUND), (("label", "known"), [FOUND])],
    "search.labelled_structures": _at("search", "labelled_structures", value=30),
    "figures.comparisons": _more(
        "figures",
        "comparisons",
        values=[{"pressure_GPa": 10.0, "polymorph": "alpha_quartz", "space_groups": [154]}],
    ),
    "figures.comparisons[].polymorph": _at("figures", "comparisons", 0, "polymorph", value="alpha_quartz"),
    "figures.comparisons[].pressure_GPa": lambda study: [
        (("figures", "comparisons", 0, "pressure_GPa"), 5.0),
        (("search", "pressures_GPa"), [10.0, 5.0]),
    ],
    "replicates.aims": _at("replicates", "aims", value={"crystals_kept": 2.0}),
    "replicates.first_seed": lambda study: [
        (("replicates", "first_seed"), study["seed"]),
        (("name",), "ci-replicate-2"),
    ],
    "jobs.minutes_per_shard": _at("jobs", "minutes_per_shard", value=60.0),
}
