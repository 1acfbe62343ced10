"""Relaxation of cell and atoms at a pressure with any ASE calculator."""

import warnings
from collections.abc import Sequence

import numpy as np
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.filters import UnitCellFilter
from ase.optimize import BFGS
from ase.units import GPa

from melt2crystal.errors import EngineError
from melt2crystal.relaxation.relaxer import (
    LOOSE_FORCE_EV_PER_A,
    STIFFNESS_EV_PER_A2,
    Guard,
    Relaxed,
    Target,
    bare,
    said,
)


class OneByOne:
    """Relaxes structures one after the other with any ASE calculator."""

    def __init__(self, calculator: Calculator) -> None:
        self.calculator = calculator

    def relax_all(self, starts: Sequence[Atoms], target: Target) -> list[Relaxed]:
        """Their ends, in their order; what the calculator raises is the failure of one of them, but for an EngineError:
        a calculator that could not work at all."""
        return [self._end(atoms, target) for atoms in starts]

    def _end(self, atoms: Atoms, target: Target) -> Relaxed:
        self.calculator.reset()
        try:
            return relax(
                atoms, self.calculator, target.pressure_GPa, target.force_eV_per_A, target.steps, guard=target.guard
            )
        except EngineError:  # says nothing of this structure
            raise
        except Exception as error:  # calculators raise anything
            return Relaxed(bare(atoms), float("nan"), False, 0, failure=said(error))


def relax(
    atoms: Atoms,
    calculator: Calculator,
    pressure_GPa: float,
    force_eV_per_A: float,
    steps: int,
    loose_force_eV_per_A: float = LOOSE_FORCE_EV_PER_A,
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
                return Relaxed(bare(moving), float("nan"), False, spent + optimiser.nsteps + 1, complaint)
        spent += optimiser.nsteps
        if not converged:
            break
    return Relaxed(bare(moving), float(moving.get_potential_energy()), converged, spent + 1)


def _optimiser(moving: Atoms, pressure_GPa: float) -> BFGS:
    with warnings.catch_warnings():  # ASE advises FrechetCellFilter
        warnings.simplefilter("ignore")
        filtered = UnitCellFilter(moving, scalar_pressure=pressure_GPa * GPa)
        return BFGS(filtered, logfile=None, alpha=STIFFNESS_EV_PER_A2)  # type: ignore[arg-type]


def _complaint(moving: Atoms, guard: Guard | None) -> str | None:
    energy = moving.get_potential_energy()
    if not (np.isfinite(energy) and np.isfinite(moving.get_forces()).all() and np.isfinite(moving.get_stress()).all()):
        return "energy, forces or stress are not finite"
    return guard(energy / len(moving), moving.get_volume() / len(moving)) if guard is not None else None
