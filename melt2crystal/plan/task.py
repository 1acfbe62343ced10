"""Jobs that do the same kind of thing, and what is needed to say how long they take."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from melt2crystal.jobs.job import Job
from melt2crystal.plan.laws import NetworkSize, model_step_s, network_size
from melt2crystal.plan.rows import Factor, Term
from melt2crystal.plan.units import Meter
from melt2crystal.study.model import Study


@dataclass(frozen=True)
class Task:
    """Jobs of one rule in one box that do the same kind of thing, and what is needed to say how long they take."""

    study: Study
    jobs: Sequence[Job]
    meter: Meter

    @cached_property
    def atoms(self) -> int:
        """Atoms of a melt."""
        return self.study.liquid.formula_units * self.study.substance.atoms_per_formula_unit

    @cached_property
    def network(self) -> NetworkSize:
        """Size of the models."""
        return network_size(
            self.study.train.network, self.meter("atoms_per_A3"), species=len(self.study.substance.formula)
        )

    def evaluation_s(self, ensemble: str, atoms: float) -> float:
        """Seconds of one evaluation with a model of an ensemble, or with the calculator that stands for it."""
        released = {"lp": self.study.release.lp, "hp": self.study.release.hp}.get(ensemble)
        if released and released.calculator:
            return self.meter("calculator_ms_per_atom", atoms) * atoms / 1e3
        return model_step_s(self.network, atoms, self.meter, gpu=False)

    @property
    def gpu(self) -> bool:
        """Whether the jobs have a GPU."""
        return bool(self.jobs[0].gpus)

    def of(self, wildcard: str) -> dict[str, int]:
        """Value of a wildcard -> number of jobs."""
        counts: dict[str, int] = defaultdict(int)
        for job in self.jobs:
            counts[job.wildcards.get(wildcard, "")] += 1
        return dict(counts)

    def starts(self, unit: str) -> Term:
        """Programs that start."""
        return Factor(len(self.jobs), "starts"), Factor(self.meter(unit), "s")
