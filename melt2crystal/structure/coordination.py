"""Coordination numbers: neighbours of one species around another."""

import numpy as np
import numpy.typing as npt
from ase import Atoms
from ase.neighborlist import neighbor_list


def coordination_numbers(atoms: Atoms, central: str, ligand: str, cutoff_A: float) -> npt.NDArray[np.int64]:
    """How many ligands lie within the cutoff of each central atom, periodic images counted.

    Args:
        atoms: periodic structure.
        central: species that is surrounded (``Si``).
        ligand: species that is counted (``O``).
        cutoff_A: largest distance that counts as a bond, Å.

    Returns:
        Integers, one for each central atom in the order of the structure; empty without central atoms.
    """
    symbols = np.array(atoms.get_chemical_symbols())
    centres = np.flatnonzero(symbols == central)
    first, second = neighbor_list("ij", atoms, cutoff_A)
    bonded = first[symbols[second] == ligand]
    return np.bincount(bonded, minlength=len(atoms))[centres].astype(np.int64)


def mean_coordination(atoms: Atoms, central: str, ligand: str, cutoff_A: float) -> float:
    """Average of :func:`coordination_numbers`; NaN without central atoms."""
    numbers = coordination_numbers(atoms, central, ligand, cutoff_A)
    return float(numbers.mean()) if len(numbers) else float("nan")


def coordination_name(number: int) -> str:
    """What a group of crystals with this coordination is called in tables."""
    return {3: "trigonal", 4: "tetrahedral", 6: "octahedral", 8: "cubic"}.get(number, f"{number}-fold")
