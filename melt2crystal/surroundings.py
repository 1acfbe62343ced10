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
from ase.neighborlist import neighbor_list

SHELLS = 12  # neighbours per atom of the formula unit: reaches past the second shell of central atoms
FORMULA_UNITS_IN_SPHERE = 40  # generous sphere; lists are cut to SHELLS afterwards


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
    first, second, distance = neighbor_list("ijd", atoms, radius)
    order = np.lexsort((distance, first))
    first, species_of, distance = first[order], symbols[second[order]], distance[order] / scale
    blocks = []
    for species, count in formula.items():
        chosen = species_of == species
        wanted = SHELLS * count
        block = np.full((len(atoms), wanted), radius / scale)
        rank = _rank_within(first[chosen])
        near = rank < wanted
        block[first[chosen][near], rank[near]] = distance[chosen][near]
        blocks.append(block)
    return Surroundings(symbols, np.concatenate(blocks, axis=1))


def _rank_within(groups: np.ndarray) -> np.ndarray:
    """0, 1, 2, ... within each run of equal, sorted values."""
    if len(groups) == 0:
        return np.zeros(0, dtype=int)
    begins = np.r_[0, np.flatnonzero(np.diff(groups)) + 1]
    lengths = np.diff(np.r_[begins, len(groups)])
    return np.arange(len(groups)) - np.repeat(begins, lengths)


def nearest_distances(structure: Surroundings, crystal: Surroundings) -> np.ndarray:
    """Distance of each atom's surroundings to the most similar ones of the same species in a crystal, [n].

    Infinity where the crystal lacks the species.
    """
    nearest = np.full(len(structure.symbols), np.inf)
    for species in np.unique(structure.symbols):
        mine, theirs = structure.symbols == species, crystal.symbols == species
        if theirs.any():
            difference = structure.distances[mine][:, None] - crystal.distances[theirs][None]
            nearest[mine] = np.sqrt((difference**2).mean(axis=-1)).min(axis=1)
    return nearest
