"""Which of many frames is this one, up to wrapping, order of atoms and the last digits? No cell is turned or changed.

A frame's id is a hash of what is written, so atoms that cross a face of the cell, or another program's order, give
another id. Here a frame is known by the density of its atoms in reciprocal space (sums of exp(2 pi i h f)), which
neither wrapping nor order changes and small shifts change little; what agrees in it is compared atom by atom.
"""

import itertools
from collections import defaultdict
from typing import Any

import numpy as np
from ase import Atoms

TOLERANCE_A = 2e-5  # files of five decimals agree; in 5 fs a cold atom moves a thousand times as far
_WIDTH = 1e-3  # of a box of sums; neighbouring boxes are looked into, so that its faces part nothing
_VECTORS = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, -1]])
_WEIGHTS = np.array([1.0, 0.7, 0.4, 0.31, 0.23])


class KnownFrames:
    """Frames that can be found again."""

    def __init__(self) -> None:
        self._boxes: dict[tuple[Any, ...], list[tuple[str, Atoms]]] = defaultdict(list)

    def add(self, atoms: Atoms, name: str) -> None:
        """Remember a frame under a name."""
        self._boxes[_composition(atoms), *np.floor(_sums(atoms) / _WIDTH).astype(int)].append((name, atoms))

    def find(self, atoms: Atoms) -> tuple[str, np.ndarray] | None:
        """Name of the same frame, and for each atom which atom of that one it is; None if it isn't known."""
        box, composition = np.floor(_sums(atoms) / _WIDTH).astype(int), _composition(atoms)
        for step in itertools.product((0, -1, 1), repeat=len(box)):
            for name, known in self._boxes.get((composition, *(box + step)), ()):
                order = same_atoms(atoms, known)
                if order is not None:
                    return name, order
        return None


def same_atoms(atoms: Atoms, known: Atoms, tolerance_A: float = TOLERANCE_A) -> np.ndarray | None:
    """For each atom which atom of the known frame it is, [atoms]; None if the frames differ."""
    if len(atoms) != len(known) or np.abs(atoms.cell.array - known.cell.array).max() > tolerance_A:
        return None
    cell, fractional, theirs = known.cell.array, _fractional(atoms), _fractional(known)
    if np.array_equal(atoms.numbers, known.numbers) and (_apart(fractional - theirs, cell) <= tolerance_A).all():
        return np.arange(len(atoms))
    order = np.full(len(atoms), -1)
    for number in np.unique(atoms.numbers):
        mine, other = np.flatnonzero(atoms.numbers == number), np.flatnonzero(known.numbers == number)
        if len(mine) != len(other):
            return None
        for index in mine:
            distances = _apart(theirs[other] - fractional[index], cell)
            nearest = int(np.argmin(distances))
            if distances[nearest] > tolerance_A:
                return None
            order[index] = other[nearest]
    return order if len(np.unique(order)) == len(order) else None


def _fractional(atoms: Atoms) -> np.ndarray:
    return np.linalg.solve(atoms.cell.array.T, atoms.positions.T).T


def _apart(difference: np.ndarray, cell: np.ndarray) -> np.ndarray:
    """Distances of nearest images, A; right for those that are small."""
    return np.linalg.norm((difference - np.round(difference)) @ cell, axis=-1)


def _composition(atoms: Atoms) -> tuple[int, ...]:
    return tuple(np.bincount(atoms.numbers).tolist())


def _sums(atoms: Atoms) -> np.ndarray:
    """Two numbers, each at most of the order of 1, that a shift of 1e-5 Å changes by less than 1e-4."""
    waves = np.exp(2j * np.pi * (_fractional(atoms) @ _VECTORS.T)) @ _WEIGHTS
    total = (np.sqrt(atoms.numbers) * waves).sum() / np.sqrt(atoms.numbers).sum()
    return np.array([total.real, total.imag])
