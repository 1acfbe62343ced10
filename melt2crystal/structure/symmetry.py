"""Symmetry of a periodic structure, from spglib: space group, standardised cells, findings over several tolerances.

Every question to spglib goes through ``_asked``: where spglib finds nothing, and where it raises instead (its releases
differ in that), the answer is None. A. Togo et al., Sci. Technol. Adv. Mater.: Methods 4, 2384822 (2024).

ASE and spglib are imported where they are called: planning a study needs the tolerance alone.
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from ase import Atoms

SYMPREC_A = 1e-2  # at which crystal files must have the space group that the study says
UNMOVED = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]  # rotation part of a pure translation


@dataclass(frozen=True)
class Symmetry:
    """International space-group number (1: none; 0: spglib gave up), its tolerance, atoms in the primitive cell."""

    space_group: int
    symprec_A: float
    primitive_atoms: int


@dataclass(frozen=True)
class Plateau:
    """Space group found over the widest run of tolerances.

    Args:
        number: International Tables number.
        symprec_A: the tightest tolerance of the run, Å.
        decades: width of the run on the logarithmic scale, in decades.
    """

    number: int
    symprec_A: float
    decades: float


def space_group_number(atoms: Atoms, symprec_A: float = SYMPREC_A) -> int | None:
    """International Tables number at one tolerance (Å), or None if spglib finds none."""
    found = _asked("get_symmetry_dataset", atoms, symprec_A)
    return None if found is None else int(found.number)


def standard_cell(atoms: Atoms, primitive: bool, symprec_A: float = SYMPREC_A) -> Atoms | None:
    """The standardised primitive or conventional cell, positions symmetrised too; None if spglib finds nothing."""
    return _as_atoms(_asked("standardize_cell", atoms, symprec_A, to_primitive=primitive))


def primitive_part(atoms: Atoms, symprec_A: float) -> Atoms | None:
    """A primitive cell, neither turned nor symmetrised, with atoms of the cell; None if spglib finds nothing."""
    return _as_atoms(_asked("find_primitive", atoms, symprec_A))


def to_conventional_axes(atoms: Atoms, symprec_A: float = SYMPREC_A) -> npt.NDArray[np.float64] | None:
    """Matrix [3, 3] that makes the conventional cell of a crystal from its own: rows of ``matrix @ cell`` are a, b, c.

    The same matrix follows these axes through any deformation of the cell, whatever becomes of the symmetry. None if
    spglib finds nothing.
    """
    import numpy as np

    found = _asked("get_symmetry_dataset", atoms, symprec_A)
    return None if found is None else np.linalg.inv(np.asarray(found.transformation_matrix, dtype=float)).T


def symmetry(atoms: Atoms, symprec_A: float) -> Symmetry:
    """Space group and number of atoms in the primitive cell at one tolerance (Å).

    The atoms of the primitive cell are counted by the pure translations: their number divides the cell's.
    """
    found = _asked("get_symmetry_dataset", atoms, symprec_A)
    if found is None:
        return Symmetry(0, symprec_A, len(atoms))
    translations = found.rotations.tolist().count(UNMOVED)
    return Symmetry(int(found.number), symprec_A, len(atoms) // max(1, translations))


def highest_symmetry(atoms: Atoms, symprecs_A: Sequence[float]) -> Symmetry:
    """The finding with the smallest primitive cell, then the highest space group, then the smallest tolerance (Å)."""
    found = [symmetry(atoms, symprec) for symprec in sorted(symprecs_A)]
    return min(found, key=lambda one: (one.primitive_atoms, -one.space_group, one.symprec_A))


def space_group_plateau(atoms: Atoms, symprecs_A: Sequence[float]) -> Plateau | None:
    """The group that is stable over the widest range of tolerances (Fig. 1 of spglib's paper warns of any single one).

    Each tolerance stands for the part of the logarithmic axis that is nearer to it than to the others. Of equally wide
    runs the looser one wins: a relaxed structure has an error, and the tight end of the sweep sees it.

    Args:
        symprecs_A: tolerances, Å, ascending.

    Returns:
        None if spglib finds no group at any tolerance.
    """
    logs = [math.log10(symprec) for symprec in symprecs_A]
    edges = [logs[0], *((low + high) / 2 for low, high in pairwise(logs)), logs[-1]]
    numbers = [space_group_number(atoms, symprec) for symprec in symprecs_A]
    best: Plateau | None = None
    for number, run in groupby(range(len(numbers)), key=lambda k: numbers[k]):
        members = list(run)
        width = edges[members[-1] + 1] - edges[members[0]]
        if number is not None and (best is None or width >= best.decades - 1e-9):
            best = Plateau(number, float(symprecs_A[members[0]]), width)
    return best


def _asked(function: str, atoms: Atoms, symprec_A: float, **options: bool) -> Any:
    """What a function of spglib answers about a structure at one tolerance (Å); None if it finds nothing or raises."""
    import spglib

    os.environ.setdefault("SPGLIB_WARNING", "OFF")  # it prints how it failed at a tolerance, and we ask at another
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # spglib 2.x warns about its own error handling
        try:
            return getattr(spglib, function)(cell, symprec=symprec_A, **options)
        except Exception:  # newer releases raise where older ones return None, with types that differ
            return None


def _as_atoms(cell: Any) -> Atoms | None:
    from ase import Atoms

    if cell is None:
        return None
    lattice, scaled, numbers = cell
    return Atoms(numbers=numbers, scaled_positions=scaled, cell=lattice, pbc=True)
