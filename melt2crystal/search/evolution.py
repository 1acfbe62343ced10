"""The search as an evolution: generations of random starts and of children of the best, each from those before it.

A. R. Oganov and C. W. Glass, J. Chem. Phys. 124, 244704 (2006). Everything follows from the seed and the index of a
candidate: a search that is taken up again, or has other workers, comes to the same structures.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.search.candidate import Candidate
from melt2crystal.search.found.fingerprint import SAME, apart, fingerprint
from melt2crystal.search.found.rows import structure_id
from melt2crystal.search.found.trust import Pair
from melt2crystal.search.shares import Record, Shares, given_shares, in_words, origin_for, split
from melt2crystal.search.starts.generate import ORIGINS
from melt2crystal.sections.search import Engine
from melt2crystal.seeds import generator_for
from melt2crystal.structure.energies import ENTHALPY

IMPROVED_EV_PER_ATOM = 1e-3  # less is no better structure
NO_SYMMETRY = 1  # its children are not counted: most starts begin there


@dataclass(frozen=True)
class Parent:
    """A structure that may have children."""

    name: str
    atoms: Atoms
    enthalpy_eV_per_atom: float
    space_group: int


class Evolution:
    """Generations of one search.

    Args:
        engine: sizes, shares, ends.
        structures: most candidates.
        pressure_GPa, formula_units: for their names.
        seed: root seed of the study.
        species: number of species in the formula.
        starts: shares of the first three kinds of random starts, as a recipe has them; only adaptive shares ask.
    """

    def __init__(
        self,
        engine: Engine,
        structures: int,
        pressure_GPa: float,
        formula_units: int,
        seed: int,
        species: int,
        starts: tuple[float, float, float] = (0.0, 0.0, 0.0),
    ) -> None:
        self.engine, self.structures, self.seed, self.species = engine, structures, seed, species
        self.pressure_GPa, self.formula_units = pressure_GPa, formula_units
        self.starts = dict(zip(ORIGINS, (*starts, max(0.0, 1.0 - sum(starts))), strict=True))
        self.adapts = engine.adaptive_shares and engine.engine == "evolution"

    def run(
        self,
        settled: Callable[[list[Candidate]], list[Pair]],
        spent_core_s: Callable[[], float],
        report: Callable[[str], None] = print,
    ) -> list[Pair]:
        """Rows and frames of all candidates, in their order.

        Args:
            settled: candidates -> row and frame of each; none of an unsound one, which is nobody's parent.
            spent_core_s: core-seconds spent so far.
            report: gets a line for each generation.
        """
        pairs: list[Pair] = []
        best, stale, generation = np.inf, 0, 0
        record = Record(self._given()) if self.adapts else None
        pool: list[Parent] = []
        while len(pairs) < self.structures:
            shares = record.shares() if record is not None and generation > 0 else None
            if shares is not None:
                report(f"generation {generation}: {in_words(shares)}")
            new = settled(self.generation(generation, len(pairs), parents_of(pairs), shares))
            pairs += new
            if record is not None:
                former, pool = pool, niches(parents_of(pairs), self.engine.parents)
                if generation > 0:  # in the first nothing competes
                    origins = [(str(row["id"]), str(row["origin"])) for row, _ in new]
                    record.add(origins, newcomers(former, pool))
            lowest = min((row[ENTHALPY] for row, frame in pairs if frame is not None), default=np.inf)
            stale = 0 if lowest < best - IMPROVED_EV_PER_ATOM else stale + 1
            best = min(best, lowest)
            report(f"generation {generation}: {_best_in_words(pairs)}; {len(pairs)} of {self.structures} candidates")
            if self._ends(stale, spent_core_s(), report):
                break
            generation += 1
        return pairs

    def _ends(self, stale: int, core_s: float, report: Callable[[str], None]) -> bool:
        limit = self.engine.core_minutes
        if limit is not None and core_s >= 60 * limit:
            report(f"search.core_minutes: {core_s / 60:.1f} were spent; where that ends a search can't be reproduced")
            return True
        if self.engine.engine == "evolution" and stale >= self.engine.unchanged_generations:
            report(f"search.unchanged_generations: no better structure in {stale} generations")
            return True
        return False

    def _given(self) -> Shares:
        from melt2crystal.search.starts.children import shares_of

        return given_shares(self.engine.random_share, self.starts, shares_of(self.species))

    def generation(
        self, number: int, first: int, found: Sequence[Parent], shares: Shares | None = None
    ) -> list[Candidate]:
        """The candidates of one generation.

        Args:
            first: index of its first.
            found: sound structures so far.
            shares: origin -> share, 1 together; None: those that are given.
        """
        size = min(self.engine.generation_structures, self.structures - first)
        children = number > 0 and self.engine.engine == "evolution" and bool(found)
        pool = niches(found, self.engine.parents) if children else []
        used: dict[int, int] = {}
        named = number if self.engine.engine == "evolution" else 0
        return [self._candidate(named, first + k, pool, used, shares) for k in range(size)]

    def _candidate(
        self,
        generation: int,
        index: int,
        pool: Sequence[Parent],
        used: dict[int, int],
        shares: Mapping[str, float] | None,
    ) -> Candidate:
        name = structure_id(self.pressure_GPa, self.formula_units, generation, index)
        rng = generator_for(self.seed, "parents", name)
        most = self.engine.children_per_space_group
        free = [one for one in pool if one.space_group == NO_SYMMETRY or used.get(one.space_group, 0) < most]
        of_starts, starts, operators = split(shares, ORIGINS) if shares else (self.engine.random_share, {}, {})
        if not free or rng.random() < of_starts:
            begun = origin_for(starts, rng.random()) if any(starts.values()) else ""
            return Candidate(name, generation, index, start=begun)
        from melt2crystal.search.starts.children import PARENTS, shares_of

        operator = origin_for(operators if any(operators.values()) else shares_of(self.species), rng.random())
        first = drawn(free, rng)
        others = [one for one in pool if one.name != first.name]
        chosen = [first, drawn(others, rng)] if PARENTS.get(operator, 1) == 2 and others else [first]
        used[first.space_group] = used.get(first.space_group, 0) + 1
        structures = tuple(one.atoms for one in chosen)
        return Candidate(name, generation, index, structures, tuple(one.name for one in chosen), operator)


def parents_of(pairs: Sequence[Pair]) -> list[Parent]:
    """The sound structures."""
    return [
        Parent(str(row["id"]), frame, float(row[ENTHALPY]), int(row["space_group"]))
        for row, frame in pairs
        if frame is not None
    ]


def niches(found: Sequence[Parent], most: int) -> list[Parent]:
    """The lowest structure of each niche, lowest first, at most so many: near fingerprints are one niche."""
    kept: list[Parent] = []
    prints: list[Any] = []
    for one in sorted(found, key=lambda one: (one.enthalpy_eV_per_atom, one.name)):
        own = fingerprint(one.atoms)
        if all(apart(own, other) > SAME for other in prints):
            kept.append(one)
            prints.append(own)
            if len(kept) == most:
                break
    return kept


def newcomers(before: Sequence[Parent], after: Sequence[Parent]) -> list[str]:
    """Names of the parents of now that are in no niche of the parents before."""
    former = [fingerprint(one.atoms) for one in before]
    prints = ((one.name, fingerprint(one.atoms)) for one in after)
    return [name for name, own in prints if all(apart(own, other) > SAME for other in former)]


def drawn(pool: Sequence[Parent], rng: np.random.Generator) -> Parent:
    """One of them: the chance falls linearly with the rank."""
    weights = np.arange(len(pool), 0, -1, dtype=float)
    return pool[int(rng.choice(len(pool), p=weights / weights.sum()))]


def _best_in_words(pairs: Sequence[Pair]) -> str:
    sound = [row for row, frame in pairs if frame is not None]
    if not sound:
        return "no sound structure yet"
    best = min(sound, key=lambda row: (row[ENTHALPY], row["id"]))
    return f"best {best[ENTHALPY]:.4f} eV/atom ({best['id']}, space group {best['space_group']})"
