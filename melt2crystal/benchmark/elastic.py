"""Elastic constants of a relaxed crystal from stresses of strained cells whose ions are relaxed.

C_jk = d sigma_j / d epsilon_k in Voigt's notation, by central differences; J. F. Nye, Physical Properties of Crystals
(1957), chapter VIII. Averages over orientations: R. Hill, Proc. Phys. Soc. A 65, 349 (1952).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.units import GPa
from numpy.typing import NDArray

Array = NDArray[np.float64]
# ions relaxed in each cell -> stress [6] in Voigt's order xx yy zz yz xz xy, eV/Å^3, tension positive
IonsRelaxed = Callable[[Sequence[Atoms]], Sequence[Array]]
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))


@dataclass(frozen=True)
class Elasticity:
    """Elastic constants and what follows from them.

    Attributes:
        constants_GPa: [6, 6], symmetric, Voigt's order, axes as the structure is oriented.
        asymmetry_GPa: largest difference of C_jk and C_kj before they are averaged: the numerical error.
        bulk_GPa, shear_GPa: means of Voigt's and Reuss' averages (Hill); not numbers where the crystal is unstable.
        stable: every strain costs energy (Born).
    """

    constants_GPa: Array
    asymmetry_GPa: float
    bulk_GPa: float
    shear_GPa: float
    stable: bool


def strained(crystal: Atoms, component: int, strain: float) -> Atoms:
    """The crystal under one component of Voigt's strain (engineering shear), fractional coordinates kept."""
    i, j = VOIGT[component]
    epsilon = np.zeros((3, 3))
    epsilon[i, j] = epsilon[j, i] = strain if i == j else strain / 2
    atoms = crystal.copy()
    atoms.calc = None
    atoms.set_cell(crystal.cell.array @ (np.eye(3) + epsilon), scale_atoms=True)
    return atoms


def elasticity(crystal: Atoms, ions_relaxed: IonsRelaxed, strain: float) -> Elasticity:
    """Elastic constants of a crystal at rest.

    Args:
        crystal: cell and ions relaxed, at no pressure.
        ions_relaxed: relaxes the ions of each cell and returns the stresses.
        strain: of each component, of both signs.

    Raises:
        Whatever ``ions_relaxed`` raises.
    """
    cells = [strained(crystal, component, sign * strain) for component in range(6) for sign in (1, -1)]
    stresses = np.array(ions_relaxed(cells)).reshape(6, 2, 6) / GPa
    found = ((stresses[:, 0] - stresses[:, 1]) / (2 * strain)).T
    constants = (found + found.T) / 2
    stable = bool((np.linalg.eigvalsh(constants) > 0).all())
    bulk, shear = hill(constants) if stable else (float("nan"), float("nan"))
    return Elasticity(constants, float(np.abs(found - found.T).max()), bulk, shear, stable)


def hill(constants: Array) -> tuple[float, float]:
    """Bulk and shear modulus of a polycrystal: means of Voigt's and Reuss' averages, in the unit of the constants."""
    compliances = np.linalg.inv(constants)
    normal, between = np.trace(constants[:3, :3]), constants[0, 1] + constants[1, 2] + constants[0, 2]
    voigt = (normal + 2 * between) / 9, (normal - between + 3 * np.trace(constants[3:, 3:])) / 15
    normal, between = np.trace(compliances[:3, :3]), compliances[0, 1] + compliances[1, 2] + compliances[0, 2]
    reuss = 1 / (normal + 2 * between), 15 / (4 * normal - 4 * between + 3 * np.trace(compliances[3:, 3:]))
    return float((voigt[0] + reuss[0]) / 2), float((voigt[1] + reuss[1]) / 2)
