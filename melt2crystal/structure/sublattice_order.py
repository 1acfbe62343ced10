"""How ordered each species of a structure is by itself: one sublattice may crystallise while the others are liquid.

In an ionic melt the larger ions pack first and the others follow; whole surroundings look disordered until the end. So
three questions are asked of each species alone, whatever the composition; for an element they are asked of all atoms:

* ``bragg_peak``: the largest |sum exp(i k.r)|^2 / N^2 over the wave vectors of the cell, 1 in a crystal at rest;
* ``coherent_fraction``: share of the atoms in the largest cluster of solid-like ones (freud);
* ``translated_fraction``: largest share of the atoms that a translation takes onto atoms again.

freud is imported where it is called: planning a study needs none of it.
"""

from dataclasses import dataclass

import numpy as np
from ase import Atoms
from scipy.spatial import cKDTree

from melt2crystal.frames import perpendicular_widths

REACH = 2.0  # longest wave vector, in units of 2 pi (N/V)^(1/3): three or more peaks of any dense packing
NEIGHBOURS, DEGREE, COHERENT, SOLID_BONDS = 12, 6, 0.7, 6  # of ten Wolde's criterion
FARTHEST = 1.7  # twelve neighbours lie within this many radii of the sphere that holds twelve atoms on average
REFERENCES = 4  # atoms that translations are tried from
SAME_PLACE = 0.2  # in units of (V/N)^(1/3)
FEWEST_ATOMS = 8  # of a species, for any of it to mean something


@dataclass(frozen=True)
class SublatticeOrder:
    """Order of one species: its symbol, number of atoms, of wave vectors (k and -k are one), and what they show.

    Of a structure of several species the one that is most ordered speaks (``most_ordered``).
    """

    species: str
    atoms: int
    wave_vectors: int
    bragg_peak: float
    coherent_fraction: float
    translated_fraction: float

    @property
    def excess(self) -> float:
        """The peak in units in which noise follows one distribution whatever the size: N peak - ln(wave vectors).

        Intensities |rho_k|^2 / N of a liquid are exponentially distributed with mean S(k) (J.-P. Hansen and I. R.
        McDonald, Theory of Simple Liquids, 4th ed., chapter 4); the largest of M of them, less ln M, is Gumbel's
        (mean 0.58, deviation 1.28) for S = 1, and wider by S near the main peak of a liquid.
        """
        return self.atoms * self.bragg_peak - float(np.log(self.wave_vectors))


def sublattice_orders(atoms: Atoms) -> list[SublatticeOrder]:
    """Order of every species that has ``FEWEST_ATOMS`` or more in a periodic structure, in the order of their first."""
    symbols = np.array(atoms.get_chemical_symbols())
    orders = []
    for species in dict.fromkeys(symbols.tolist()):
        alone = atoms[symbols == species]
        if len(alone) >= FEWEST_ATOMS:
            shares = coherent_fraction(alone), translated_fraction(alone)
            peak, vectors = bragg_peak(alone)
            orders.append(SublatticeOrder(species, len(alone), vectors, peak, *shares))
    return orders


def bragg_peak(atoms: Atoms, reach: float = REACH) -> tuple[float, int]:
    """Largest |sum exp(i k.r)|^2 / N^2 over the wave vectors of the cell, k > 0, and how many there are (k, -k: one).

    Args:
        atoms: periodic; all its atoms count alike.
        reach: longest wave vector in units of 2 pi (N/V)^(1/3): how many there are follows from the number of atoms.
    """
    inside = atoms.get_scaled_positions(wrap=False)
    longest = reach * 2 * np.pi * (len(atoms) / atoms.get_volume()) ** (1 / 3)
    most = np.ceil(longest * atoms.cell.lengths() / (2 * np.pi)).astype(int)
    axes = [np.arange(most[0] + 1), *(np.arange(-n, n + 1) for n in most[1:])]
    x, y, z = (np.exp(2j * np.pi * np.outer(axis, column)) for axis, column in zip(axes, inside.T, strict=True))
    sums = ((x[:, None] * y[None]).reshape(-1, len(inside)) @ z.T).reshape([len(axis) for axis in axes])
    first, second, third = np.meshgrid(*axes, indexing="ij")
    vectors = np.stack([first, second, third], axis=-1) @ (2 * np.pi * atoms.cell.reciprocal().array)
    half = (first > 0) | (second > 0) | ((second == 0) & (third > 0))
    wanted = half & (np.linalg.norm(vectors, axis=-1) <= longest)
    return float((np.abs(sums[wanted]) ** 2).max() / len(inside) ** 2), int(wanted.sum())


def coherent_fraction(atoms: Atoms) -> float:
    """Share of the atoms in the largest cluster of solid-like ones, 0 to 1.

    P. R. ten Wolde, M. J. Ruiz-Montero, D. Frenkel, J. Chem. Phys. 104, 9932 (1996): a bond to one of the twelve
    nearest neighbours is coherent if the normalised product of the q6 vectors at its ends exceeds 0.7; an atom with six
    or more of them is solid-like.
    """
    import freud

    # freud wants neighbours within half a cell
    wide = _repeated(atoms, 2 * FARTHEST * (3 * NEIGHBOURS / (4 * np.pi)) ** (1 / 3) * _spacing_A(atoms))
    cell, turn = wide.cell.standard_form()
    box = freud.box.Box.from_matrix(cell.array.T)
    points = box.wrap(wide.get_positions() @ turn.T)
    solid = freud.order.SolidLiquid(l=DEGREE, q_threshold=COHERENT, solid_threshold=SOLID_BONDS)
    solid.compute((box, points), neighbors={"num_neighbors": NEIGHBOURS, "exclude_ii": True})
    largest = np.flatnonzero(np.asarray(solid.cluster_idx) == np.argmax(solid.cluster_sizes))
    return len(np.unique(largest % len(atoms))) / len(atoms)


def translated_fraction(atoms: Atoms) -> float:
    """Largest share of the atoms that one translation, not of the cell, takes onto atoms again, 0 to 1.

    A pure translation takes all atoms of a sublattice onto others; counted atom by atom it shows in a part of the cell,
    and through defects. Tried are the vectors from ``REFERENCES`` equally spaced atoms to all others; within
    ``SAME_PLACE`` two places are one.
    """
    inside = atoms.get_scaled_positions(wrap=True)
    number, tolerance = len(inside), SAME_PLACE * _spacing_A(atoms)
    tree = cKDTree(_with_margin(inside, atoms, tolerance) @ atoms.cell.array)
    best = 0
    for reference in np.linspace(0, number, REFERENCES, endpoint=False).astype(int):
        moves = inside - inside[reference]
        lengths = np.linalg.norm((moves - moves.round()) @ atoms.cell.array, axis=1)
        moves = moves[lengths > tolerance]  # the atom itself, or one on top of it, takes every atom onto itself
        moved = (inside[None] + moves[:, None]) % 1.0
        distance, _ = tree.query(moved.reshape(-1, 3) @ atoms.cell.array, distance_upper_bound=tolerance)
        best = max(best, int(np.isfinite(distance).reshape(-1, number).sum(axis=1).max(initial=0)))
    return best / number


def _spacing_A(atoms: Atoms) -> float:
    return float((atoms.get_volume() / len(atoms)) ** (1 / 3))


def _repeated(atoms: Atoms, width_A: float) -> Atoms:
    """As many cells side by side as make the structure this wide; atom k of a cell is k modulo their number."""
    return atoms.repeat(np.ceil(width_A / perpendicular_widths(atoms.cell.array)).astype(int))


def _with_margin(inside: np.ndarray, atoms: Atoms, margin_A: float) -> np.ndarray:
    """Scaled positions in the cell and of images within a margin around it."""
    margin = margin_A / perpendicular_widths(atoms.cell.array)
    steps = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    images = (inside[None] + steps).reshape(-1, 3)
    return images[((images > -margin) & (images < 1 + margin)).all(axis=1)]
