"""The study: every setting of a run in one model. The only truth about configuration.

Sections live in ``melt2crystal/sections/``; this module joins them. Scripts and science modules import the section
they need, never this module, so that a new setting of one stage doesn't rerun the others.
"""

from __future__ import annotations

from pydantic import Field

from melt2crystal.sections.benchmark import Benchmark
from melt2crystal.sections.explore import Explore, Select
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.jobs import Jobs, Replicates
from melt2crystal.sections.label import Label
from melt2crystal.sections.liquid import Certificate, Liquid
from melt2crystal.sections.purpose import Purpose
from melt2crystal.sections.reference import Reference, VaspReference
from melt2crystal.sections.search import Search
from melt2crystal.sections.substance import PressureRow, Substance, melting_curve
from melt2crystal.sections.train import Release, Train, Training
from melt2crystal.seeds import seed_for
from melt2crystal.settings import Section
from melt2crystal.study.names import of_replicate, replicate_name


class Study(Section):
    """One study: one file in config/studies. What it leaves out has the default, Table 1 of the paper."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", description="the file's name without .yaml; names the results folder"
    )
    purpose: Purpose = Field(
        "results", description="what its numbers are for; smoke test: every figure and page says that they mean nothing"
    )
    seed: int = Field(1, ge=0, lt=2**31, description="root of every random number of the study")
    substance: Substance = Field(Substance(), description="what is simulated")
    grid: list[PressureRow] = Field(list(melting_curve()), min_length=1, description="the (T, p) grid of the melt")
    liquid: Liquid = Field(Liquid(), description="melting and sampling")
    certificate: Certificate = Field(Certificate(), description="certificate of disorder")
    reference: Reference = Field(VaspReference(), description="what stands for the truth")
    label: Label = Field(Label(), description="labelling")
    train: Train = Field(Train(), description="network and ensembles of the loop")
    explore: Explore = Field(Explore(), description="exploration by molecular dynamics")
    select: Select = Field(Select(), description="selection of frames to label")
    release: Release = Field(Release(), description="the two released potentials")
    benchmark: Benchmark = Field(Benchmark(), description="polymorphs and what is computed for them")
    search: Search = Field(Search(), description="structure search")
    figures: Figures = Field(Figures(), description="style of the figures")
    jobs: Jobs = Field(Jobs(), description="what jobs ask of a machine")
    replicates: Replicates = Field(Replicates(), description="runs of the whole study with other seeds")

    def replicate(self, number: int) -> Study:
        """Run ``number`` of the study: the same settings, another name, another seed; 1 is the study itself."""
        if number == 1:
            return self
        own = self.replicates.model_copy(update={"first_seed": self.seed})
        seed = seed_for(self.seed, "replicate", number)
        return self.model_copy(update={"name": replicate_name(self.name, number), "seed": seed, "replicates": own})

    @property
    def first_run(self) -> str:
        """Name of the first of the study's runs, which is that of its file; of most studies the name itself."""
        found = of_replicate(self.name) if self.replicates.first_seed is not None else None
        return found[0] if found else self.name

    @property
    def shared_seed(self) -> int:
        """Seed of what all runs share: the melts, and what crystals are judged from."""
        first = self.replicates.first_seed
        return self.seed if first is None or self.replicates.melts else first

    @property
    def melts_of(self) -> str:
        """Study in whose results the melts lie. Those from files are split anew by each run, so each has its own."""
        return self.name if self.replicates.melts or self.liquid.frames else self.first_run

    @property
    def potentials(self) -> tuple[str, ...]:
        """Names of the released potentials."""
        return ("lp", "hp") if self.release.lp.enabled else ("hp",)

    @property
    def judges_only(self) -> bool:
        """One potential that was trained elsewhere is judged: no training set, no loop."""
        return not self.release.lp.enabled and self.release.hp.given is not None

    @property
    def computes_labels(self) -> bool:
        """Whether labels that are not known can be had at all."""
        return self.label.compute and self.reference.engine != "given"

    @property
    def found_with_labels(self) -> bool:
        """Whether structures of an earlier search are taken with their labels, as they are (else HP relaxes them)."""
        return self.search.found is not None and self.search.found in self.label.known

    @property
    def searches_by_uspex(self) -> bool:
        """Whether the user's USPEX searches."""
        return self.search.enabled and self.search.engine == "uspex" and self.search.found is None

    @property
    def cells_searched(self) -> list[str]:
        """Folders of the relaxations of one pressure, one a cell size; none where structures come from a file.

        Those of USPEX are apart from ours: of a file that another rule has made already Snakemake would not see that it
        is to be made anew.
        """
        whose = "uspex-" if self.searches_by_uspex else ""
        return [] if self.search.found else [f"{whose}z{units}" for units in self.search.formula_units]

    @property
    def rounds(self) -> int:
        """Largest number of explore-select-label rounds."""
        return 0 if self.judges_only else self.select.max_iterations

    def training_of(self, ensemble: str) -> Training:
        """Training of an ensemble: iteration-00, ... of the loop, or the released lp or hp."""
        if ensemble.startswith("iteration"):
            return self.train.loop
        return (self.release.lp if ensemble == "lp" else self.release.hp).training

    @property
    def compares_melts(self) -> bool:
        """Whether the melt is walked with each potential and with the reference."""
        walking = not self.train.network.passes_messages and not self.release.hp.calculator
        classical = self.reference.engine == "lammps" and self.computes_labels
        given = self.benchmark.melt.enabled
        return walking and classical and self.liquid.frames is None if given is None else given

    @property
    def reference_relaxes_crystals(self) -> bool:
        """Whether the reference relaxes the polymorphs from the potentials' own starts."""
        rules = self.benchmark.relaxed
        classical = self.reference.engine == "lammps" and self.computes_labels
        return rules.enabled and (classical if rules.reference is None else rules.reference)

    @property
    def reference_follows_phases(self) -> bool:
        """Whether the reference relaxes known and found phases at a ladder of pressures."""
        rules = self.search.enthalpy_curves
        classical = self.reference.engine == "lammps" and self.computes_labels
        asked = classical if rules.reference is None else rules.reference
        return self.search.enabled and rules.enabled and asked
