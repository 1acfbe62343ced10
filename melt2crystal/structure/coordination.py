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


def bridging_angles(atoms: Atoms, central: str, ligand: str, cutoff_A: float) -> npt.NDArray[np.float64]:
    """Angles central-ligand-central (Si-O-Si) at every ligand that joins two central atoms or more, periodic images
    counted.

    Tetrahedra are stiff and turn about their corners: how a framework is folded shows in these angles, and in no
    bond length.

    Args:
        atoms: periodic structure.
        central: species that is joined.
        ligand: species that joins; the same as ``central`` for an element.
        cutoff_A: largest distance that counts as a bond, Å.

    Returns:
        Degrees, one for each pair of bonds at each ligand; empty where nothing is joined.
    """
    symbols = np.array(atoms.get_chemical_symbols())
    first, second, vectors = neighbor_list("ijD", atoms, cutoff_A)
    bonded = (symbols[first] == ligand) & (symbols[second] == central)
    first, units = first[bonded], vectors[bonded] / np.linalg.norm(vectors[bonded], axis=1)[:, None]
    angles = []
    for index in np.unique(first):
        around = units[first == index]
        one, other = np.triu_indices(len(around), k=1)
        angles.append(np.degrees(np.arccos(np.clip(np.sum(around[one] * around[other], axis=1), -1.0, 1.0))))
    return np.concatenate(angles) if angles else np.empty(0)
