"""Starts cut from the melt: a small periodic cell of the right composition out of a large disordered one.

What crystallises from a melt is often what its small pieces relax to (M. Aykol et al., Nat. Comput. Sci. 5, 105 (2025);
arXiv:2310.01117). Here the pieces have any shape and orientation, and any density that melts around the pressure have.
"""

from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.geometry import minkowski_reduce
from numpy.typing import NDArray

from melt2crystal.frames import pair_limits
from melt2crystal.search.starts.symmetric import IMAGES, NOT_ITSELF

Array = NDArray[np.float64]
LATTICES = 24  # shapes tried before a cut is given up
ORIGINS = 32  # places tried with each shape
SHAPE = 0.3  # standard deviation of the elements of a random shape before its volume is set
ROUNDS = 40  # in which atoms that meet at a cut are moved apart


def cut(
    melts: Sequence[Atoms],
    symbols: Sequence[str],
    volume_A3: float,
    minimum_distances_A: dict[str, float],
    rng: np.random.Generator,
) -> Atoms | None:
    """A cell of these atoms from one of the melts, or None if nothing fitted.

    Args:
        melts: at rest; larger than the cell.
        symbols: species of the atoms, in the order wanted.
        volume_A3: volume of the cell: the piece is scaled to it.
        minimum_distances_A: pair ('A-B') -> smallest distance; atoms that meet at the faces are moved apart to it.
    """
    species = list(dict.fromkeys(symbols))
    wanted = np.array([list(symbols).count(symbol) for symbol in species])
    limits = pair_limits(list(symbols), minimum_distances_A)
    for _ in range(LATTICES):
        melt = melts[int(rng.integers(len(melts)))]
        shape = _shape(rng)
        piece = melt.get_volume() / len(melt) * len(symbols)
        lattice = minkowski_reduce(shape * (piece / abs(np.linalg.det(shape))) ** (1 / 3))[0]
        cell = lattice * (volume_A3 / piece) ** (1 / 3)
        for scaled, kinds in _pieces(melt, lattice, species, wanted, rng):
            order = np.argsort(kinds, kind="stable")
            apart = moved_apart(scaled[order], cell, limits)
            if apart is not None:
                return Atoms(symbols, scaled_positions=apart, cell=cell, pbc=True)
    return None


def _shape(rng: np.random.Generator) -> Array:
    """A random lattice that is no plate and no needle, turned at random."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return (np.eye(3) + SHAPE * rng.normal(size=(3, 3))) @ turn


def _pieces(
    melt: Atoms, lattice: Array, species: list[str], wanted: NDArray[np.int64], rng: np.random.Generator
) -> list[tuple[Array, NDArray[np.int64]]]:
    """Scaled positions and kinds of the atoms of pieces with the right composition, cut at random places."""
    to_piece = melt.cell.array @ np.linalg.inv(lattice)
    to_melt = np.linalg.inv(to_piece)
    reach = np.abs(to_melt).sum(axis=0) / 2  # of a piece from its middle, along the vectors of the melt
    further = [np.arange(-n, n + 1) for n in np.ceil(np.maximum(reach - 0.5, 0)).astype(int)]
    images = np.stack(np.meshgrid(*further, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = melt.get_scaled_positions()
    number_of = {symbol: number for number, symbol in enumerate(species)}
    kinds = np.array([number_of.get(symbol, len(species)) for symbol in melt.get_chemical_symbols()])
    origins = rng.random((ORIGINS, 3))
    from_middle = inside - (origins + to_melt.sum(axis=0) / 2)[:, None]
    nearest = -np.round(from_middle)
    shifts = nearest[:, None] + images[:, None]  # [origins, images, atoms, 3]
    scaled = (from_middle[:, None] + shifts) @ to_piece + 0.5
    within = ((scaled >= 0) & (scaled < 1)).all(axis=-1)
    counts = np.stack([within[..., kinds == kind].sum(axis=(1, 2)) for kind in range(len(species) + 1)], axis=1)
    found = []
    for chosen in np.flatnonzero((counts == [*wanted, 0]).all(axis=1)):
        image, atom = np.nonzero(within[chosen])
        order = np.lexsort((atom, *shifts[chosen, image, atom].T[::-1]))  # by cell, as atoms stand in the melt
        found.append((scaled[chosen, image[order], atom[order]], kinds[atom[order]]))
    return found


def moved_apart(scaled: Array, cell: Array, limits: Array) -> Array | None:
    """Scaled positions in which no two atoms are nearer than their limit, or None if pushing does not reach that.

    Args:
        scaled: [n, 3]; cell: Minkowski reduced, Å; limits: [n, n], Å.
    """
    shifts = IMAGES @ cell
    if np.sqrt((shifts**2).sum(axis=1)[NOT_ITSELF].min()) < limits.diagonal().max():
        return None
    inverse = np.linalg.inv(cell)
    places = scaled @ cell
    one, other = np.triu_indices(len(places), 1)
    apart = limits[one, other]
    for _ in range(ROUNDS):
        wrapped = (places @ inverse) % 1.0
        between = wrapped[one] - wrapped[other]
        vectors = ((between - np.round(between)) @ cell)[:, None] + shifts  # [pairs, 27, 3], from the other to the one
        squares = (vectors**2).sum(axis=-1)
        pair, image = np.nonzero(squares < apart[:, None] ** 2)
        if not len(pair):
            return wrapped
        distances = np.sqrt(squares[pair, image])
        # half the overlap each, a little more so that it ends
        push = 0.55 * (apart[pair] - distances) / np.maximum(distances, 1e-3)
        moves = push[:, None] * vectors[pair, image]
        places = wrapped @ cell
        np.add.at(places, one[pair], moves)
        np.subtract.at(places, other[pair], moves)
    return None
