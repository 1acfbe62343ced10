"""Vibrational spectra against oscillators whose spectrum is known."""

import numpy as np
import pytest

from melt2crystal.benchmark.vdos import (
    overlap,
    spectrum,
    velocity_autocorrelation,
    vibrational_density,
)

SPACING_PS = 0.006


def oscillators(frequencies_THz, amplitudes, samples=4000):
    """Velocities [samples, atoms, 3]: each atom swings along x with its own frequency and velocity amplitude."""
    time = np.arange(samples)[:, None] * SPACING_PS
    velocities = np.zeros((samples, len(frequencies_THz), 3))
    velocities[:, :, 0] = np.asarray(amplitudes) * np.cos(2 * np.pi * time * np.asarray(frequencies_THz))
    return velocities


def width_at_half_maximum(frequency, density):
    above = frequency[density >= density.max() / 2]
    return above[-1] - above[0]


@pytest.mark.parametrize("true_frequency", [4.0, 21.3, 36.0])
def test_a_harmonic_oscillator_has_its_peak_and_the_stated_width(true_frequency):
    velocities = oscillators([true_frequency], [1.0])
    frequency, density = vibrational_density(velocities, np.array([28.0]), ["Si"], SPACING_PS, 1.0, 45.0)
    assert frequency[density["total"].argmax()] == pytest.approx(true_frequency, abs=0.11)
    fine = np.linspace(true_frequency - 2, true_frequency + 2, 4001)
    lags = velocity_autocorrelation(velocities, np.array([28.0]), 500)
    assert width_at_half_maximum(fine, spectrum(lags, SPACING_PS, 1.0, fine)) == pytest.approx(1.0, rel=0.03)


def test_area_and_axis():
    velocities = np.random.default_rng(2).normal(size=(600, 6, 3))
    masses = np.array([28.0, 28.0, 16.0, 16.0, 16.0, 16.0])
    species = ["Si", "Si", "O", "O", "O", "O"]
    frequency, density = vibrational_density(velocities, masses, species, SPACING_PS, 1.0, 45.0)
    assert frequency[0] == 0
    assert frequency[-1] == 45.0
    assert np.diff(frequency).max() <= 0.2 + 1e-9
    assert np.trapezoid(density["total"], frequency) == pytest.approx(1.0)
    assert density["Si"] + density["O"] == pytest.approx(density["total"])
    assert min(values.min() for values in density.values()) >= 0


def test_mass_weighting_makes_equal_energies_equal_areas():
    """Equipartition: each oscillator has m v^2 alike, so each peak has the same area whatever its mass."""
    masses = np.array([28.0, 16.0])
    velocities = oscillators([10.0, 30.0], 1 / np.sqrt(masses))
    frequency, density = vibrational_density(velocities, masses, ["Si", "O"], SPACING_PS, 1.0, 45.0)
    silicon, oxygen = (np.trapezoid(density[symbol], frequency) for symbol in ("Si", "O"))
    assert silicon == pytest.approx(0.5, abs=0.005)
    assert oxygen == pytest.approx(0.5, abs=0.005)
    unweighted = vibrational_density(velocities, np.ones(2), ["Si", "O"], SPACING_PS, 1.0, 45.0)[1]
    assert np.trapezoid(unweighted["O"], frequency) == pytest.approx(28 / 44, abs=0.005)


def test_autocorrelation_is_the_sum_it_says_it_is():
    velocities = np.random.default_rng(3).normal(size=(50, 4, 3))
    masses = np.array([1.0, 2.0, 3.0, 4.0])
    direct = [(masses[None, :, None] * velocities[: 50 - lag] * velocities[lag:]).sum() / 50 for lag in range(11)]
    assert velocity_autocorrelation(velocities, masses, 10) == pytest.approx(np.array(direct))


def test_spectrum_integrates_to_the_kinetic_term():
    velocities = oscillators([12.0], [2.0])
    lags = velocity_autocorrelation(velocities, np.array([3.0]), 800)
    frequency = np.linspace(0, 80, 8001)
    area = np.trapezoid(spectrum(lags, SPACING_PS, 1.0, frequency), frequency)
    assert area == pytest.approx(3.0 * 2.0**2 / 2, rel=1e-3)  # m <v^2>


def test_overlap_is_one_for_equal_and_zero_for_disjoint_spectra():
    masses = np.ones(1)
    made = [
        vibrational_density(oscillators([true], [1.0]), masses, ["O"], SPACING_PS, 0.5, 45.0)
        for true in (8.0, 8.0, 30.0)
    ]
    axis = made[0][0]
    first, same, other = (density["total"] for _, density in made)
    assert overlap(axis, first, same) == pytest.approx(1.0)
    assert overlap(axis, first, other) < 0.01
    half = 0.5 * (first + other)
    assert overlap(axis, first, half) == pytest.approx(0.5, abs=0.01)


def test_what_can_t_be_resolved_is_refused():
    masses = np.ones(1)
    with pytest.raises(ValueError, match="below 100 THz"):
        vibrational_density(oscillators([8.0], [1.0]), masses, ["O"], SPACING_PS, 1.0, 100.0)
    with pytest.raises(ValueError, match="too short"):
        vibrational_density(oscillators([8.0], [1.0], samples=100), masses, ["O"], SPACING_PS, 1.0, 45.0)
    with pytest.raises(ValueError, match="zero or not finite"):
        vibrational_density(np.zeros((1000, 1, 3)), masses, ["O"], SPACING_PS, 1.0, 45.0)
