"""Space group of a relaxed structure by a sweep of tolerances."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import spglib
from ase import Atoms


@dataclass(frozen=True)
class Plateau:
    """Space group found over the widest run of tolerances.

    Args:
        number: International Tables number.
        symprec_A: the tightest tolerance of the run, A.
        decades: width of the run on the logarithmic scale, in decades.
    """

    number: int
    symprec_A: float
    decades: float


def space_group_plateau(atoms: Atoms, symprecs_A: Sequence[float]) -> Plateau | None:
    """The group that is stable over the widest range of tolerances (Fig. 1 of spglib's paper warns of any single one).

    Each tolerance stands for the part of the logarithmic axis that is nearer to it than to the others. Of equally wide
    runs the looser one wins: a relaxed structure has an error, and the tight end of the sweep sees it.

    Args:
        symprecs_A: tolerances, A, ascending.

    Returns:
        None if spglib finds no group at any tolerance.
    """
    logs = np.log10(np.asarray(symprecs_A, dtype=float))
    edges = np.concatenate([logs[:1], (logs[1:] + logs[:-1]) / 2, logs[-1:]])
    numbers = [space_group(atoms, symprec) for symprec in symprecs_A]
    best: Plateau | None = None
    for number, run in groupby(range(len(numbers)), key=lambda k: numbers[k]):
        members = list(run)
        width = float(edges[members[-1] + 1] - edges[members[0]])
        if number is not None and (best is None or width >= best.decades - 1e-9):
            best = Plateau(number, float(symprecs_A[members[0]]), width)
    return best


def space_group(atoms: Atoms, symprec_A: float) -> int | None:
    """International Tables number at one tolerance, or None."""
    cell = (atoms.cell.array, atoms.get_scaled_positions(), atoms.numbers)
    try:
        dataset = spglib.get_symmetry_dataset(cell, symprec=symprec_A)
    except spglib.error.SpglibError:
        return None
    return int(dataset.number) if dataset is not None else None
