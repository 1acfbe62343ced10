"""Rings of a framework: what tells one tetrahedral network from another of the same coordination numbers."""

import numpy as np
from ase import Atoms

from melt2crystal.frames import perpendicular_widths
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.coordination import coordination_numbers

# Bonds of a central atom and of a ligand; of octahedra, or of ligands that join three, there are so many rings that
# counting them takes minutes and says little.
MOST_BONDS = (4, 2)
LARGEST_RING = 12  # central atoms
WIDTH_IN_BONDS = 7  # of the repeated cell: with less, a way through its boundary is shorter than that along the ring


def rings_of(atoms: Atoms, substance: Substance) -> str | None:
    """Shortest-path rings (D. S. Franzblau, Phys. Rev. B 44, 4925 (1991), by matscipy) by ``substance.bond_cutoff_A``.

    Returns:
        ``6x1 8x5``: one ring of six central atoms and five of eight per central atom (quartz); ``none`` if there are
        none of up to 12 central atoms; None where a central atom has more than four bonds, or a ligand more than two.
    """
    from matscipy.rings import ring_statistics

    central, ligand, cutoff = substance.central_species, substance.ligand_species, substance.bond_cutoff_A
    around = [coordination_numbers(atoms, *pair, cutoff) for pair in ((central, ligand), (ligand, central))]
    most = MOST_BONDS if central != ligand else MOST_BONDS[:1]
    if any(numbers.max(initial=0) > limit for numbers, limit in zip(around, most, strict=False)):
        return None
    if not any(numbers.any() for numbers in around):
        return "none"
    repeats = np.ceil(WIDTH_IN_BONDS * cutoff / perpendicular_widths(atoms.cell.array)).astype(int)
    large = atoms.repeat(repeats.tolist())
    in_a_ring = 1 if central == ligand else 2  # atoms of the ring for each central one
    counts = ring_statistics(large, {(central, ligand): cutoff}, maxlength=LARGEST_RING * in_a_ring)
    centres = large.get_chemical_symbols().count(central)
    words = [f"{size // in_a_ring}x{count / centres:.3g}" for size, count in enumerate(counts) if count]
    return " ".join(words) or "none"
