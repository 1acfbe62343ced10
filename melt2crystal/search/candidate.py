"""One candidate of a search: start, relaxation, checks. A candidate never raises; it ends with a status."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ase import Atoms
from ase.calculators.calculator import Calculator

from melt2crystal.relaxation.one_by_one import relax
from melt2crystal.search.generate import Recipe, in_order, origin_of, rattled, start
from melt2crystal.search.sanity import Sanity, energy_range
from melt2crystal.seeds import generator_for

CalculatorFactory = Callable[[], Calculator]  # picklable, called once in each worker process


@dataclass(frozen=True)
class Candidate:
    """What a candidate starts from; its random numbers follow from its name, whatever other candidates and workers do.

    Args:
        name: unique id.
        generation, index: place in the search.
        parent: structure to be rattled and relaxed again; None: a random start.
        parents: ids of the parents.
    """

    name: str
    generation: int
    index: int
    parent: Atoms | None = None
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Conditions:
    """What all candidates of a search share; picklable.

    Args:
        recipe: random starts.
        sanity: bounds; its lowest energy is set from the polymorphs.
        polymorphs: known crystals, only for the floor of the energy.
        floor_eV_per_atom: how far below the lowest polymorph a structure may lie.
        ceiling_eV_per_atom: how far above it a relaxed structure may lie.
        pressure_GPa: pressure of the relaxation.
        steps, force_eV_per_A: end of the relaxation.
        seed: root seed of the study.
    """

    recipe: Recipe
    sanity: Sanity
    polymorphs: tuple[Atoms, ...]
    floor_eV_per_atom: float
    ceiling_eV_per_atom: float
    pressure_GPa: float
    steps: int
    force_eV_per_A: float
    seed: int


class CandidateRelaxation:
    """Turns candidates into results (JSON-able); holds the calculator of one process."""

    def __init__(self, factory: CalculatorFactory, conditions: Conditions) -> None:
        self.calculator = factory()
        bounds = energy_range(
            list(conditions.polymorphs), self.calculator, conditions.floor_eV_per_atom, conditions.ceiling_eV_per_atom
        )
        self.conditions = replace(conditions, sanity=replace(conditions.sanity, energy_range_eV_per_atom=bounds))

    def __call__(self, candidate: Candidate) -> dict[str, Any]:
        """Start, relax, check.

        Returns:
            origin, status, evaluations, and for sound structures energy_eV, symbols, cell (Å), positions (Å).
        """
        origin = self._origin(candidate)
        try:
            return {"origin": origin, **self._relaxed(candidate, origin)}
        except Exception as error:  # calculators raise anything; the search goes on and the table says what happened
            reason = " ".join(str(error).split())[:200]
            return {"origin": origin, "status": f"failed: {type(error).__name__}: {reason}", "evaluations": None}

    def _origin(self, candidate: Candidate) -> str:
        recipe = self.conditions.recipe
        if candidate.parent is not None:
            return "descendant"
        return origin_of(candidate.index, recipe.symmetric_share, recipe.rattled_share)

    def _relaxed(self, candidate: Candidate, origin: str) -> dict[str, Any]:
        conditions = self.conditions
        rng = generator_for(conditions.seed, "search", candidate.name)
        if candidate.parent is not None:
            atoms = rattled(candidate.parent, conditions.recipe.rattle_A, rng)
        else:
            atoms = start(conditions.recipe, origin, rng)
        self.calculator.reset()
        end = relax(
            atoms,
            self.calculator,
            conditions.pressure_GPa,
            conditions.force_eV_per_A,
            conditions.steps,
            guard=conditions.sanity.guard,
        )
        complaint = end.complaint or conditions.sanity.complaint(end.atoms, end.energy_eV)
        if complaint is not None:
            return {"status": f"insane: {complaint}", "evaluations": end.evaluations}
        compact = in_order(end.atoms, list(conditions.recipe.formula))
        return {
            "status": "ok" if end.converged else "unconverged",
            "evaluations": end.evaluations,
            "energy_eV": end.energy_eV,
            "symbols": compact.get_chemical_symbols(),
            "cell": compact.cell.array.tolist(),
            "positions": compact.get_positions().tolist(),
        }
