"""Relaxation of cell and atoms at a pressure with any ASE calculator."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.filters import UnitCellFilter
from ase.optimize import BFGS
from ase.units import GPa

# BFGS's first guess of the curvature. ASE's 70 is for stiff molecules; random silica cells of 6 and 12 atoms needed
# 105 and 199 evaluations with it, 74 and 145 with 25, and went to unphysically low energies with 15.
_STIFFNESS_EV_PER_A2 = 25.0

# (energy eV per atom, volume Å³ per atom) -> what is wrong, or None; asked after every step
Guard = Callable[[float, float], str | None]


@dataclass(frozen=True)
class Relaxed:
    """End of one relaxation.

    Args:
        atoms: the structure reached, without calculator.
        energy_eV: energy of the cell.
        converged: the largest force and scaled stress are below the limit.
        evaluations: energy evaluations spent.
        complaint: why the relaxation was given up (insane), or None.
    """

    atoms: Atoms
    energy_eV: float
    converged: bool
    evaluations: int
    complaint: str | None = None


def enthalpy(energy_eV: float, volume_A3: float, pressure_GPa: float) -> float:
    """H = E + p V in eV; 1 GPa Å^3 = 6.2415e-3 eV."""
    return energy_eV + pressure_GPa * GPa * volume_A3


def relax(
    atoms: Atoms,
    calculator: Calculator,
    pressure_GPa: float,
    force_eV_per_A: float,
    steps: int,
    loose_force_eV_per_A: float = 0.3,
    guard: Guard | None = None,
) -> Relaxed:
    """Relax cell and atoms at hydrostatic pressure, BFGS in two stages.

    The second stage starts anew in the cell the first one reached: a strain counted from a cell far away is a poor
    coordinate. The filter is ASE's UnitCellFilter: FrechetCellFilter needs 20 ms a step for matrix logarithms, this
    one 3 ms, and both are stationary at the same structures.

    Args:
        force_eV_per_A: largest force, and largest virial plus p V divided by the number of atoms, at the end.
        steps: most steps of both stages together.

    Raises:
        Whatever the calculator raises.
    """
    moving = atoms.copy()
    moving.calc = calculator
    spent, converged = 0, False
    for limit in (max(force_eV_per_A, loose_force_eV_per_A), force_eV_per_A):
        optimiser = _optimiser(moving, pressure_GPa)
        for state in optimiser.irun(fmax=limit, steps=steps - spent):
            converged = bool(state)
            complaint = _complaint(moving, guard)
            if complaint is not None:
                return Relaxed(_bare(moving), float("nan"), False, spent + optimiser.nsteps + 1, complaint)
        spent += optimiser.nsteps
        if not converged:
            break
    return Relaxed(_bare(moving), float(moving.get_potential_energy()), converged, spent + 1)


def _optimiser(moving: Atoms, pressure_GPa: float) -> BFGS:
    with warnings.catch_warnings():  # ASE advises FrechetCellFilter
        warnings.simplefilter("ignore")
        filtered = UnitCellFilter(moving, scalar_pressure=pressure_GPa * GPa)
        return BFGS(filtered, logfile=None, alpha=_STIFFNESS_EV_PER_A2)  # type: ignore[arg-type]


def _complaint(moving: Atoms, guard: Guard | None) -> str | None:
    energy = moving.get_potential_energy()
    if not (np.isfinite(energy) and np.isfinite(moving.get_forces()).all() and np.isfinite(moving.get_stress()).all()):
        return "energy, forces or stress are not finite"
    return guard(energy / len(moving), moving.get_volume() / len(moving)) if guard is not None else None


def _bare(atoms: Atoms) -> Atoms:
    copy = atoms.copy()
    copy.calc = None
    return copy
