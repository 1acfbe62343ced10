"""Random packings of atoms at a density, with minimum distances: the start of a melt, without crystalline order."""

import numpy as np
from ase import Atoms
from ase.units import _amu

from melt2crystal.frames import pair_limits

CM3_PER_A3 = 1e-24
ROUNDS = 2000


def cubic_edge(atoms_per_formula: dict[str, int], formula_units: int, density_g_per_cm3: float) -> float:
    """Edge of the cubic cell, Å, that holds ``formula_units`` at a density."""
    mass_g = formula_units * Atoms("".join(f"{s}{n}" for s, n in atoms_per_formula.items())).get_masses().sum()
    return float((mass_g * _amu * 1e3 / density_g_per_cm3 / CM3_PER_A3) ** (1 / 3))


def push_apart(positions: np.ndarray, edge: float, limits: np.ndarray, rounds: int = ROUNDS) -> np.ndarray:
    """Move overlapping atoms apart until every pair of a cubic periodic cell keeps its limit.

    Each round moves both atoms of a pair that is too close along their connection by half of what is missing
    (the overlap removal of Clarke & Wiley, Phys. Rev. B 35, 7350 (1987), without growth of the atoms).

    Args:
        positions: [n, 3], Å.
        edge: cell edge, Å; pairs are taken to the nearest image.
        limits: [n, n], Å.

    Raises:
        ValueError: the limits can't be met at this density.
    """
    positions = np.array(positions, dtype=float)
    for _ in range(rounds):
        separation = positions[:, None] - positions[None, :]
        separation -= edge * np.round(separation / edge)
        distance = np.linalg.norm(separation, axis=-1)
        missing = np.where(limits > 0, limits - distance, 0.0)
        if missing.max() <= 0:
            return positions % edge
        wanted = np.clip(missing + 0.01 * limits * (missing > 0), 0, None)  # a little more, or it only converges
        direction = separation / np.maximum(distance, 1e-9)[..., None]
        positions = positions + 0.5 * (wanted[..., None] * direction).sum(axis=1)
    raise ValueError(f"atoms still overlap after {rounds} rounds: the density is too high for these distances")


def random_packing(
    atoms_per_formula: dict[str, int],
    formula_units: int,
    density_g_per_cm3: float,
    minimum_distances_A: dict[str, float],
    generator: np.random.Generator,
) -> Atoms:
    """Uniformly random positions in a cubic cell, pushed apart to the minimum distances.

    Returns:
        Atoms, species in the order of the formula.

    Raises:
        ValueError: the distances can't be met at this density.
    """
    edge = cubic_edge(atoms_per_formula, formula_units, density_g_per_cm3)
    symbols = np.repeat(list(atoms_per_formula), [formula_units * n for n in atoms_per_formula.values()])
    start = generator.uniform(0, edge, (len(symbols), 3))
    limits = pair_limits([str(symbol) for symbol in symbols], minimum_distances_A)
    np.fill_diagonal(limits, 0.0)  # an atom's own images are a whole edge away
    positions = push_apart(start, edge, limits)
    return Atoms(list(symbols), positions=positions, cell=[edge] * 3, pbc=True)
