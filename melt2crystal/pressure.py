"""Pressure of a frame from its stress: what the forces carry, and what the motion adds."""

import numpy as np
from ase import Atoms
from ase.units import GPa, kB


def static_pressure_GPa(atoms: Atoms) -> float:
    """Pressure of the forces alone, GPa: minus a third of the trace of the stress that the frame's calculator gives."""
    return -float(np.trace(atoms.get_stress(voigt=False))) / 3 / GPa


def ideal_gas_pressure_GPa(atoms: Atoms, temperature_K: float) -> float:
    """Pressure N k T / V of the motion at a temperature, GPa."""
    return len(atoms) * kB * temperature_K / atoms.get_volume() / GPa
