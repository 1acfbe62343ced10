"""Pressure from the stress, and of an ideal gas, against numbers known otherwise."""

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.structure.pressure import MOST_PRESSURES, ideal_gas_pressure_GPa, in_classes, static_pressure_GPa
from melt2crystal.summary.text import _at_pressures


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


def test_the_summary_counts_frames_at_few_pressures_or_at_rounded_ones() -> None:
    assert _at_pressures({"0": 3, "-2": 1, "17.45": 2}) == "1 at -2 GPa, 3 at 0 GPa, 2 at 17.45 GPa"
    many = {f"{pressure}.5": 1 for pressure in range(30)}
    said = _at_pressures(many)
    assert said.endswith("(pressures rounded)") and sum(int(part.split()[0]) for part in said.split(", ")) == 30
    assert _at_pressures({}) == ""


def test_few_pressures_stay_as_they_are_and_many_are_rounded_to_what_a_legend_can_name() -> None:
    few = pd.Series([0.0, 17.45, 70.0])
    assert in_classes(few).equals(few)
    many = pd.Series([-2.4, *np.linspace(0.0, 109.9, 60)])
    shown = in_classes(many)
    assert set(shown) == set(np.arange(0.0, 111.0, 10.0))  # 5 GPa would leave 23
    assert shown.nunique() <= MOST_PRESSURES
    assert (shown - many).abs().max() <= 5.0
    assert not np.signbit(shown.iloc[0])  # -2.4 GPa is written as 0, not as -0
    assert in_classes(pd.concat([few, many])).tolist()[:3] == [0.0, 20.0, 70.0]
