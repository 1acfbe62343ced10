"""What a walk of a melt says of density, diffusion and structure: against what is known exactly, and by LAMMPS."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from melt2crystal.frames import density_g_per_cm3
from melt2crystal.liquid.properties import (
    MeltState,
    WalkedMelt,
    properties,
    radial_distributions,
    run_melts,
    spacing_steps,
    walk_commands,
)
from melt2crystal.sections.benchmark import MeltWalks
from melt2crystal.structure.rdf import partial_rdf

RULES = MeltWalks(time_step_fs=2.0, equilibrate_ps=0.2, walk_ps=0.4, frames=20, blocks=4, r_max_A=5.0)
ARGON = "pair_style lj/cut 8.0\npair_coeff 1 1 0.0104 3.4\n"


def brownian(diffusion_A2_per_ps: float, frames: int = 240, atoms: int = 400) -> WalkedMelt:
    """Atoms that walk at random with a known diffusion coefficient, in a cell of 12 Å."""
    spacing_ps = spacing_steps(RULES) * RULES.time_step_fs / 1000
    random = np.random.default_rng(5)
    steps = random.normal(scale=np.sqrt(2 * diffusion_A2_per_ps * spacing_ps), size=(frames, atoms, 3))
    positions = random.uniform(0, 12, (atoms, 3)) + steps.cumsum(axis=0)
    return WalkedMelt("ok", [Atoms(["Ar"] * atoms, at, cell=[12] * 3, pbc=True) for at in positions])


def test_diffusion_and_density_of_a_random_walk_are_the_known_ones_within_their_errors():
    walk = brownian(0.7)
    found = properties(walk, RULES)
    assert found["diffusion_Ar_A2_per_ps"] == pytest.approx(0.7, rel=0.12)
    assert abs(found["diffusion_Ar_A2_per_ps"] - 0.7) < 6 * found["diffusion_Ar_A2_per_ps_error"]
    assert found["density_g_per_cm3"] == pytest.approx(density_g_per_cm3(walk.frames[0]))
    assert found["density_g_per_cm3_error"] == pytest.approx(0, abs=1e-12)


def test_the_error_of_the_density_is_the_scatter_of_blocks():
    edges = np.repeat([12.0, 12.1, 11.9, 12.0], 5)
    frames = [Atoms(["Ar"] * 2, [[0, 0, 0], [3, 0, 0]], cell=[edge] * 3, pbc=True) for edge in edges]
    found = properties(WalkedMelt("ok", frames), RULES)
    blocks = [density_g_per_cm3(frames[k]) for k in (0, 5, 10, 15)]
    assert found["density_g_per_cm3"] == pytest.approx(np.mean(blocks))
    assert found["density_g_per_cm3_error"] == pytest.approx(np.std(blocks, ddof=1) / 2)


def test_a_walk_that_failed_has_no_numbers():
    failed = WalkedMelt("ERROR: Lost atoms", [])
    assert properties(failed, RULES) == {}
    assert radial_distributions(failed, ["Ar"], RULES).empty


def test_distributions_are_means_over_the_frames():
    one, other = (bulk("Ar", "fcc", edge, cubic=True).repeat(2) for edge in (5.3, 5.5))
    table = radial_distributions(WalkedMelt("ok", [one, other]), ["Ar"], RULES)
    expected = (partial_rdf(one, ("Ar", "Ar"), 5.0, 0.05)[1] + partial_rdf(other, ("Ar", "Ar"), 5.0, 0.05)[1]) / 2
    assert set(table["pair"]) == {"Ar-Ar"}
    np.testing.assert_allclose(table["g"], expected)


def test_lammps_walks_each_state_and_one_that_fails_hurts_no_other():
    crystal = bulk("Ar", "fcc", 5.5, cubic=True).repeat(2)
    broken = crystal.copy()
    broken.positions[1] = broken.positions[0] + [0.05, 0, 0]  # two atoms in one place: it explodes
    states = [MeltState(atoms, 90.0, 0.0, 7) for atoms in (crystal, broken, crystal)]
    walks = run_melts(states, ARGON, ["Ar"], RULES, deepmd=False)
    assert [walk.status == "ok" for walk in walks] == [True, False, True]
    assert "ERROR" in walks[1].status or "explode" in walks[1].status or "halt" in walks[1].status.lower()
    assert len(walks[0].frames) == RULES.frames
    for before, after in zip(walks[0].frames, walks[2].frames, strict=True):
        np.testing.assert_allclose(before.positions, after.positions, atol=1e-6)
    found = properties(walks[0], RULES)
    assert 1.2 < found["density_g_per_cm3"] < 2.0  # solid argon at 90 K: 1.6
    assert found["density_g_per_cm3_error"] > 0


def test_another_seed_gives_other_velocities():
    crystal = bulk("Ar", "fcc", 5.5, cubic=True)
    texts = [walk_commands(0, MeltState(crystal, 90.0, 0.0, seed), ARGON, RULES) for seed in (1, 2)]
    assert texts[0].replace(" 1 mom", " 2 mom") == texts[1] != texts[0]
