"""Vibrations against what is known: copper of EMT is stable as fcc, and rolls down from simple cubic and bcc."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT
from ase.calculators.lj import LennardJones

from melt2crystal.relaxation.one_by_one import relax
from melt2crystal.search.phases.stability import Vibrations, supercell_atoms, vibrations
from melt2crystal.sections.phases.stability import Stability

RULES = Stability(width_A=7.0, mesh_length_A=15.0)


def forces_with(calculator: Calculator):
    def forces(frames):
        found = []
        for frame in frames:
            frame.calc = calculator
            found.append(frame.get_forces())
        return found

    return forces


def vibrating(atoms: Atoms, calculator: Calculator, rules: Stability = RULES) -> tuple[Vibrations, float, Atoms]:
    end = relax(atoms, calculator, 0.0, 0.001, 300)
    assert end.converged
    return vibrations(end.atoms, forces_with(calculator), rules), end.energy_eV / len(end.atoms), end.atoms


def argon() -> LennardJones:
    return LennardJones(sigma=3.4, epsilon=0.0104, rc=9.0, smooth=True)


@pytest.mark.parametrize(
    ("element", "edge", "calculator"), [("Cu", 3.6, EMT()), ("Al", 4.0, EMT()), ("Ar", 5.3, argon())]
)
def test_face_centred_metals_and_argon_are_stable(element, edge, calculator):
    found, _, _ = vibrating(bulk(element, "fcc", a=edge), calculator)
    assert not found.unstable(RULES.threshold_THz) and found.displaced is None
    assert found.supercell_THz == pytest.approx(0.0, abs=0.01) and found.mesh_THz > -0.05


@pytest.mark.parametrize(
    ("structure", "edge", "calculator"), [("sc", 2.4, EMT()), ("bcc", 2.87, EMT()), ("sc", 3.8, argon())]
)
def test_other_lattices_roll_down_along_their_mode(structure, edge, calculator):
    element = "Cu" if isinstance(calculator, EMT) else "Ar"
    rules = RULES if element == "Cu" else RULES.model_copy(update={"width_A": 10.0})
    found, energy, cell = vibrating(bulk(element, structure, a=edge), calculator, rules)
    assert found.unstable(rules.threshold_THz) and found.supercell_THz < -0.3
    along = found.displaced
    assert along is not None and len(along) < found.atoms
    # the mode fits into the cell it is in, and moves no atom further than was asked
    waves = np.array(found.wave_vector) * np.round(along.cell.lengths() / cell.cell.lengths())
    assert np.allclose(waves, np.round(waves))
    end = relax(along, calculator, 0.0, 1e-4, 400)
    assert end.energy_eV / len(along) < energy - 0.002


def test_a_displacement_along_the_mode_has_the_amplitude_and_lowers_the_energy():
    found, energy, cell = vibrating(bulk("Cu", "sc", a=2.4), EMT(), RULES.model_copy(update={"amplitude_A": 0.05}))
    along = found.displaced
    perfect = cell.repeat(np.round(along.cell.lengths() / cell.cell.lengths()).astype(int))
    moved = along.get_scaled_positions() - perfect.get_scaled_positions()
    moved = (moved - np.round(moved)) @ along.cell.array
    assert np.linalg.norm(moved, axis=1).max() == pytest.approx(0.05, rel=1e-3)
    along.calc = EMT()
    assert along.get_potential_energy() / len(along) < energy


class Springs(Calculator):
    """A diatomic chain along x with springs k between neighbours, stiff in the other directions: known frequencies."""

    implemented_properties = ("energy", "forces")

    def __init__(self, across: float) -> None:
        super().__init__()
        self.across = across

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        stiffness = np.array([2.0, self.across, 4.0])
        forces = np.zeros((len(atoms), 3))
        n = round(atoms.cell.lengths()[0] / 2.0)
        order = np.argsort(atoms.get_scaled_positions()[:, 0].round(3) % 1, kind="stable")
        assert n == len(atoms), "one row of atoms"
        for one, other in zip(order, np.roll(order, -1), strict=True):
            apart = atoms.positions[other] - atoms.positions[one]
            apart -= np.round(apart / atoms.cell.lengths()) * atoms.cell.lengths()
            stretch = apart - np.array([2.0, 0.0, 0.0])
            forces[one] += stiffness * stretch
            forces[other] -= stiffness * stretch
        self.results = {"energy": 0.0, "forces": forces}


def test_frequencies_of_a_chain_are_those_of_the_textbook(monkeypatch):
    """omega^2 = (2 k / m) (1 - cos q): at the edge of the zone 4 k / m."""
    from melt2crystal.search.phases import stability

    atoms = Atoms("C", cell=[2.0, 9.0, 10.0], pbc=True)
    monkeypatch.setattr(stability, "conventional_cell", lambda atoms: atoms)
    rules = Stability(width_A=8.0, mesh_length_A=40.0, threshold_THz=0.3)
    stable = vibrations(atoms, forces_with(Springs(3.0)), rules)
    assert not stable.unstable(0.3) and stable.atoms == 4
    loose = vibrations(atoms, forces_with(Springs(-3.0)), rules)
    mass, charge, dalton = 12.011, 1.602176634e-19, 1.66053906660e-27
    edge = np.sqrt(4 * 3.0 * charge / 1e-20 / (mass * dalton)) / (2e12 * np.pi)
    assert loose.supercell_THz == pytest.approx(-edge, rel=1e-3)
    assert sorted(map(abs, loose.wave_vector)) == pytest.approx([0, 0, 0.5]) and len(loose.displaced) == 2


def test_size_of_a_supercell_is_known_beforehand():
    assert supercell_atoms(bulk("Cu", "fcc", a=3.6), 7.0) == 32
    assert supercell_atoms(bulk("Cu", "sc", a=2.4), 7.0) == 27


def test_forces_that_are_no_numbers_are_told():
    with pytest.raises(ValueError, match="not finite"):
        vibrations(bulk("Cu", "fcc", a=3.6), lambda frames: [np.full((len(f), 3), np.nan) for f in frames], RULES)
