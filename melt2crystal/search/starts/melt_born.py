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

Array = NDArray[np.float64]
LATTICES = 24  # shapes tried before a cut is given up
ORIGINS = 32  # places tried with each shape
SHAPE = 0.3  # standard deviation of the elements of a random shape before its volume is set
ROUNDS = 40  # in which atoms that meet at a cut are moved apart
IMAGES = np.array(list(np.ndindex(3, 3, 3)), dtype=float) - 1.0  # enough in a Minkowski reduced cell


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
    corners = np.array(list(np.ndindex(2, 2, 2)), dtype=float) @ lattice @ np.linalg.inv(melt.cell.array)
    low, high = np.floor(corners.min(axis=0)).astype(int), np.ceil(corners.max(axis=0)).astype(int) + 1
    images = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1).reshape(-1, 3)
    inside = melt.get_scaled_positions()
    to_piece = melt.cell.array @ np.linalg.inv(lattice)
    everywhere = (inside[None] + images[:, None]).reshape(-1, 3) @ to_piece
    number_of = {symbol: number for number, symbol in enumerate(species)}
    kinds = np.tile([number_of.get(symbol, len(species)) for symbol in melt.get_chemical_symbols()], len(images))
    found = []
    for origin in rng.random((ORIGINS, 3)) @ to_piece:
        scaled = everywhere - origin
        own = np.flatnonzero(((scaled >= 0) & (scaled < 1)).all(axis=1))
        if len(own) == wanted.sum() and np.array_equal(np.bincount(kinds[own], minlength=len(wanted)), wanted):
            found.append((scaled[own], kinds[own]))
    return found


def moved_apart(scaled: Array, cell: Array, limits: Array) -> Array | None:
    """Scaled positions in which no two atoms are nearer than their limit, or None if pushing does not reach that.

    Args:
        scaled: [n, 3]; cell: Minkowski reduced, Å; limits: [n, n], Å.
    """
    lengths = np.linalg.norm(IMAGES @ cell, axis=1)
    if lengths[lengths > 0].min() < limits.diagonal().max():
        return None
    inverse = np.linalg.inv(cell)
    places = scaled @ cell
    itself = np.eye(len(places), dtype=bool)
    for _ in range(ROUNDS):
        wrapped = (places @ inverse) % 1.0
        between = (wrapped[:, None] - wrapped[None]) % 1.0
        vectors = (between[:, :, None] + IMAGES) @ cell  # [n, n, 27, 3], from the second atom to the first
        distances = np.linalg.norm(vectors, axis=3)
        distances[itself] = np.inf
        overlap = np.maximum(limits[:, :, None] - distances, 0.0)
        if not overlap.any():
            return wrapped
        # half the overlap each, a little more so that it ends
        push = 0.55 * overlap / np.maximum(distances, 1e-3)
        places = wrapped @ cell + np.einsum("ijk,ijkc->ic", push, vectors)
    return None
