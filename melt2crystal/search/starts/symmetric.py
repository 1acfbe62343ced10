"""Random crystals of a given space group: orbits of its Wyckoff positions, added one after the other where they fit.

Tables and lattices are PyXtal's (S. Fredericks et al., Comput. Phys. Commun. 261, 107810 (2021)). Its own generator
makes and merges sites in Python loops, as dear as the relaxation that follows; here an orbit is tried at many random
points at once, in the primitive cell.
"""

import functools
from ast import literal_eval
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.geometry import minkowski_reduce
from numpy.typing import NDArray
from pyxtal.lattice import Lattice
from pyxtal.msg import VolumeError
from pyxtal.symmetry import SYMDATA, get_pbc_and_lattice, get_symbol_and_number, get_wyckoffs

from melt2crystal.frames import pair_limits

Array = NDArray[np.float64]
POINTS = 24  # random points tried for an orbit
LATTICES = 3  # tried with each choice of Wyckoff positions
CHOICES = 4  # of Wyckoff positions
FEW = 4  # of these that are tried first
NODES = 60  # of the tree in which these are looked for
IMAGES = np.array(list(np.ndindex(3, 3, 3)), dtype=float) - 1.0  # enough in a Minkowski reduced cell
NOT_ITSELF = np.abs(IMAGES).sum(axis=1) > 0
CENTRINGS: dict[str, Array] = {  # rows: primitive vectors in units of the conventional ones
    "P": np.eye(3),
    "A": np.array([[1, 0, 0], [0, 0.5, -0.5], [0, 0.5, 0.5]]),
    "C": np.array([[0.5, -0.5, 0], [0.5, 0.5, 0], [0, 0, 1]]),
    "I": np.array([[-0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.5, 0.5, -0.5]]),
    "F": np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]),
    "R": np.array([[2, 1, 1], [-1, 1, 1], [-1, -2, 1]]) / 3,
}


@dataclass(frozen=True)
class Position:
    """A Wyckoff position: ``operations`` [atoms in the primitive cell, 3, 4] make its orbit of a point; a fixed one can
    be taken once."""

    operations: Array
    fixed: bool


@dataclass(frozen=True)
class SpaceGroup:
    """What a crystal of a space group is made with."""

    number: int
    lattice: str
    primitive: Array
    positions: tuple[Position, ...]


@functools.cache
def space_group(number: int) -> SpaceGroup:
    """One of the 230, from PyXtal's tables in its standard settings."""
    symbol, _ = get_symbol_and_number(number, 3)
    primitive = CENTRINGS[symbol[0]]
    to_primitive = np.linalg.inv(primitive)
    anywhere = np.array([0.1371, 0.2713, 0.4157, 1.0])
    positions = []
    for listed in get_wyckoffs(number, dim=3):
        operations = np.array([operation.affine_matrix[:3] for operation in listed])
        inside = np.round((operations @ anywhere @ to_primitive) % 1.0, 6) % 1.0
        _, kept = np.unique(inside, axis=0, return_index=True)
        fixed = not np.abs(operations[:, :, :3]).max() > 1e-6
        positions.append(Position(operations[np.sort(kept)], fixed))
    return SpaceGroup(number, get_pbc_and_lattice(number, 3)[1], primitive, tuple(positions))


@functools.cache
def sizes_of(number: int) -> tuple[tuple[int, bool], ...]:
    """Atoms in the primitive cell of each Wyckoff position, and whether it is fixed.

    Read off the tables' text: to make the operations of all groups takes a second, and few are ever drawn.
    """
    cells = abs(np.linalg.det(CENTRINGS[get_symbol_and_number(number, 3)[0][0]]))
    listed = literal_eval(SYMDATA.get_wyckoff_sg()["0"][number])
    return tuple((round(len(orbit) * cells), not set("xyz") & set(orbit[0])) for orbit in listed)


@functools.cache
def holds(number: int, counts: tuple[int, ...]) -> bool:
    """Whether the group's positions can hold so many atoms of each species in the primitive cell."""
    return sites(number, counts, None) is not None


def sites(number: int, counts: tuple[int, ...], rng: np.random.Generator | None) -> list[tuple[int, int]] | None:
    """Species and position of each orbit, drawn at random (without ``rng``: the first that is found); None if there is
    none, or none was found within the attempts."""
    sizes, fixed = zip(*sizes_of(number), strict=True)
    order = range(len(sizes))
    left = [NODES if rng is not None else 20 * NODES]

    def filled(species: int, missing: int, taken: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
        if missing == 0:
            species += 1
            if species == len(counts):
                return taken
            missing = counts[species]
        left[0] -= 1
        if left[0] < 0:
            return None
        used = {position for _, position in taken if fixed[position]}
        for position in rng.permutation(len(sizes)) if rng is not None else order:
            if sizes[position] <= missing and position not in used:
                found = filled(species, missing - sizes[position], [*taken, (species, int(position))])
                if found is not None:
                    return found
        return None

    return filled(0, counts[0], [])


def random_crystal(
    number: int,
    formula: dict[str, int],
    volume_A3: float,
    minimum_distances_A: dict[str, float],
    unnamed_A: float,
    rng: np.random.Generator,
) -> Atoms | None:
    """A primitive cell with at least the symmetry of a space group, or None if nothing fitted.

    Args:
        number: International Tables number.
        formula: species -> atoms in the primitive cell.
        volume_A3: of the primitive cell.
        minimum_distances_A: pair ('A-B') -> smallest distance; unnamed_A: of pairs that are not named.
    """
    group = space_group(number)
    symbols = [symbol for symbol, count in formula.items() for _ in range(count)]
    limits = pair_limits(list(formula), minimum_distances_A, unnamed_A)
    for _ in range(CHOICES):
        chosen = sites(number, tuple(formula.values()), rng)
        if chosen is None:
            continue
        for _ in range(LATTICES):
            cell = _lattice(group, volume_A3, rng)
            placed = _placed(group, chosen, cell, limits, rng) if cell is not None else None
            if placed is not None:
                order = np.argsort(placed[1], kind="stable")
                return Atoms(symbols, positions=placed[0][order], cell=placed[2], pbc=True)
    return None


def _lattice(group: SpaceGroup, volume_A3: float, rng: np.random.Generator) -> Array | None:
    """Primitive vectors of a random lattice of the group's crystal system, Å."""
    child = np.random.default_rng(rng.integers(2**63))  # how many numbers it uses must not matter
    conventional = volume_A3 / abs(np.linalg.det(group.primitive))
    try:
        return group.primitive @ np.asarray(
            Lattice(group.lattice, conventional, random_state=child).matrix, dtype=float
        )
    except (VolumeError, RuntimeError, ValueError):
        return None


def _placed(
    group: SpaceGroup, chosen: list[tuple[int, int]], cell: Array, limits: Array, rng: np.random.Generator
) -> tuple[Array, NDArray[np.int64], Array] | None:
    """Positions (Å) and species of all atoms, and their compact cell; None if an orbit fits nowhere."""
    compact, _ = minkowski_reduce(cell)
    shifts = IMAGES @ compact
    shortest = np.sqrt((shifts**2).sum(axis=1)[NOT_ITSELF].min())
    from_conventional = np.linalg.inv(group.primitive) @ cell @ np.linalg.inv(compact)
    placed, kinds = np.empty((0, 3)), np.empty(0, dtype=np.int64)
    for species, position in chosen:
        if shortest < limits[species, species]:
            return None
        operations = group.positions[position].operations
        points = rng.random((1 if group.positions[position].fixed else POINTS, 3))
        others = np.append(np.full(len(operations) - 1, limits[species, species]), limits[species][kinds])
        orbit = None
        for some in (points[:FEW], points[FEW:]):  # mostly one of the first few fits
            orbits = np.einsum("kij,pj->pki", operations[:, :, :3], some) + operations[:, :, 3]
            orbits = (orbits @ from_conventional) % 1.0
            # the group maps any atom of the orbit to its first and leaves what is there unchanged
            there = np.concatenate([orbits[:, 1:], np.broadcast_to(placed, (len(some), *placed.shape))], axis=1)
            between = orbits[:, :1] - there
            fits = np.flatnonzero((squares(between, compact, shifts) >= others**2).all(axis=1))
            if len(fits):
                orbit = orbits[fits[0]]
                break
        if orbit is None:
            return None
        placed = np.vstack([placed, orbit])
        kinds = np.append(kinds, np.full(len(operations), species))
    return placed @ compact, kinds, compact


def squares(between: Array, cell: Array, shifts: Array) -> Array:
    """Smallest squared lengths over the images, Å^2.

    Args:
        between: [..., 3] in units of the cell.
        cell: Minkowski reduced, Å; shifts: ``IMAGES @ cell``.
    """
    nearest = (between - np.round(between)) @ cell
    return ((nearest[..., None, :] + shifts) ** 2).sum(axis=-1).min(axis=-1)
