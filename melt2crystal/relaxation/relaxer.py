"""What every relaxation of cell and atoms asks for and returns; the neighbouring modules relax."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ase import Atoms
from ase.units import GPa

# BFGS's first guess of the curvature. ASE's 70 is for stiff molecules; random silica cells of 6 and 12 atoms needed
# 105 and 199 evaluations with it, 74 and 145 with 25, and went to unphysically low energies with 15.
STIFFNESS_EV_PER_A2 = 25.0
LOOSE_FORCE_EV_PER_A = 0.3  # end of the first stage

# (energy eV per atom, volume A^3 per atom) -> what is wrong, or None; asked after every step
Guard = Callable[[float, float], str | None]


@dataclass(frozen=True)
class Target:
    """What a relaxation is to reach.

    Args:
        pressure_GPa: hydrostatic pressure.
        force_eV_per_A: largest force, and largest virial plus p V divided by the number of atoms, at the end.
        steps: most steps of both stages together.
        guard: ends a structure that is no crystal any more; None: none is ended.
    """

    pressure_GPa: float
    force_eV_per_A: float
    steps: int
    guard: Guard | None = None


@dataclass(frozen=True)
class Relaxed:
    """End of one relaxation.

    Args:
        atoms: the structure reached, without calculator.
        energy_eV: energy of the cell.
        converged: the largest force and scaled stress are below the limit.
        evaluations: energy evaluations spent.
        complaint: why the relaxation was given up (insane), or None.
        failure: what the potential raised, or None.
    """

    atoms: Atoms
    energy_eV: float
    converged: bool
    evaluations: int
    complaint: str | None = None
    failure: str | None = None


class Relaxer(Protocol):
    """Relaxes structures; whatever befalls one of them is said in its end, and the others go on."""

    def relax_all(self, starts: Sequence[Atoms], target: Target) -> list[Relaxed]:
        """Their ends, in their order."""


def enthalpy(energy_eV: float, volume_A3: float, pressure_GPa: float) -> float:
    """H = E + p V in eV; 1 GPa Å^3 = 6.2415e-3 eV."""
    return energy_eV + pressure_GPa * GPa * volume_A3


def said(error: Exception) -> str:
    """An exception in one line."""
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def bare(atoms: Atoms) -> Atoms:
    """A copy without calculator."""
    copy = atoms.copy()
    copy.calc = None
    return copy
