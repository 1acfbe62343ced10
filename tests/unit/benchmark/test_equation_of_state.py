"""Birch-Murnaghan fits against curves whose parameters are known."""

import numpy as np
import pytest

from melt2crystal.benchmark.equation_of_state import (
    birch_murnaghan,
    birch_murnaghan_pressure,
    curve_errors,
    fit_birch_murnaghan,
)

TRUTH = (38.0, 120.0, 5.5, -23.7)  # Å³, GPa, -, eV
VOLUMES = 38.0 * np.array([0.88, 0.91, 0.94, 0.97, 1.0, 1.03, 1.06, 1.09, 1.12])


def test_an_exact_curve_gives_its_parameters_back():
    fit = fit_birch_murnaghan(VOLUMES[::-1], birch_murnaghan(VOLUMES, *TRUTH)[::-1])
    assert (fit.V0_A3, fit.B0_GPa, fit.B0_prime, fit.E0_eV) == pytest.approx(TRUTH, rel=1e-6)
    assert fit.status == "ok"
    assert fit.V0_error < 1e-5
    assert fit.E0_error < 1e-8


def test_pressure_and_bulk_modulus_are_the_curve_s_derivatives():
    volumes = np.linspace(37.99, 38.01, 3)
    energies = birch_murnaghan(volumes, *TRUTH)
    first = (energies[2] - energies[0]) / (volumes[2] - volumes[0])
    second = (energies[2] - 2 * energies[1] + energies[0]) / (volumes[1] - volumes[0]) ** 2
    assert first == pytest.approx(0.0, abs=1e-6)
    assert 38.0 * second * 160.21766 == pytest.approx(120.0, rel=1e-4)  # V E'' in GPa
    step = 1e-3
    slopes = (birch_murnaghan(VOLUMES + step, *TRUTH) - birch_murnaghan(VOLUMES - step, *TRUTH)) / (2 * step)
    assert birch_murnaghan_pressure(VOLUMES, *TRUTH[:3]) == pytest.approx(-slopes * 160.21766, abs=1e-4)


def test_errors_cover_the_scatter_of_noisy_fits():
    generator = np.random.default_rng(5)
    clean = birch_murnaghan(VOLUMES, *TRUTH)
    fits = [fit_birch_murnaghan(VOLUMES, clean + generator.normal(0, 0.002, len(clean))) for _ in range(400)]
    scatter = np.std([[fit.V0_A3, fit.B0_GPa, fit.B0_prime, fit.E0_eV] for fit in fits], axis=0)
    claimed = [[fit.V0_error, fit.B0_error, fit.B0_prime_error, fit.E0_error] for fit in fits]
    # root mean square, because the variance of the residuals is what is estimated without bias
    assert np.sqrt(np.mean(np.square(claimed), axis=0)) == pytest.approx(scatter, rel=0.15)


def test_the_linear_fit_is_the_non_linear_least_squares_fit():
    from scipy.optimize import curve_fit

    energies = birch_murnaghan(VOLUMES, *TRUTH) + np.random.default_rng(1).normal(0, 0.003, len(VOLUMES))
    expected, covariance = curve_fit(birch_murnaghan, VOLUMES, energies, p0=TRUTH)
    fit = fit_birch_murnaghan(VOLUMES, energies)
    assert (fit.V0_A3, fit.B0_GPa, fit.B0_prime, fit.E0_eV) == pytest.approx(expected, rel=1e-4)
    errors = (fit.V0_error, fit.B0_error, fit.B0_prime_error, fit.E0_error)
    assert errors == pytest.approx(np.sqrt(np.diag(covariance)), rel=1e-2)


def test_a_minimum_outside_the_volumes_is_flagged():
    volumes = VOLUMES[VOLUMES > 38.5]
    volumes = np.linspace(volumes.min(), 1.2 * volumes.min(), 7)
    fit = fit_birch_murnaghan(volumes, birch_murnaghan(volumes, *TRUTH))
    assert fit.status == "minimum outside the volumes"
    assert pytest.approx(38.0, rel=1e-4) == fit.V0_A3


def test_a_falling_line_has_no_minimum():
    fit = fit_birch_murnaghan(VOLUMES, -0.1 * VOLUMES)
    assert fit.status == "no minimum"
    assert np.isnan(fit.V0_A3)


def test_points_that_are_no_numbers_are_left_out_and_too_few_are_named():
    energies = birch_murnaghan(VOLUMES, *TRUTH)
    energies[2] = np.nan
    assert pytest.approx(38.0, rel=1e-6) == fit_birch_murnaghan(VOLUMES, energies).V0_A3
    energies[3:6] = np.inf
    fit = fit_birch_murnaghan(VOLUMES, energies)
    assert fit.status == "ok"
    assert fit_birch_murnaghan(VOLUMES[:4], energies[:4]).status == "too few points"


def test_shifts_of_curve_errors():
    group = np.array(["a", "a", "b", "b"])
    same = curve_errors(np.array([7.0, 7.0, 7.0, 7.0]), group)
    assert same["a"] == pytest.approx({"raw": 7.0, "shifted": 0.0, "own_shift": 0.0})
    offset = curve_errors(np.array([10.0, 10.0, 20.0, 22.0]), group)  # mean 15.5
    assert offset["a"] == pytest.approx({"raw": 10.0, "shifted": 5.5, "own_shift": 0.0})
    assert offset["b"]["own_shift"] == pytest.approx(1.0)
    assert offset["b"]["shifted"] == pytest.approx(np.sqrt((4.5**2 + 6.5**2) / 2))
