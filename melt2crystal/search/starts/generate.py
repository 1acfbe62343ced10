"""Random starting structures: cut from the melt, symmetric, symmetric and rattled, without symmetry (P1)."""

import functools
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.geometry import minkowski_reduce
from pyxtal.lattice import Lattice
from pyxtal.msg import VolumeError

from melt2crystal.frames import pair_limits
from melt2crystal.search.starts.melt_born import cut
from melt2crystal.search.starts.symmetric import IMAGES, NOT_ITSELF, holds, random_crystal, squares
from melt2crystal.structure.symmetry import primitive_part

ORIGINS = ("melt", "symmetric", "rattled", "p1")
GROUP_DRAWS = 60  # space groups tried before a start is given up
P1_LATTICES = 200  # lattices tried without symmetry
UNNAMED_A = 0.5  # pairs without a minimum distance may come so close, A
FEW = 6  # points tried first
POINTS = 60  # random points tried for each atom of a P1 start


class NoStart(Exception):
    """No structure met the minimum distances within the attempts."""


@dataclass(frozen=True)
class Recipe:
    """What a random start is made of; picklable, so that worker processes get it as it is.

    Args:
        formula: species -> atoms per formula unit.
        formula_units: formula units in the cell.
        volume_A3_per_atom: least and largest volume drawn, Å^3 per atom.
        minimum_distances_A: pair ('A-B') -> smallest distance allowed, Å.
        shares: of the first three origins; the rest is P1.
        rattle_A: standard deviation of the rattle, Å.
        melts: at rest, to be cut up; none: that share is P1 too.
    """

    formula: dict[str, int]
    formula_units: int
    volume_A3_per_atom: tuple[float, float]
    minimum_distances_A: dict[str, float]
    shares: tuple[float, float, float]
    rattle_A: float
    melts: tuple[Atoms, ...] = ()


def origin_of(index: int, shares: tuple[float, float, float]) -> str:
    """Origin of random start ``index``: whichever is furthest behind its share, so that any first n keep the shares."""
    shares_of_all = np.array([*shares, max(0.0, 1.0 - sum(shares))])
    choices, made = _choices(shares)
    while len(choices) <= index:
        choices.append(int(np.argmax(np.round(shares_of_all * (len(choices) + 1) - made, 9))))
        made[choices[-1]] += 1
    return ORIGINS[choices[index]]


@functools.cache
def _choices(shares: tuple[float, float, float]) -> tuple[list[int], np.ndarray]:
    """Origins of the random starts so far, and how many each has; grown by :func:`origin_of`."""
    return [], np.zeros(len(ORIGINS))


def start(recipe: Recipe, origin: str, rng: np.random.Generator) -> Atoms:
    """One random start, a primitive cell with ``info['group']``, the space group it was drawn from (1 for P1).

    Raises:
        NoStart: nothing fitted within the attempts.
    """
    if origin == "melt" and recipe.melts:
        return _melt_born(recipe, rng)
    if origin in ("melt", "p1"):
        return _unsymmetric(recipe, rng)
    atoms = _symmetric(recipe, rng)
    return rattled(atoms, recipe.rattle_A, rng) if origin == "rattled" else atoms


def rattled(atoms: Atoms, amplitude_A: float, rng: np.random.Generator) -> Atoms:
    """A copy without symmetry: normal displacements (standard deviation, Å), strained by a tenth of that per Å."""
    copy = atoms.copy()
    strain = np.eye(3) + rng.normal(scale=0.1 * amplitude_A, size=(3, 3))
    copy.set_cell(copy.cell.array @ strain, scale_atoms=True)
    copy.positions += rng.normal(scale=amplitude_A, size=(len(copy), 3))
    return copy


@functools.cache
def possible_groups(counts: tuple[int, ...]) -> tuple[int, ...]:
    """Space groups (2-230) whose Wyckoff positions can hold this many atoms of each species in the primitive cell."""
    return tuple(number for number in range(2, 231) if holds(number, counts))


def _symmetric(recipe: Recipe, rng: np.random.Generator) -> Atoms:
    counts = tuple(number * recipe.formula_units for number in recipe.formula.values())
    groups = possible_groups(counts)
    if not groups:
        raise NoStart(f"no space group holds {counts} atoms of {', '.join(recipe.formula)}")
    for _ in range(GROUP_DRAWS):
        number = int(rng.choice(groups))
        volume = rng.uniform(*recipe.volume_A3_per_atom) * sum(counts)
        atoms = random_crystal(
            number, dict(zip(recipe.formula, counts, strict=True)), volume, recipe.minimum_distances_A, UNNAMED_A, rng
        )
        primitive = _primitive(atoms) if atoms is not None else None
        # a cell that turns out smaller belongs to the search with fewer formula units
        if primitive is not None and len(primitive) == sum(counts):
            primitive.info["group"] = number
            return primitive
    raise NoStart(f"no symmetric start in {GROUP_DRAWS} space groups")


def _melt_born(recipe: Recipe, rng: np.random.Generator) -> Atoms:
    symbols = [symbol for symbol, number in recipe.formula.items() for _ in range(number * recipe.formula_units)]
    volume = rng.uniform(*recipe.volume_A3_per_atom) * len(symbols)
    piece = cut(recipe.melts, symbols, volume, recipe.minimum_distances_A, rng)
    if piece is None:
        raise NoStart(f"no piece of {len(recipe.melts)} melts has the composition and keeps the minimum distances")
    piece.info["group"] = 1
    return piece


def _unsymmetric(recipe: Recipe, rng: np.random.Generator) -> Atoms:
    """Random triclinic lattice, atoms added one by one where they fit (PyXtal's P1 needs a second a structure)."""
    symbols = [symbol for symbol, number in recipe.formula.items() for _ in range(number * recipe.formula_units)]
    limits = pair_limits(symbols, recipe.minimum_distances_A, unnamed_A=UNNAMED_A)
    for _ in range(P1_LATTICES):
        volume = rng.uniform(*recipe.volume_A3_per_atom) * len(symbols)
        child = np.random.default_rng(rng.integers(2**63))
        try:
            cell = Lattice("triclinic", volume, random_state=child).matrix
        except (VolumeError, RuntimeError, ValueError):
            continue
        compact = minkowski_reduce(cell)[0]
        scaled = _pack(compact, limits, rng)
        if scaled is not None:
            atoms = Atoms(symbols, scaled_positions=scaled, cell=compact, pbc=True)
            atoms.info["group"] = 1
            return atoms
    raise NoStart(f"no P1 start in {P1_LATTICES} lattices; are the minimum distances too large for the volume range?")


def _pack(cell: np.ndarray, limits: np.ndarray, rng: np.random.Generator) -> np.ndarray | None:
    """Random sequential addition: scaled positions [n, 3] that keep ``limits`` [n, n] (Å); None if one fits nowhere."""
    shifts = IMAGES @ cell
    shortest = np.sqrt((shifts**2).sum(axis=1)[NOT_ITSELF].min())
    placed = np.empty((0, 3))
    for index in range(len(limits)):
        if shortest < limits[index, index]:
            return None
        points, point = rng.random((POINTS, 3)), None
        for some in (points[:FEW], points[FEW:]):  # mostly one of the first few fits
            distances = squares(some[:, None] - placed, cell, shifts)
            fits = np.flatnonzero((distances >= limits[index, :index] ** 2).all(axis=1))
            if len(fits):
                point = some[fits[0]]
                break
        if point is None:
            return None
        placed = np.vstack([placed, point])
    return placed


def in_order(atoms: Atoms, species: list[str]) -> Atoms:
    """Atoms sorted by species, wrapped, in a compact (Minkowski reduced) cell: the same crystal."""
    compact = atoms[[k for symbol in species for k, own in enumerate(atoms.symbols) if own == symbol]]
    reduced, _ = compact.cell.minkowski_reduce()
    compact.set_cell(reduced)
    compact.wrap()
    return compact


def _primitive(atoms: Atoms) -> Atoms | None:
    found = primitive_part(atoms, symprec_A=1e-3)
    return None if found is None else in_order(found, list(dict.fromkeys(atoms.get_chemical_symbols())))
