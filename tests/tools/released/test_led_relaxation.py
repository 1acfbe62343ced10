"""Relaxation led by a potential's second derivatives: an alloy whose reference is the potential and something more."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones
from ase.calculators.mixing import LinearCombinationCalculator
from ase.filters import UnitCellFilter
from ase.optimize import BFGS
from ase.stress import voigt_6_to_full_3x3_stress
from ase.units import GPa

from melt2crystal.engines.base import Label
from melt2crystal.errors import UserError
from melt2crystal.structure.crystals import space_group
from tools.released import led_relaxation as module
from tools.released.led_relaxation import FORCE_EV_PER_A, PRESSURE_GPA, Labelled, led_relaxation, second_derivatives


def reference() -> LinearCombinationCalculator:
    """EMT, a third stiffer, and a weak attraction."""
    return LinearCombinationCalculator([EMT(), LennardJones(sigma=2.3, epsilon=0.02, rc=5.0)], [1.3, 1.0])


def label(atoms: Atoms) -> Label:
    assert "frame_id" in atoms.info  # a canonical frame: the store knows it again
    atoms.calc = reference()
    stress = voigt_6_to_full_3x3_stress(atoms.get_stress())
    return Label("ok", "", atoms.get_potential_energy(), atoms.get_forces(), stress, 1.0)


@pytest.fixture
def start() -> Atoms:
    """Copper and gold, monoclinic, with a mirror plane: 8 atoms, at rest in the potential."""
    atoms = bulk("Cu", "fcc", a=3.9, cubic=True).repeat((2, 1, 1))
    atoms.symbols[[0, 3]] = "Au"
    shift = np.random.default_rng(5).normal(0, 0.08, (8, 3)) * [1, 0, 1]
    atoms.positions += shift
    atoms.set_cell(atoms.cell.array @ np.array([[1, 0, 0.05], [0, 1, 0], [0, 0, 1]]), scale_atoms=True)
    atoms.info["polymorph"] = "alloy"
    atoms.calc = EMT()
    BFGS(UnitCellFilter(atoms), logfile=None).run(fmax=0.005, steps=300)
    return module.bare(atoms, atoms.info)


def test_few_calculations_lead_to_the_reference_s_own_rest(start: Atoms) -> None:
    led = Labelled(label)
    found = led_relaxation(start, EMT(), led)
    found.calc = reference()
    assert np.linalg.norm(found.get_forces(), axis=1).max() < FORCE_EV_PER_A
    assert np.abs(found.get_stress()).max() / GPa < PRESSURE_GPA
    assert abs(found.get_volume() / start.get_volume() - 1) > 0.005  # it had a way to go
    unled, blind = Labelled(label), start.copy()
    blind.calc = unled
    BFGS(UnitCellFilter(blind), logfile=None).run(fmax=1e-3, steps=300)
    assert found.get_potential_energy() == pytest.approx(blind.get_potential_energy(), abs=0.002)
    assert led.calls < unled.calls / 2
    assert found.info["polymorph"] == "alloy"


def test_the_symmetry_is_kept(start: Atoms) -> None:
    group = space_group(start)
    assert group > 1
    assert space_group(led_relaxation(start, EMT(), Labelled(label))) == group


def test_second_derivatives_are_those_of_a_finite_step(start: Atoms) -> None:
    matrix = second_derivatives(start, EMT())
    assert matrix == pytest.approx(matrix.T)
    moved = start.copy()
    moved.positions[2, 0] += 0.02
    forces = []
    for atoms in (start.copy(), moved):
        atoms.calc = EMT()
        forces.append(atoms.get_forces().ravel())
    assert (forces[0] - forces[1]) / 0.02 == pytest.approx(matrix[6, :24], abs=0.15)
    stiffness = -np.diff([_virial(start, 1 + strain)[0, 0] for strain in (-5e-4, 5e-4)])[0] / 1e-3
    assert len(start) ** 2 * matrix[-9, -9] == pytest.approx(stiffness, rel=0.02)


def _virial(atoms: Atoms, stretch: float) -> np.ndarray:
    """dE/d(deformation), negative, eV [3, 3], of atoms stretched along x."""
    moved = module.bare(atoms, {})
    moved.set_cell(atoms.cell.array * [stretch, 1, 1], scale_atoms=True)
    moved.calc = EMT()
    return -moved.get_volume() * moved.get_stress(voigt=False) / stretch


def test_a_reference_that_fails_says_why(start: Atoms, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"calculation 1 of the relaxation: crashed: no space left"):
        led_relaxation(start, EMT(), Labelled(lambda atoms: Label("crashed", "no space left")))
    monkeypatch.setattr(module, "STEPS", 1)
    with pytest.raises(UserError, match="alloy is not at rest after 1 steps"):
        led_relaxation(start, EMT(), Labelled(label))


def test_a_potential_that_loses_the_structure_is_not_used(start: Atoms) -> None:
    kept = module.relaxed_by_model(start, EMT())
    assert kept is not None and kept.get_volume() == pytest.approx(start.get_volume(), rel=0.02)
    swollen = start.copy()
    swollen.set_cell(1.12 * swollen.cell.array, scale_atoms=True)
    assert module.relaxed_by_model(swollen, EMT()) is None
