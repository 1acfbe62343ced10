"""Where the files of a study lie. Names only: no file need exist; a potential is opened for the files it names."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from melt2crystal.lammps.include import potential_files
from melt2crystal.report.contents import FIGURES, OF_SEARCH
from melt2crystal.sections.train import AsePotential
from melt2crystal.study.batches import number_of_shards
from melt2crystal.study.model import Study

PURPOSES = ("train", "heldout")
PURPOSE_OF = {"initial": "train", "heldout": "heldout"}  # batch of labels -> melt whose frames it holds


@dataclass(frozen=True)
class Paths:
    """Paths of one study, relative to the folder Snakemake works in.

    Attributes:
        study: the study; its amounts (members, pressures, polymorphs, ...) decide how many files there are.
        results: folder of all studies; the label store lies beside them.
    """

    study: Study
    results: str = "results"

    @cached_property
    def root(self) -> str:
        """Folder of this study."""
        return f"{self.results}/{self.study.name}"

    @cached_property
    def store(self) -> str:
        """Folder of the label store, which all studies share."""
        return f"{self.results}/label-store"

    # ---- melts

    @cached_property
    def pressures(self) -> list[str]:
        """Pressures of the grid in GPa, as they stand in file names."""
        return [f"{row.pressure_GPa:g}" for row in self.study.grid]

    def melt(self, purpose: str, pressure: str = "given") -> str:
        """Folder of the melt at a pressure; ``given`` where melts come from files. Both may be wildcards."""
        return f"{self.results}/{self.study.melts_of}/liquid/{purpose}/{'' if pressure == 'given' else 'p'}{pressure}"

    def melt_tables(self, name: str) -> list[str]:
        """A file of every melt, training first, pressures in the grid's order."""
        return [f"{self.melt(purpose, pressure)}/{name}" for purpose in PURPOSES for pressure in self.pressures]

    def certified(self, melt: str) -> list[str]:
        """Certified frames that a batch (initial, heldout) asks labels for."""
        purpose = PURPOSE_OF[melt]
        where = ["given"] if self.study.liquid.frames else self.pressures
        return [f"{self.melt(purpose, place)}/certified.extxyz" for place in where]

    @cached_property
    def starts_of_walks(self) -> str:
        """Frames that exploration begins with. Melts from files need not lie at the pressures that are explored: each
        walk then starts from the nearest of all."""
        return f"{self.melt('train', 'given' if self.study.liquid.frames else '{pressure}')}/certified.extxyz"

    # ---- labels

    @cached_property
    def _numbers_of_shards(self) -> dict[str, int]:
        return {}

    def number_of_shards(self, batch: str) -> int:
        """Jobs that label a batch; worked out once, since each of them asks."""
        known = self._numbers_of_shards
        if batch not in known:
            known[batch] = number_of_shards(self.study, batch)
        return known[batch]

    def shards(self, batch: str) -> list[str]:
        """Labelled frames of a batch, by shard."""
        return [f"{self.root}/label/{batch}/shard-{shard}.extxyz" for shard in range(self.number_of_shards(batch))]

    def label_tables(self, iterations: int) -> list[str]:
        """Status of each label of every batch, for a loop of so many iterations with labels."""
        study = self.study
        batches = [] if study.judges_only else ["initial"]
        batches += ["heldout", *(f"iteration-{k:02d}" for k in range(iterations))]
        batches += ["eos"] if study.benchmark.energy_volume.enabled else []
        batches += ["harmonic"] if study.benchmark.harmonic_polymorphs else []
        batches += [f"found-p{pressure}" for pressure in self.searched]
        return [f"{self.root}/label/{batch}/labels.csv" for batch in batches]

    @cached_property
    def reference_files(self) -> list[str]:
        """Files that the reference's numbers depend on."""
        reference = self.study.reference
        if reference.engine == "lammps":
            return potential_files(reference.potential)
        return list(getattr(reference, "files", []))

    @cached_property
    def given_labels(self) -> list[str]:
        """Files of labels of another code, where the reference is one (``engine: given``)."""
        return list(getattr(self.study.reference, "labels", []))

    @cached_property
    def melting_files(self) -> list[str]:
        """Files that the include file of the melting potential names: its numbers depend on them, too."""
        return potential_files(self.study.liquid.potential)[1:]

    # ---- potentials

    def dataset_parts(self, iteration: int) -> list[str]:
        """dataset(i) = dataset(i-1) + labels(i-1)."""
        if iteration == 0:
            return [f"{self.root}/label/initial/labels.extxyz"]
        before = f"{iteration - 1:02d}"
        return [
            f"{self.root}/dataset/{before}/dataset.extxyz",
            f"{self.root}/label/iteration-{before}/labels.extxyz",
        ]

    def model_files(self, folder: str, frozen: str = "model", compressed: str = "compressed") -> dict[str, str]:
        """Files of a member's model: frozen, and compressed where that can be (se_e2_a)."""
        network = self.study.train.network
        names = {"frozen": frozen} if network.passes_messages else {"frozen": frozen, "compressed": compressed}
        return {kind: f"{folder}/{name}.{network.suffix}" for kind, name in names.items()}

    def members(self, ensemble: str) -> range:
        """Numbers of an ensemble's members."""
        return range(self.study.training_of(ensemble).members)

    def models(self, ensemble: str) -> list[str]:
        """Models of an ensemble that was trained, compressed if they can be; calculators lie where released ones do."""
        if ensemble in self.calculators:
            return self.released(ensemble)
        return [
            [*self.model_files(f"{self.root}/train/{ensemble}/{member}").values()][-1]
            for member in self.members(ensemble)
        ]

    def released(self, potential: str) -> list[str]:
        """Models of a released potential, compressed if they can be; files that name calculators."""
        folder = f"{self.root}/models/{potential}"
        if potential in self.calculators:
            return [f"{folder}/{member}.json" for member in self.members(potential)]
        return [
            [*self.model_files(folder, str(member), f"{member}-compressed").values()][-1]
            for member in self.members(potential)
        ]

    @cached_property
    def trained_elsewhere(self) -> dict[str, str]:
        """Potential -> folder it comes from, or calculator that it is, for those that were trained elsewhere."""
        origins = {name: getattr(self.study.release, name).origin for name in self.study.potentials}
        return {name: origin for name, origin in origins.items() if origin}

    @cached_property
    def calculators(self) -> dict[str, AsePotential]:
        """Potential -> its section, for those that are ASE calculators."""
        found = {name: getattr(self.study.release, name).calculator for name in self.study.potentials}
        return {name: section for name, section in found.items() if section}

    def member_elsewhere(self, potential: str, member: str) -> tuple[str, str]:
        """Frozen model and DeePMD's input of a member that was trained elsewhere."""
        folder = self.trained_elsewhere[potential]
        return f"{folder}/{member}.{self.study.train.network.suffix}", f"{folder}/{member}-input.json"

    def manifest_elsewhere(self, ensemble: str) -> list[str]:
        """What a potential that was trained elsewhere has seen; none for ensembles that are trained here, and for
        calculators, which don't tell."""
        known = ensemble in self.trained_elsewhere and ensemble not in self.calculators
        return [f"{self.trained_elsewhere[ensemble]}/manifest.json"] if known else []

    def manifests(self, iterations: int) -> list[str]:
        """Of every dataset, for a loop of so many iterations with labels; none where nothing is trained on."""
        if self.study.judges_only:
            return []
        return [f"{self.root}/dataset/{number:02d}/manifest.json" for number in range(iterations + 1)]

    def learning_curves(self, iterations: Iterable[str]) -> list[str]:
        """Of every ensemble that is trained here."""
        ensembles = [f"iteration-{number}" for number in iterations]
        ensembles += [name for name in self.study.potentials if name not in self.trained_elsewhere]
        return [f"{self.root}/train/{name}/{member}/lcurve.csv" for name in ensembles for member in self.members(name)]

    def audits(self, iterations: Iterable[str], name: str) -> list[str]:
        """A file of every iteration's audit, the last one's too."""
        return [f"{self.root}/select/{number}/{name}" for number in iterations]

    # ---- known crystals

    @cached_property
    def crystals(self) -> list[str]:
        """Structure files of the polymorphs."""
        return [polymorph.file for polymorph in self.study.benchmark.polymorphs.values()]

    @cached_property
    def energy_volume(self) -> list[str]:
        """Errors and fits of the energy-volume curves; none where these are off."""
        names = ("energy_volume_errors.csv", "energy_volume_errors.json", "fits.csv")
        return [f"{self.root}/benchmark/{name}" for name in names if self.study.benchmark.energy_volume.enabled]

    @cached_property
    def relaxed_crystals(self) -> list[str]:
        """What became of the polymorphs when they were relaxed; none where they are not."""
        names = ("crystals.csv", "totals.json") if self.study.benchmark.relaxed.enabled else ()
        return [f"{self.root}/benchmark/relaxed/{name}" for name in names]

    @cached_property
    def spectra_of(self) -> list[str]:
        """Whose vibrational spectra are computed by molecular dynamics."""
        vdos = self.study.benchmark.vdos
        return ["hp", *(["reference"] if vdos.reference else [])] if vdos.enabled else []

    @cached_property
    def spectra(self) -> list[str]:
        """Spectra of every polymorph."""
        names = self.study.benchmark.polymorphs
        return [f"{self.root}/benchmark/vdos/{potential}/{name}.csv" for potential in self.spectra_of for name in names]

    @cached_property
    def overlaps(self) -> list[str]:
        """Overlaps of the spectra of walks, if there are any."""
        return [f"{self.root}/benchmark/vdos/overlaps.csv"] if self.spectra_of else []

    @cached_property
    def melts_compared(self) -> list[str]:
        """What each potential and two walks of the reference make of the melt."""
        walked = ["reference", "again", *reversed(self.study.potentials)] if self.study.compares_melts else []
        return [f"{self.root}/benchmark/melt/{whose}.csv" for whose in walked]

    # ---- search

    @cached_property
    def searched(self) -> list[str]:
        """Pressures of the search in GPa, as they stand in file names; none where it is off."""
        return [f"{pressure:g}" for pressure in self.study.search.pressures_GPa] if self.study.search.enabled else []

    @cached_property
    def found_earlier(self) -> str | None:
        """File of labelled structures that another search found, if this study takes them as they are."""
        return self.study.search.found if self.study.search.enabled and self.study.found_with_labels else None

    def searches(self, name: str) -> list[str]:
        """A file of the search at every pressure."""
        return [f"{self.root}/search/p{pressure}/{name}" for pressure in self.searched]

    @cached_property
    def every_relaxation(self) -> list[str]:
        """Relaxations of every pressure and cell size, in their order; none where structures come from a file."""
        return [path for cell in self.study.cells_searched for path in self.searches(f"{cell}/structures.csv")]

    @cached_property
    def phases(self) -> list[str]:
        """What is said of the structures found: names, and as far as the study asks stability and transitions."""
        search = self.study.search
        names = ["known.csv", "names.csv"] if search.enabled else []
        names += ["stability.csv"] if search.enabled and search.stability.enabled else []
        names += ["transitions.csv"] if search.enabled and search.enthalpy_curves.enabled else []
        return [f"{self.root}/search/{name}" for name in names]

    @cached_property
    def enthalpies(self) -> list[str]:
        """Enthalpies over pressure, of HP and of the reference where it relaxes; none where that is off."""
        search = self.study.search
        names = ["hp", *(["reference"] if self.study.reference_follows_phases else [])]
        asked = search.enabled and search.enthalpy_curves.enabled
        return [f"{self.root}/search/enthalpies/{name}.csv" for name in names if asked]

    # ---- figures

    @cached_property
    def drawn(self) -> list[str]:
        """Rules of the figures that this study has."""
        study, has_loop = self.study, self.study.rounds > 0
        asked = {
            "figures_energy_volume": bool(self.energy_volume),
            "figures_relaxed": bool(self.relaxed_crystals),
            "figures_harmonic": bool(study.benchmark.harmonic_polymorphs),
            "figures_melt": study.compares_melts,
            **dict.fromkeys(OF_SEARCH, study.search.enabled),
            "figures_convergence": bool(self.every_relaxation),
            "figures_enthalpies": bool(self.enthalpies),
            **dict.fromkeys(("figures_selection", "figures_audit"), has_loop),
            "figures_learning": has_loop or len(self.trained_elsewhere) < len(study.potentials),
        }
        return [rule for rule in FIGURES if asked.get(rule, True)]

    def figure(self, rule: str, ending: str) -> str:
        """The file that a rule draws."""
        return f"{self.root}/figures/{FIGURES[rule]}.{ending}"

    def figures(self, endings: Sequence[str] = ("pdf", "png")) -> list[str]:
        """All figures of the study but that of its melts."""
        return [self.figure(rule, ending) for rule in self.drawn for ending in endings]
