"""Fingerprints of atoms' surroundings, and how much of a structure looks like a given crystal.

The surroundings of an atom are the sorted distances to its nearest neighbours, species by species, in units of the
cube root of the volume per formula unit. The root mean square difference of two such lists is the Wasserstein
distance (order 2) of the two radial distributions: it needs no rotation, no common cell, no graph, and it sees single
atoms, so crystals that fill only a part of a cell show, too (pointwise distance distributions:
Widdowson et al., MATCH Commun. Math. Comput. Chem. 87, 529 (2022)).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial.distance import cdist

SHELLS = 12  # neighbours per atom of the formula unit: reaches past the second shell of central atoms
FORMULA_UNITS_IN_SPHERE = 30  # distances beyond this sphere count as its radius
SAME_A = 1e-6


@dataclass(frozen=True)
class Surroundings:
    """Species of each atom [n] and sorted, scaled distances [n, SHELLS * atoms per formula unit], no unit."""

    symbols: np.ndarray
    distances: np.ndarray


def surroundings(atoms: Atoms, formula: Mapping[str, int]) -> Surroundings:
    """Fingerprint of every atom.

    Args:
        atoms: periodic structure of whole formula units.
        formula: atoms per formula unit; its order is the order of the species in the lists.

    Raises:
        ValueError: the structure is not made of these formula units.
    """
    symbols = np.array(atoms.get_chemical_symbols())
    units = len(atoms) / sum(formula.values())
    for species, count in formula.items():
        if (symbols == species).sum() != units * count:
            raise ValueError(f"{atoms.get_chemical_formula()} is not made of whole formula units {dict(formula)}")
    scale = (atoms.get_volume() / units) ** (1 / 3)
    radius = scale * (FORMULA_UNITS_IN_SPHERE * 3 / (4 * np.pi)) ** (1 / 3)
    images = _images(atoms, radius)
    blocks = []
    for species, count in formula.items():
        around = images[:, symbols == species].reshape(-1, 3)
        distances = cdist(atoms.get_positions(wrap=True), around)
        distances[distances < SAME_A] = np.inf  # the atom itself
        nearest = np.sort(np.partition(distances, SHELLS * count, axis=1)[:, : SHELLS * count], axis=1)
        blocks.append(np.minimum(nearest, radius) / scale)
    return Surroundings(symbols, np.concatenate(blocks, axis=1))


def _images(atoms: Atoms, radius: float) -> np.ndarray:
    """Positions of all periodic images that can lie within ``radius`` of an atom in the cell, [images, n, 3], Å."""
    heights = atoms.get_volume() / np.linalg.norm(np.cross(atoms.cell[[1, 2, 0]], atoms.cell[[2, 0, 1]]), axis=1)
    reach = np.ceil(radius / heights).astype(int)
    steps = np.stack(np.meshgrid(*(np.arange(-n, n + 1) for n in reach), indexing="ij"), axis=-1).reshape(-1, 3)
    return atoms.get_positions(wrap=True)[None] + (steps @ atoms.cell.array)[:, None]


def nearest_distances(structure: Surroundings, crystal: Surroundings) -> np.ndarray:
    """Distance of each atom's surroundings to the most similar ones of the same species in a crystal, [n].

    Infinity where the crystal lacks the species.
    """
    nearest = np.full(len(structure.symbols), np.inf)
    for species in np.unique(structure.symbols):
        mine, theirs = structure.symbols == species, crystal.symbols == species
        if theirs.any():
            nearest[mine] = _distances(structure.distances[mine], crystal.distances[theirs]).min(axis=1)
    return nearest


def crystal_fraction(structure: Surroundings, crystal: Surroundings, tolerance: float) -> float:
    """Fraction of the atoms whose surroundings occur in the crystal, within ``tolerance``."""
    return float((nearest_distances(structure, crystal) < tolerance).mean())


def repeated_fraction(structure: Surroundings, tolerance: float, share: float = 0.1) -> float:
    """Fraction of the atoms whose surroundings are shared by at least ``share`` of the other atoms of their species.

    A crystal repeats few kinds of surroundings, a liquid none: this sees crystals that no library knows.
    """
    repeated = 0
    for species in np.unique(structure.symbols):
        mine = structure.distances[structure.symbols == species]
        others = len(mine) - 1
        alike = (_distances(mine, mine) < tolerance).sum(axis=1) - 1  # not counting itself
        repeated += int((alike >= max(1.0, share * others)).sum())
    return repeated / len(structure.symbols)


def distinct(crystal: Surroundings, decimals: int = 4) -> Surroundings:
    """The crystal with symmetry-equivalent atoms left out: the same distances to anything, in less time."""
    kept: list[int] = []
    for species in np.unique(crystal.symbols):
        of_species = np.flatnonzero(crystal.symbols == species)
        _, first = np.unique(crystal.distances[of_species].round(decimals), axis=0, return_index=True)
        kept.extend(of_species[first])
    return Surroundings(crystal.symbols[kept], crystal.distances[kept])


def _distances(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Root mean square differences of all pairs of rows, [len(first), len(second)]."""
    return cdist(first, second) / np.sqrt(first.shape[1])
