from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from melt2crystal.lammps.static import evaluate, minimise

BKS = Path("data/potentials/silica_bks.lmp")
MORSE = """# species: Si O
pair_style morse 6.0
pair_coeff * * 1.5 2.0 1.6
"""
STEP = 1e-3


@pytest.fixture
def morse(tmp_path):
    path = tmp_path / "morse.lmp"
    path.write_text(MORSE)
    return path


def test_morse_dimer_energy_force_and_virial(morse):
    """E = D (1 - x)^2 - D with x = exp(-a (r - r0)), truncated at the cutoff; the virial of a pair is -r dE/dr."""
    depth, a, r0, r, edge = 1.5, 2.0, 1.6, 1.9, 15.0
    dimer = Atoms("SiO", positions=[[5, 5, 5], [5 + r, 5, 5]], cell=[edge] * 3, pbc=True)
    result = evaluate([dimer], morse, ["Si", "O"], 1e-4)[0]
    x = np.exp(-a * (r - r0))
    slope = 2 * depth * a * (x - x * x)
    assert result.energy == pytest.approx(depth * (x * x - 2 * x), abs=1e-8)
    assert result.forces[0] == pytest.approx([slope, 0, 0], abs=1e-8)
    # ASE's sign: a stretched bond is under tension, stress > 0; virial = -V stress = -r dE/dr
    assert -(edge**3) * result.stress[0, 0] == pytest.approx(-r * slope, abs=1e-6)
    assert abs(result.stress[1, 1]) < 1e-10


def test_forces_and_stress_are_derivatives_in_a_triclinic_cell():
    crystal = read("data/polymorphs/coesite.cif")
    crystal.rattle(0.1, seed=1)
    frames = [crystal]
    for sign in (1, -1):
        moved = crystal.copy()
        moved.positions[3, 1] += sign * STEP
        frames.append(moved)
    for sign in (1, -1):
        strain = np.eye(3)
        strain[0, 2] += sign * STEP / 2
        strain[2, 0] += sign * STEP / 2
        strained = crystal.copy()
        strained.set_cell(crystal.cell.array @ strain, scale_atoms=True)
        frames.append(strained)
    here, plus, minus, sheared, sheared_back = evaluate(frames, BKS, ["Si", "O"], 1e-7)
    assert -(plus.energy - minus.energy) / (2 * STEP) == pytest.approx(here.forces[3, 1], abs=1e-3)
    derivative = (sheared.energy - sheared_back.energy) / (2 * STEP) / crystal.get_volume()
    assert derivative == pytest.approx(here.stress[0, 2], abs=1e-5)


def test_a_frame_that_stops_lammps_costs_only_itself():
    good = read("data/polymorphs/stishovite.cif")
    bad = good.copy()
    bad.positions[1] = bad.positions[0]
    results = evaluate([good, bad, good], BKS, ["Si", "O"], 1e-4)
    assert [result.error is None for result in results] == [True, False, True]
    assert results[0].energy == results[2].energy


def test_relaxation_at_pressure_reaches_it():
    quartz = read("data/polymorphs/alpha_quartz.cif")
    relaxed = minimise([quartz], BKS, ["Si", "O"], 1e-7, 2000, 1e-4, pressure_GPa=2.0)[0]
    assert np.trace(relaxed.stress) / 3 * 160.21766 == pytest.approx(-2.0, abs=0.02)
    assert np.abs(relaxed.forces).max() < 0.01
