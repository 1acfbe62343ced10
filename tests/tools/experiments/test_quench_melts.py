"""Melts that are scaled to a density and cooled: analytic pressure, density, what they say of themselves."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from ase import Atoms, units
from ase.calculators.lj import LennardJones

from melt2crystal.frames import density_g_per_cm3, frame_id, read_frames, write_frames
from melt2crystal.liquid.melts_from_files import complaint
from tools.experiments import quench_melts
from tools.experiments.quench_melts import quenched


def hot(count: int = 8) -> Atoms:
    """Silica near the points of a lattice, disordered enough to have energy to lose."""
    random = np.random.default_rng(3)
    points = 3.0 * np.argwhere(np.ones((3, 3, 3)))[: 3 * count]
    info = {"origin": "explore/00/p70/T4500/00001350"}
    places = points + random.uniform(-0.7, 0.7, points.shape)
    return Atoms("SiOO" * count, positions=places, cell=[9.0] * 3, pbc=True, info=info)


def test_without_forces_the_pressure_is_that_of_an_ideal_gas() -> None:
    frame = quenched(hot(), LennardJones(epsilon=0.0), 4.3, 1000.0, 0.01, np.random.default_rng(1))
    assert density_g_per_cm3(frame) == pytest.approx(4.3, rel=1e-6)
    ideal = len(frame) * units.kB * 1000.0 / frame.get_volume() / units.GPa
    assert frame.info["pressure_GPa"] == pytest.approx(ideal, abs=0.006)
    assert frame.info["frame_id"] == frame_id(frame)
    assert frame.calc is None


def test_a_melt_loses_its_energy_and_keeps_its_cell() -> None:
    potential = LennardJones(epsilon=0.05, sigma=2.0, rc=4.4)
    melt = hot()
    frame = quenched(melt, potential, density_g_per_cm3(melt), 300.0, 0.3, np.random.default_rng(1))
    frame.calc, melt.calc = potential, potential
    assert frame.get_potential_energy() < melt.get_potential_energy() - 0.5
    np.testing.assert_allclose(frame.cell.array, melt.cell.array, rtol=1e-6)


def test_each_melt_at_each_density_the_temperatures_in_turn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ensemble = SimpleNamespace(calculator=lambda: LennardJones(epsilon=0.0))
    monkeypatch.setattr(quench_melts, "Ensemble", lambda paths: ensemble)
    write_frames(tmp_path / "melts.extxyz", [hot(), hot(7)])
    out = tmp_path / "quenched.extxyz"
    quench_melts.quench_melts.__wrapped__(
        tmp_path / "melts.extxyz", Path("0.pb"), [4.0, 5.0, 3.0], out, [300.0, 1000.0], walk_ps=0.01, seed=1
    )
    frames = read_frames(out)
    assert [round(density_g_per_cm3(frame), 3) for frame in frames] == [4.0, 5.0, 3.0] * 2
    assert [frame.info["temperature_K"] for frame in frames] == [300.0, 1000.0] * 3
    assert frames[1].info["origin"] == "quench/5/explore/00/p70/T4500/00001350"
    assert {frame.info["split"] for frame in frames} == {"train"}
    assert not any(complaint(frame, {"Si": 1, "O": 2}) for frame in frames)
    assert len({frame.info["frame_id"] for frame in frames}) == 6
