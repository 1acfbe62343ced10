"""Relaxation at pressure against analytic truth."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.lj import LennardJones
from ase.stress import full_3x3_to_voigt_6_stress

from melt2crystal.errors import UserError
from melt2crystal.relaxation.one_by_one import OneByOne, relax
from melt2crystal.relaxation.relaxer import Target, enthalpy
from melt2crystal.search.sanity import Sanity, start_volumes
from melt2crystal.search.starts.generate import rattled

K_EV_PER_A3, V0_A3 = 0.6, 20.0  # E = K (V - V0)^2 / (2 V0): p = K (V0 - V) / V0


class Balloon(Calculator):
    """Energy that depends on the volume alone."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        volume = self.atoms.get_volume()
        energy = K_EV_PER_A3 * (volume - V0_A3) ** 2 / (2 * V0_A3)
        stress = K_EV_PER_A3 * (volume - V0_A3) / V0_A3 * np.eye(3)
        self.results = {
            "energy": energy,
            "forces": np.zeros((len(self.atoms), 3)),
            "stress": full_3x3_to_voigt_6_stress(stress),
        }


def test_enthalpy_has_the_right_units():
    # 1 GPa Å³ = 1e9 Pa 1e-30 m^3 = 1e-21 J = 1e-21 / 1.602176634e-19 eV
    assert enthalpy(-5.0, 100.0, 10.0) == pytest.approx(-5.0 + 1000 * 1e-21 / 1.602176634e-19, abs=1e-6)


@pytest.mark.parametrize("pressure_GPa", [0.0, 10.0])
def test_volume_under_pressure_is_the_analytic_one(pressure_GPa):
    atoms = Atoms("Ar", cell=2.9 * np.eye(3), pbc=True)
    end = relax(atoms, Balloon(), pressure_GPa, 1e-5, 200)
    expected = V0_A3 * (1 - pressure_GPa * 1e9 / (K_EV_PER_A3 * 1.602176634e-19 / 1e-30))
    assert end.converged
    assert end.atoms.get_volume() == pytest.approx(expected, rel=1e-4)
    assert end.energy_eV == pytest.approx(K_EV_PER_A3 * (expected - V0_A3) ** 2 / (2 * V0_A3), abs=1e-5)


def test_a_rattled_crystal_comes_back_and_steps_are_bounded():
    calculator = LennardJones(sigma=3.0, epsilon=0.1, rc=9.0, smooth=True)
    crystal = bulk("Ar", "fcc", a=4.6, cubic=True)
    perfect = relax(crystal, calculator, 0.0, 1e-3, 100)
    moved = rattled(perfect.atoms, 0.1, np.random.default_rng(0))
    again = relax(moved, calculator, 0.0, 1e-3, 100)
    assert again.converged
    assert again.energy_eV == pytest.approx(perfect.energy_eV, abs=1e-3)
    short = relax(moved, calculator, 0.0, 1e-9, 5)
    assert not short.converged
    assert short.evaluations <= 6


def test_the_guard_ends_a_relaxation_at_once():
    sanity = Sanity((18.0, 30.0), None, {})
    end = relax(Atoms("Ar", cell=3 * np.eye(3), pbc=True), Balloon(), 60.0, 1e-5, 200, guard=sanity.guard)
    assert not end.converged
    assert "outside 18-30" in end.complaint


def test_sanity_speaks():
    sanity = Sanity((4.0, 30.0), (-9.0, -4.0), {"Si-O": 1.2})
    assert sanity.guard(-8.0, 10.0) is None
    assert "below the floor" in sanity.guard(-9.5, 10.0)
    close = Atoms("SiO", positions=[[0, 0, 0], [1.0, 0, 0]], cell=3 * np.eye(3), pbc=True)
    assert "Si-O distance 1.00" in sanity.complaint(close, -16.0)
    wide = Atoms("SiO", positions=[[0, 0, 0], [1.5, 0, 0]], cell=3 * np.eye(3), pbc=True)
    assert sanity.complaint(wide, -16.0) is None
    assert sanity.guard(-3.0, 10.0) is None  # starts lie high: only a relaxed structure has to be below the ceiling
    assert "above the ceiling -4.000" in sanity.complaint(wide, -6.0)


def test_start_volumes_are_those_of_the_melts_inside_the_sane_range():
    assert start_volumes((10.0, 27.0), 0.1, (4.0, 28.0)) == pytest.approx((9.0, 28.0))
    assert start_volumes((4.2, 20.0), 0.1, (4.0, 28.0)) == pytest.approx((4.0, 22.0))
    for melts in ((30.0, 40.0), (2.0, 3.0)):  # never the sane range alone
        with pytest.raises(UserError, match="widen it"):
            start_volumes(melts, 0.1, (4.0, 28.0))


def test_one_by_one_says_what_the_calculator_raises_and_goes_on():
    class Broken(Balloon):
        def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
            if len(atoms) == 2:
                raise RuntimeError("no convergence\nin 60 cycles")
            super().calculate(atoms, properties, system_changes)

    starts = [Atoms(f"Ar{n}", cell=2.9 * np.eye(3), pbc=True) for n in (1, 2, 1)]
    ends = OneByOne(Broken()).relax_all(starts, Target(0.0, 1e-4, 200))
    assert [end.converged for end in ends] == [True, False, True]
    assert ends[1].failure == "RuntimeError: no convergence in 60 cycles"
    assert ends[0].energy_eV == ends[2].energy_eV
