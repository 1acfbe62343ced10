"""How a structure is joined: ligands around each species, corners, edges or faces shared, dimensions of the network."""

from collections import Counter
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list

from melt2crystal.sections.substance import Substance
from melt2crystal.structure.coordination import coordination_numbers

SHARED = {0: "nothing", 1: "corners", 2: "edges"}  # ligands that two polyhedra have in common; more are a face


@dataclass(frozen=True)
class Bonds:
    """Bonds of a structure.

    Args:
        central, ligand: coordination numbers as ``4`` or ``4x2 5x1``: which, of how many atoms.
        shared: the most that two neighbouring polyhedra share: nothing, corners, edges, faces; None for an element.
        dimensions: of the bonded network: 0 molecules, 1 chains, 2 layers, 3 a framework.
    """

    central: str
    ligand: str
    shared: str | None
    dimensions: int


def bonds_of(atoms: Atoms, substance: Substance) -> Bonds:
    """Bonds by ``substance.bond_cutoff_A``."""
    central, ligand, cutoff = substance.central_species, substance.ligand_species, substance.bond_cutoff_A
    around = [coordination_numbers(atoms, *pair, cutoff) for pair in ((central, ligand), (ligand, central))]
    shared = None if central == ligand else most_shared(atoms, central, ligand, cutoff)
    words = None if shared is None else SHARED.get(shared, "faces")
    return Bonds(in_words(around[0]), in_words(around[1]), words, dimensions(atoms, central, ligand, cutoff))


def in_words(numbers: np.ndarray) -> str:
    """``4`` of equal coordination numbers, ``4x2 5x1`` of different ones."""
    counts = sorted(Counter(numbers.tolist()).items())
    return str(counts[0][0]) if len(counts) == 1 else " ".join(f"{number}x{count}" for number, count in counts)


def most_shared(atoms: Atoms, central: str, ligand: str, cutoff_A: float) -> int:
    """The most ligands that two different central atoms (or images of one) have in common."""
    symbols = np.array(atoms.get_chemical_symbols())
    first, second, shifts = neighbor_list("ijS", atoms, cutoff_A)
    bonded = (symbols[first] == ligand) & (symbols[second] == central)
    common: Counter[tuple[int, int, tuple[int, ...]]] = Counter()
    for index in np.unique(first[bonded]):
        own = bonded & (first == index)
        centres = [(int(j), tuple(map(int, shift))) for j, shift in zip(second[own], shifts[own], strict=True)]
        for (one, at), (other, to) in combinations(sorted(centres), 2):
            apart = tuple(np.subtract(to, at).tolist())
            # images of one atom are met from both sides: count them one way
            common[one, other, apart if one != other else max(apart, tuple(-x for x in apart))] += 1
    return max(common.values(), default=0)


def dimensions(atoms: Atoms, central: str, ligand: str, cutoff_A: float) -> int:
    """Largest dimension of a bonded component (P. M. Larsen et al., Phys. Rev. Materials 3, 034003 (2019), as in
    pymatgen); 0 without bonds."""
    from pymatgen.analysis.dimensionality import get_dimensionality_larsen
    from pymatgen.analysis.graphs import StructureGraph
    from pymatgen.io.ase import AseAtomsAdaptor

    symbols = np.array(atoms.get_chemical_symbols())
    first, second, shifts = neighbor_list("ijS", atoms, cutoff_A)
    pair = {(central, ligand), (ligand, central)}
    edges = {
        (int(i), int(j), (0, 0, 0), tuple(map(int, shift))): None
        for i, j, shift in zip(first, second, shifts, strict=True)
        if (symbols[i], symbols[j]) in pair and (i < j or (i == j and tuple(shift) > (0, 0, 0)))
    }
    if not edges:
        return 0
    bare = Atoms(symbols, atoms.get_positions(), cell=atoms.cell.array, pbc=True)
    graph = StructureGraph.from_edges(AseAtomsAdaptor.get_structure(bare), edges)
    return int(get_dimensionality_larsen(graph))
