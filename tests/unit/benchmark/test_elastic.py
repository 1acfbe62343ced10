"""Elastic constants against what is known: central forces, a published potential, isotropy, instability."""

from functools import partial

import numpy as np
import pytest
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.tersoff import Tersoff, TersoffParameters
from ase.filters import UnitCellFilter
from ase.optimize import BFGS
from ase.units import GPa

from melt2crystal.benchmark.elastic import elasticity, hill, strained
from melt2crystal.engines.registry import reference_engine
from melt2crystal.structure.crystals import primitive_cell, read_crystal
from tests.helpers.checkout import REPOSITORY
from tests.helpers.programs import program

# J. Tersoff, Phys. Rev. B 38, 9902 (1988), silicon ("T3"), as LAMMPS distributes it in Si.tersoff
TERSOFF = TersoffParameters(
    m=3.0, gamma=1.0, lambda3=0.0, c=1.0039e5, d=16.217, h=-0.59825, n=0.78734, beta=1.1e-6, lambda2=1.73222,
    B=471.18, R=2.85, D=0.15, lambda1=2.4799, A=1830.8,
)  # fmt: skip


def relaxing(calculator, relax=True):
    def stresses(cells):
        found = []
        for atoms in cells:
            atoms.calc = calculator
            if relax:
                BFGS(atoms, logfile=None).run(fmax=1e-4, steps=200)
            found.append(atoms.get_stress())
        return found

    return stresses


def at_rest(atoms, calculator):
    atoms.calc = calculator
    BFGS(UnitCellFilter(atoms), logfile=None).run(fmax=1e-5, steps=200)
    return atoms


def test_central_forces_obey_cauchy_and_the_bulk_modulus_is_that_of_the_curve():
    calculator = LennardJones(sigma=3.4, epsilon=0.0104, rc=10.0, smooth=True)
    crystal = at_rest(bulk("Ar", "fcc", 5.3), calculator)
    found = elasticity(crystal, relaxing(calculator, relax=False), 0.002)
    c = found.constants_GPa
    assert c[0, 1] == pytest.approx(c[3, 3], rel=0.01)  # C12 = C44, pairs that are symmetry centres, no pressure
    np.testing.assert_allclose(c[:3, 3:], 0, atol=1e-3 * c[0, 0])
    volumes, energies = [], []
    for scale in (0.998, 1.0, 1.002):
        scaled = crystal.copy()
        scaled.set_cell(crystal.cell * scale, scale_atoms=True)
        scaled.calc = calculator
        volumes.append(scaled.get_volume())
        energies.append(scaled.get_potential_energy())
    curvature = 2 * np.polyfit(volumes, energies, 2)[0]
    assert found.bulk_GPa == pytest.approx(volumes[1] * curvature / GPa, rel=0.01)
    assert found.stable and found.asymmetry_GPa < 0.01 * c[0, 0]


def test_silicon_by_tersoff_has_its_published_constants_and_relaxing_the_ions_matters():
    calculator = Tersoff({("Si", "Si", "Si"): TERSOFF})
    crystal = at_rest(bulk("Si", a=5.432, cubic=True), calculator)
    relaxed = elasticity(crystal, relaxing(calculator), 0.004).constants_GPa
    clamped = elasticity(crystal, relaxing(calculator, relax=False), 0.004).constants_GPa
    # C11, C12, C44 of the paper's table: 1.425, 0.754, 0.690 Mbar; C44 with clamped ions 1.188
    assert relaxed[0, 0] == pytest.approx(142.5, rel=0.02) and relaxed[0, 1] == pytest.approx(75.4, rel=0.02)
    assert relaxed[3, 3] == pytest.approx(69.0, rel=0.02)
    assert clamped[3, 3] == pytest.approx(118.8, rel=0.02)


def test_a_crystal_that_gains_by_a_shear_is_unstable():
    crystal = bulk("Cu", "bcc", a=2.85)  # bcc copper falls into fcc
    found = elasticity(crystal, relaxing(EMT(), relax=False), 0.002)
    assert not found.stable and np.isnan(found.bulk_GPa) and np.isnan(found.shear_GPa)


def test_averages_of_an_isotropic_body_are_its_own_moduli():
    bulk_modulus, shear = 40.0, 30.0
    constants = np.zeros((6, 6))
    constants[:3, :3] = bulk_modulus - 2 * shear / 3
    constants[np.arange(3), np.arange(3)] = bulk_modulus + 4 * shear / 3
    constants[np.arange(3, 6), np.arange(3, 6)] = shear
    assert hill(constants) == pytest.approx((bulk_modulus, shear))


@pytest.mark.parametrize(("component", "cell"), [(0, (1.01, 1, 1)), (2, (1, 1, 1.01))])
def test_a_strain_stretches_its_axis(component, cell):
    atoms = strained(bulk("Cu", cubic=True), component, 0.01)
    np.testing.assert_allclose(atoms.cell.lengths(), np.array(cell) * 3.61, rtol=1e-9)


def test_a_shear_turns_both_axes_by_half_of_it():
    atoms = strained(bulk("Cu", cubic=True), 5, 0.02)
    np.testing.assert_allclose(atoms.cell.array[0], [3.61, 0.0361, 0], atol=1e-9)
    np.testing.assert_allclose(atoms.cell.array[1], [0.0361, 3.61, 0], atol=1e-9)


def test_quartz_of_the_classical_reference_has_the_constants_of_its_point_group():
    engine = reference_engine(
        {"engine": "lammps", "potential": str(REPOSITORY / "data/potentials/silica_bks.lmp")}, ["Si", "O"], "{}"
    )
    crystal = primitive_cell(read_crystal(REPOSITORY / "data/polymorphs/alpha_quartz.cif"))
    (end,) = engine.relax([crystal], 0.0)
    found = elasticity(end, partial(program("benchmark_relaxed_reference").stresses, engine), 0.005)
    c = found.constants_GPa
    # J. F. Nye, Table 9, class 32: six constants
    assert c[0, 0] == pytest.approx(c[1, 1], rel=0.01) and c[0, 2] == pytest.approx(c[1, 2], abs=0.5)
    assert c[0, 3] == pytest.approx(-c[1, 3], rel=0.02) and c[0, 3] == pytest.approx(c[4, 5], rel=0.02)
    assert c[5, 5] == pytest.approx((c[0, 0] - c[0, 1]) / 2, rel=0.01)
    assert c[3, 3] == pytest.approx(c[4, 4], rel=0.01) and abs(c[0, 4]) < 0.5 and abs(c[2, 3]) < 0.5
    assert abs(c[0, 3]) > 10 and found.stable and found.asymmetry_GPa < 0.5
