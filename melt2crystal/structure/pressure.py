"""Pressure of a frame from its stress: what the forces carry, what the motion adds; and pressures in classes."""

import numpy as np
import pandas as pd
from ase import Atoms
from ase.units import GPa, kB

MOST_PRESSURES = 18  # two rows of the legend


def static_pressure_GPa(atoms: Atoms) -> float:
    """Pressure of the forces alone, GPa: minus a third of the trace of the stress that the frame's calculator gives."""
    return -float(np.trace(atoms.get_stress(voigt=False))) / 3 / GPa


def ideal_gas_pressure_GPa(atoms: Atoms, temperature_K: float) -> float:
    """Pressure N k T / V of the motion at a temperature, GPa."""
    return len(atoms) * kB * temperature_K / atoms.get_volume() / GPa


def too_many_to_name(pressures_GPa: pd.Series) -> bool:
    """Whether ``in_classes`` rounds these pressures, which a label has to say."""
    return pressures_GPa.nunique() > MOST_PRESSURES


def in_classes(pressures_GPa: pd.Series) -> pd.Series:
    """Pressures as a legend can name them: themselves, or rounded where there are too many, GPa.

    Walks at constant volume have each a pressure of its own. They are rounded to the smallest step (5, 10, 20, ... GPa)
    that leaves at most ``MOST_PRESSURES``.
    """
    if not too_many_to_name(pressures_GPa):
        return pressures_GPa
    steps = (factor * 10.0**power for power in range(9) for factor in (5, 10, 20))
    step = next(step for step in steps if (pressures_GPa / step).round().nunique() <= MOST_PRESSURES)
    return (pressures_GPa / step).round() * step + 0.0  # no minus zero
