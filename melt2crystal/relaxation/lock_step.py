"""Relaxation of many structures of one composition at once: one call of the potential a step, one BFGS a structure.

What a call costs beside the arithmetic is shared by all places, and numpy's by all matrices. Coordinates are those of
ASE's UnitCellFilter (E. B. Tadmor et al., Phys. Rev. B 59, 235 (1999)): positions in the reference cell, and the
deformation gradient times the number of atoms.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.units import GPa
from numpy.typing import NDArray

from melt2crystal.relaxation.curvature import newton_steps, updated
from melt2crystal.relaxation.relaxer import (
    LOOSE_FORCE_EV_PER_A,
    STIFFNESS_EV_PER_A2,
    Relaxed,
    Target,
    bare,
    said,
)

Array = NDArray[np.float64]
# positions [n, atoms, 3] (Å), cells [n, 3, 3] -> energies [n] (eV), forces [n, atoms, 3] (eV/Å), virials [n, 3, 3] (eV;
# minus volume times stress)
Evaluator = Callable[[Array, Array], tuple[Array, Array, Array]]
LONGEST_STEP_A = 0.2  # of an atom, or of a row of the scaled deformation gradient, as in ASE's BFGS
PLACES = 32  # structures in one call: beyond, a call costs as much as its frames
THINNEST_A = 0.3  # faces of a cell nearer than this have neighbours without number
_LARGEST = 8_000_000  # numbers in the inverse Hessians of all places together (64 MB)


class LockStep:
    """Relaxes structures in lock step; a place that comes free takes the next structure.

    Which structures share a call decides the last digits of their energies, and with them now and then where a start
    far from any minimum ends: the same list gives the same ends, another one may not.

    Args:
        evaluator_of: species of the atoms -> evaluator of structures with these atoms in this order.
        places: structures relaxed at once.
    """

    def __init__(self, evaluator_of: Callable[[list[str]], Evaluator], places: int = PLACES) -> None:
        self.evaluator_of, self.places = evaluator_of, places

    def relax_all(self, starts: Sequence[Atoms], target: Target) -> list[Relaxed]:
        """Their ends, in their order; structures with other atoms, or in another order, are relaxed apart."""
        ends: dict[int, Relaxed] = {}
        for symbols in dict.fromkeys(tuple(atoms.get_chemical_symbols()) for atoms in starts):
            members = {k: a for k, a in enumerate(starts) if tuple(a.get_chemical_symbols()) == symbols}
            evaluator = self.evaluator_of(list(symbols))
            most = max(1, _LARGEST // (3 * len(symbols) + 9) ** 2)
            ends |= _Group(members, evaluator, target, min(self.places, most)).relaxed()
        return [ends[index] for index in range(len(starts))]


@dataclass
class _Places:
    """Structures under way; every array has one row for each."""

    who: NDArray[np.int64]  # index of the structure
    reference: Array  # [n, 3, 3] cell the deformation is counted from, Å
    at: Array  # [n, d] coordinates, Å
    inverse: Array  # [n, d, d] inverse Hessian
    before: Array  # [n, d] coordinates of the evaluation before
    gradient: Array  # [n, d] gradient there
    spent: NDArray[np.int64]  # evaluations
    tight: NDArray[np.bool_]  # in the second stage

    def only(self, kept: NDArray[np.bool_]) -> "_Places":
        return _Places(**{name: values[kept] for name, values in vars(self).items()})

    def and_(self, others: "_Places") -> "_Places":
        return _Places(**{n: np.concatenate([own, vars(others)[n]]) for n, own in vars(self).items()})


class _Group:
    """The relaxation of all structures of one composition."""

    def __init__(self, starts: dict[int, Atoms], evaluator: Evaluator, target: Target, places: int) -> None:
        self.starts, self.evaluator, self.target, self.most = starts, evaluator, target, places
        self.atoms = len(next(iter(starts.values())))
        self.size = 3 * self.atoms + 9
        self.pressure = target.pressure_GPa * GPa
        self.waiting = deque(starts)
        self.ends: dict[int, Relaxed] = {}

    def relaxed(self) -> dict[int, Relaxed]:
        """Index -> end."""
        places = self._begun(self.most)
        while len(places.who):
            places = self._step(places)
            if free := min(self.most - len(places.who), len(self.waiting)):
                places = places.and_(self._begun(free))
        return self.ends

    def _begun(self, number: int) -> _Places:
        """Places for the next structures; one that is nowhere, or has no volume, ends at once."""
        chosen: list[int] = []
        while self.waiting and len(chosen) < number:
            index = self.waiting.popleft()
            cell, positions = self.starts[index].cell.array, self.starts[index].get_positions()
            if np.isfinite(cell).all() and np.isfinite(positions).all() and abs(np.linalg.det(cell)) > 1e-6:
                chosen.append(index)
            else:
                self._end(index, self.starts[index], np.nan, 0, complaint="the start has no finite cell and positions")
        count = len(chosen)
        cells = np.array([self.starts[k].cell.array for k in chosen]).reshape(count, 3, 3)
        positions = np.array([self.starts[k].get_positions() for k in chosen]).reshape(count, -1)
        unknown = np.full((count, self.size), np.nan)
        return _Places(
            who=np.array(chosen, dtype=np.int64),
            reference=cells,
            at=np.concatenate([positions, self._undeformed(count)], axis=1),
            inverse=self._stiff(count),
            before=unknown,
            gradient=unknown.copy(),
            spent=np.zeros(count, dtype=np.int64),
            tight=np.zeros(count, dtype=bool),
        )

    def _undeformed(self, count: int) -> Array:
        return np.tile(self.atoms * np.eye(3).ravel(), (count, 1))

    def _stiff(self, count: int) -> Array:
        return np.tile(np.eye(self.size) / STIFFNESS_EV_PER_A2, (count, 1, 1))

    def _step(self, places: _Places) -> _Places:
        """One evaluation of all, ends of those that are done, a step of the others."""
        deformation = places.at[:, -9:].reshape(-1, 3, 3) / self.atoms
        cells = places.reference @ deformation.transpose(0, 2, 1)
        positions = places.at[:, :-9].reshape(-1, self.atoms, 3) @ deformation.transpose(0, 2, 1)
        positions, faults = _wrapped(positions, cells)
        energies, forces, virials, failures = self._evaluated(positions, cells, faults)
        places.spent += 1
        deformation[[fault is not None for fault in faults]] = np.eye(3)
        volumes = np.abs(np.linalg.det(cells))
        driving = virials - self.pressure * volumes[:, None, None] * np.eye(3)
        on_atoms = forces @ deformation
        on_cell = np.linalg.solve(deformation, driving.transpose(0, 2, 1)).transpose(0, 2, 1) / self.atoms
        gradient = -np.concatenate([on_atoms, on_cell], axis=1).reshape(-1, self.size)
        largest = np.sqrt((gradient.reshape(len(gradient), -1, 3) ** 2).sum(axis=2)).max(axis=1)

        reached = largest < self.target.force_eV_per_A
        leaves = np.zeros(len(places.who), dtype=bool)
        for k, index in enumerate(places.who):
            complaint = faults[k] or self._complaint(energies[k], volumes[k], gradient[k])
            done = bool(reached[k]) and complaint is None and failures[k] is None
            if done or complaint or failures[k] or places.spent[k] > self.target.steps:
                atoms = self._at(int(index), cells[k], positions[k])
                spent = int(places.spent[k])
                self._end(int(index), atoms, energies[k], spent, done, complaint, failures[k])
                leaves[k] = True

        known = np.isfinite(places.before).all(axis=1) & ~leaves
        places.inverse[known] = updated(
            places.inverse[known],
            places.at[known] - places.before[known],
            gradient[known] - places.gradient[known],
        )
        loose = max(LOOSE_FORCE_EV_PER_A, self.target.force_eV_per_A)
        anew = np.flatnonzero((largest < loose) & ~places.tight & ~leaves)
        if len(anew):
            # a strain counted from a cell far away is a poor coordinate: the second stage begins where the first ended
            places.reference[anew], places.tight[anew] = cells[anew], True
            at = np.concatenate([positions[anew].reshape(len(anew), -1), self._undeformed(len(anew))], axis=1)
            places.at[anew], places.inverse[anew] = at, self._stiff(len(anew))
            gradient[anew, :-9] = -forces[anew].reshape(len(anew), -1)
            gradient[anew, -9:] = -driving[anew].reshape(len(anew), -1) / self.atoms

        places.before, places.gradient = places.at.copy(), gradient
        left = places.only(~leaves)
        left.inverse[~np.isfinite(left.inverse).all(axis=(1, 2))] = np.eye(self.size) / STIFFNESS_EV_PER_A2
        if len(left.who):
            left.at = left.at + newton_steps(left.inverse, left.gradient, LONGEST_STEP_A)
        return left

    def _complaint(self, energy: float, volume: float, gradient: Array) -> str | None:
        if not (np.isfinite(energy) and np.isfinite(gradient).all()):
            return "energy, forces or stress are not finite"
        guard = self.target.guard
        return guard(float(energy) / self.atoms, float(volume) / self.atoms) if guard is not None else None

    def _evaluated(
        self, positions: Array, cells: Array, faults: Sequence[str | None]
    ) -> tuple[Array, Array, Array, list[str | None]]:
        """Energies, forces, virials, failures; where the potential refuses the whole, it is asked for each alone."""
        energies, failures = np.full(len(cells), np.nan), [None] * len(cells)
        forces, virials = np.full(positions.shape, np.nan), np.full(cells.shape, np.nan)
        sound = np.array([fault is None for fault in faults])
        if not sound.any():
            return energies, forces, virials, list(failures)
        try:
            energies[sound], forces[sound], virials[sound] = self.evaluator(positions[sound], cells[sound])
            return energies, forces, virials, list(failures)
        except Exception:  # potentials raise anything; whose fault it is shows below
            told: list[str | None] = list(failures)
            for k in np.flatnonzero(sound):
                try:
                    one = slice(k, k + 1)
                    energies[one], forces[one], virials[one] = self.evaluator(positions[one], cells[one])
                except Exception as error:
                    told[k] = said(error)
            return energies, forces, virials, told

    def _at(self, index: int, cell: Array, positions: Array) -> Atoms:
        atoms = bare(self.starts[index])
        atoms.set_cell(cell)
        atoms.set_positions(positions)
        return atoms

    def _end(
        self,
        index: int,
        atoms: Atoms,
        energy: float,
        spent: int,
        converged: bool = False,
        complaint: str | None = None,
        failure: str | None = None,
    ) -> None:
        value = float("nan") if complaint or failure else float(energy)
        self.ends[index] = Relaxed(bare(atoms), value, converged, spent, complaint if not failure else None, failure)


def _wrapped(positions: Array, cells: Array) -> tuple[Array, list[str | None]]:
    """Positions inside their cells, and what is wrong with each cell or None."""
    heights = np.full(len(cells), np.nan)
    inside = positions.copy()
    known = np.isfinite(cells).all(axis=(1, 2)) & np.isfinite(positions).all(axis=(1, 2))
    finite = np.flatnonzero(known)
    finite = finite[np.abs(np.linalg.det(cells[finite])) > 1e-6]
    if len(finite):
        inverse = np.linalg.inv(cells[finite])
        heights[finite] = 1 / np.linalg.norm(inverse, axis=1).max(axis=1)
        inside[finite] = ((positions[finite] @ inverse) % 1.0) @ cells[finite]
    told: list[str | None] = [
        None if height >= THINNEST_A else f"the cell collapsed: its faces are {height:.2f} Å apart"
        for height in heights
    ]
    return inside, told
