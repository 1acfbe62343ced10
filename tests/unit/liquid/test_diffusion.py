import numpy as np
import pytest

from melt2crystal.liquid.diffusion import (
    diffusion_coefficient,
    displacements,
    mean_squared_displacement,
    species_diffusion,
)


def test_brownian_motion_has_its_coefficient():
    interval, coefficient = 0.05, 0.4
    steps = np.random.default_rng(0).normal(0, np.sqrt(2 * coefficient * interval), (200, 400, 3))
    msd = mean_squared_displacement(np.cumsum(steps, axis=0))
    assert diffusion_coefficient(msd, interval) == pytest.approx(coefficient, rel=0.1)


def test_ballistic_and_caged_motion():
    times = np.arange(50)[:, None, None] * 0.1
    flight = times * np.ones((1, 5, 3))
    assert mean_squared_displacement(flight)[10] == pytest.approx(3.0)  # (3 * 1 A/ps) over 1 ps
    rattle = np.random.default_rng(1).normal(0, 0.2, (400, 100, 3))
    assert abs(diffusion_coefficient(mean_squared_displacement(rattle), 0.05)) < 1e-3


def test_breathing_cell_and_drift_are_no_diffusion():
    generator = np.random.default_rng(2)
    sites = generator.uniform(-3, 4, (20, 3))  # fractional, atoms far outside the cell move most when it breathes
    cells = np.array([np.eye(3) * (10 + np.sin(t)) for t in range(60)])
    drift = np.arange(60)[:, None, None] * 0.5
    unwrapped = np.einsum("nj,tji->tni", sites, cells) + drift * cells[:, 0, 0][:, None, None] / 10
    masses = generator.uniform(10, 30, 20)
    moved = displacements(unwrapped, cells, masses)
    assert np.abs(moved - moved[0]).max() < 1e-9


def test_species_are_told_apart():
    generator = np.random.default_rng(3)
    walkers = np.cumsum(generator.normal(0, 0.2, (300, 200, 3)), axis=0)
    walkers[:, :100] = generator.normal(0, 0.1, (300, 100, 3))
    symbols = np.array(["Si"] * 100 + ["O"] * 100)
    cells = np.repeat(np.eye(3)[None] * 50, 300, axis=0)
    found = species_diffusion(walkers, cells, symbols, np.where(symbols == "Si", 1e6, 1.0), 0.1)
    assert found["Si"] == pytest.approx(0, abs=0.01)
    assert found["O"] == pytest.approx(0.2**2 / (2 * 0.1), rel=0.15)
