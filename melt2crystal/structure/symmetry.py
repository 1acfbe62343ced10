"""The highest symmetry a structure can be said to have, over several tolerances."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import spglib
from ase import Atoms


@dataclass(frozen=True)
class Symmetry:
    """International space-group number (1: none; 0: spglib gave up), its tolerance, atoms in the primitive cell."""

    space_group: int
    symprec_A: float
    primitive_atoms: int


def symmetry(atoms: Atoms, symprec_A: float) -> Symmetry:
    """Space group and primitive cell at one tolerance (A), from spglib (Togo et al., Sci. Technol. Adv. Mater.: Methods
    4, 2384822 (2024)).

    The atoms of the primitive cell are counted by the pure translations: their number divides the cell's.
    """
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spglib 2.x warns about its own error handling
        try:
            data = spglib.get_symmetry_dataset(cell, symprec=symprec_A)
        except Exception:  # newer releases raise where older ones return None
            data = None
    if data is None:
        return Symmetry(0, symprec_A, len(atoms))
    translations = int((data.rotations == np.eye(3, dtype=int)).all(axis=(1, 2)).sum())
    return Symmetry(int(data.number), symprec_A, len(atoms) // max(1, translations))


def highest_symmetry(atoms: Atoms, symprecs_A: Sequence[float]) -> Symmetry:
    """The finding with the smallest primitive cell, then the highest space group, then the smallest tolerance."""
    found = [symmetry(atoms, symprec) for symprec in sorted(symprecs_A)]
    return min(found, key=lambda one: (one.primitive_atoms, -one.space_group, one.symprec_A))
