"""Candidates of a search: start, relaxation, checks. A candidate never raises; it ends with a status."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.relaxation.relaxer import Relaxed, Relaxer, Target, said
from melt2crystal.search.sanity import Sanity
from melt2crystal.search.starts.generate import Recipe, in_order, origin_of, rattled, start
from melt2crystal.seeds import generator_for

RelaxerFactory = Callable[[], Relaxer]  # picklable, called once in each worker process
DESCENDANT = "descendant"  # rattled only, to see whether it comes back


@dataclass(frozen=True)
class Candidate:
    """What a candidate starts from; its random numbers follow from its name, whatever other candidates and workers do.

    Args:
        name: unique id.
        generation, index: place in the search.
        structures: of its parents, with their atoms in one order; none: a random start.
        parents: their ids.
        operator: what makes a child of them.
        as_it_is: its one structure is relaxed unchanged, and ``operator`` only says where it comes from.
        start: origin of a random start; empty: by its index, so that the recipe's shares are kept.
    """

    name: str
    generation: int
    index: int
    structures: tuple[Atoms, ...] = ()
    parents: tuple[str, ...] = ()
    operator: str = DESCENDANT
    as_it_is: bool = False
    start: str = ""


@dataclass(frozen=True)
class Conditions:
    """What all candidates of a search share; picklable.

    Args:
        recipe: random starts.
        sanity: bounds of believable structures.
        pressure_GPa: pressure of the relaxation.
        steps, force_eV_per_A: end of the relaxation.
        seed: root seed of the study.
    """

    recipe: Recipe
    sanity: Sanity
    pressure_GPa: float
    steps: int
    force_eV_per_A: float
    seed: int


class BatchRelaxation:
    """Turns a batch of candidates into results (JSON-able); holds the relaxer of one process."""

    def __init__(self, factory: RelaxerFactory, conditions: Conditions) -> None:
        self.relaxer = factory()
        self.conditions = conditions

    def __call__(self, batch: Sequence[Candidate]) -> list[dict[str, Any]]:
        """Start, relax, check.

        Returns:
            For each candidate its origin, status, evaluations, of sound structures energy_eV, and of sound and insane
            ones symbols, cell (Å), positions (Å).
        """
        conditions = self.conditions
        begun = [self._begun(candidate) for candidate in batch]
        starts = [started for _, started in begun if isinstance(started, Atoms)]
        target = Target(
            conditions.pressure_GPa, conditions.force_eV_per_A, conditions.steps, conditions.sanity.guard
        )  # fmt: skip
        ends = iter(self.relaxer.relax_all(starts, target))
        return [
            {"origin": origin, **(self._judged(next(ends)) if isinstance(started, Atoms) else _failed(started, None))}
            for origin, started in begun
        ]

    def _begun(self, candidate: Candidate) -> tuple[str, Atoms | str]:
        """Origin and start, or why there is none."""
        recipe = self.conditions.recipe
        rng = generator_for(self.conditions.seed, "search", candidate.name)
        origin = candidate.start or origin_of(candidate.index, recipe.shares)
        origin = candidate.operator if candidate.structures else origin
        try:
            if not candidate.structures:
                return origin, start(recipe, origin, rng)
            if candidate.as_it_is:
                return origin, candidate.structures[0]
            if candidate.operator == DESCENDANT:
                return origin, rattled(candidate.structures[0], recipe.rattle_A, rng)
            from melt2crystal.search.starts.children import child  # a second to import, and only evolution needs it

            return child(candidate.operator, candidate.structures, recipe.minimum_distances_A, rng)
        except Exception as error:  # the search goes on, and the table says what happened
            return origin, said(error)

    def _judged(self, end: Relaxed) -> dict[str, Any]:
        if end.failure is not None:
            return _failed(end.failure, end.evaluations)
        complaint = end.complaint or self.conditions.sanity.complaint(end.atoms, end.energy_eV)
        if complaint is not None:
            told: dict[str, Any] = {"status": f"insane: {complaint}", "evaluations": end.evaluations}
            return told | (self._geometry(end.atoms) if _is_finite(end.atoms) else {})
        status = "ok" if end.converged else "unconverged"
        told = {"status": status, "evaluations": end.evaluations, "energy_eV": end.energy_eV}
        return told | self._geometry(end.atoms)

    def _geometry(self, atoms: Atoms) -> dict[str, Any]:
        compact = in_order(atoms, list(self.conditions.recipe.formula))
        return {
            "symbols": compact.get_chemical_symbols(),
            "cell": compact.cell.array.tolist(),
            "positions": compact.get_positions().tolist(),
        }


def _is_finite(atoms: Atoms) -> bool:
    return bool(np.isfinite(atoms.positions).all() and np.isfinite(atoms.cell.array).all() and atoms.get_volume() > 0)


def _failed(reason: str, evaluations: int | None) -> dict[str, Any]:
    return {"status": f"failed: {reason}", "evaluations": evaluations}
