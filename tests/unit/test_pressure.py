"""Pressure from the stress, and of an ideal gas, against numbers known otherwise."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.pressure import ideal_gas_pressure_GPa, static_pressure_GPa


def test_ideal_gas_of_known_density() -> None:
    # one mole of atoms in 22.414 l at 273.15 K has 101,325 Pa
    volume_A3 = 22.414e27 / 6.02214076e23
    gas = Atoms("Ar", cell=[volume_A3 ** (1 / 3)] * 3, pbc=True)
    assert ideal_gas_pressure_GPa(gas, 273.15) == pytest.approx(101325e-9, rel=1e-4)


def test_compressed_matter_has_a_positive_pressure_and_shear_does_not_count() -> None:
    atoms = Atoms("Ar", cell=[4.0] * 3, pbc=True)
    stress = -np.array([1.0, 2.0, 3.0, 7.0, 8.0, 9.0])  # eV/A3, Voigt; ASE's sign: negative under compression
    atoms.calc = SinglePointCalculator(atoms, stress=stress)
    assert static_pressure_GPa(atoms) == pytest.approx(2.0 * 160.21766)
