"""Walks of crystals in LAMMPS: the state that was asked for, energy conserved, a failing walk alone in its failure."""

import numpy as np
import pytest

from melt2crystal.benchmark.vibrational_walk import StartingState, nve_status, run_walks
from melt2crystal.lammps.include import potential_commands
from melt2crystal.sections.benchmark import VibrationalSpectrum
from melt2crystal.structure.crystals import compact_supercell, conventional_cell, read_crystal

RULES = VibrationalSpectrum(atoms=48, time_step_fs=2, equilibrate_ps=1.0, walk_ps=0.6, resolution_THz=5)


@pytest.fixture(scope="module")
def walks():
    from pathlib import Path

    force_field = potential_commands(Path("data/potentials/silica_bks.lmp"), ["Si", "O"], 1e-4)
    crystals = [
        compact_supercell(conventional_cell(read_crystal(f"data/polymorphs/{name}.cif")), RULES.atoms)
        for name in ("alpha_quartz", "stishovite")
    ]
    collapsed = crystals[0].copy()
    collapsed.positions[1] = collapsed.positions[0]  # two atoms in one place: LAMMPS stops
    tasks = [
        StartingState(crystals[0], 300, 0, 1),
        StartingState(collapsed, 300, 0, 2),
        StartingState(crystals[1], 300, 10, 3),
    ]
    return run_walks(tasks, force_field, ["Si", "O"], RULES, deepmd=False)


def test_sound_walks_are_in_their_state(walks):
    for walk, temperature in ((walks[0], 300), (walks[2], 300)):
        assert walk.status == "ok"
        assert walk.temperature_K == pytest.approx(temperature, rel=0.2)
        assert abs(walk.drift_meV_per_atom_per_ps) < 1
        assert walk.velocities.shape == (76, len(walk.last), 3)
    assert walks[2].pressure_GPa - walks[0].pressure_GPa == pytest.approx(10, abs=3)


def test_velocities_have_the_temperature_and_no_drift(walks):
    walk = walks[0]
    masses = walk.last.get_masses()[None, :, None]
    kinetic = 0.5 * (masses * walk.velocities**2).sum(axis=(1, 2)).mean() * 1.0364269e-4  # u A^2/ps^2 -> eV
    assert 2 * kinetic / (3 * (len(walk.last) - 1) * 8.617333e-5) == pytest.approx(walk.temperature_K, rel=0.02)
    momentum = (masses * walk.velocities).sum(axis=1)
    assert np.abs(momentum).max() < 1e-3 * np.abs(masses * walk.velocities).sum(axis=1).max()


def test_a_failing_walk_hurts_no_other(walks):
    assert walks[1].status != "ok"
    assert [walk.status for walk in walks[::2]] == ["ok", "ok"]


def test_what_is_no_vibration_is_told():
    assert nve_status(310, 300, 0.1, 72) == "ok"
    assert "drifts" in nve_status(310, 300, 20.0, 72)
    assert "drifts" in nve_status(310, 300, float("nan"), 72)
    assert "450 K, not 300 K" in nve_status(450, 300, 0.1, 72)
    assert nve_status(450, 300, 0.1, 9) == "ok"  # nine atoms fluctuate by more
