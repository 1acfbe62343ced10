"""Vibrational density of states from velocities, and how much two of them have in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

REACH = 6.0  # the window is cut at so many standard deviations, where it is 1.5e-8


def window_deviation_ps(resolution_THz: float) -> float:
    """Standard deviation in time, ps, of the Gaussian window whose spectrum has this full width at half maximum."""
    return float(np.sqrt(2 * np.log(2)) / (np.pi * resolution_THz))


def velocity_autocorrelation(velocities: Array, masses: Array, longest_lag: int) -> Array:
    """Mass-weighted velocity autocorrelation, sum_i m_i <v_i(0) . v_i(t)>, through the Wiener-Khinchin theorem.

    The sum over the starting times is divided by the number of samples, not of pairs (the biased estimate), so that
    its spectrum is a periodogram and nowhere negative; seen as a window it is a triangle as long as the walk.

    Args:
        velocities: [samples, atoms, 3], equally spaced in time.
        masses: [atoms].
        longest_lag: last lag kept, in samples.

    Returns:
        [longest_lag + 1]; the unit is mass times velocity squared.
    """
    samples = len(velocities)
    longest_lag = min(longest_lag, samples - 1)
    flat = (velocities * np.sqrt(masses)[None, :, None]).reshape(samples, -1)
    padded = 2 * samples
    power = np.zeros(padded // 2 + 1)
    for column in np.array_split(flat, max(1, flat.shape[1] // 64), axis=1):
        power += (np.abs(np.fft.rfft(column, n=padded, axis=0)) ** 2).sum(axis=1)
    return np.fft.irfft(power, n=padded)[: longest_lag + 1] / samples


def spectrum(autocorrelation: Array, spacing_ps: float, resolution_THz: float, frequency_THz: Array) -> Array:
    """Fourier transform of an autocorrelation under a Gaussian window.

    Args:
        autocorrelation: [lags], from lag 0.
        spacing_ps: time between lags, ps.
        resolution_THz: full width at half maximum of the window's spectrum, THz.
        frequency_THz: where the spectrum is wanted [frequencies], THz.

    Returns:
        [frequencies], one-sided, in the autocorrelation's unit per THz: the integral over all frequencies is C(0).
    """
    time = np.arange(len(autocorrelation)) * spacing_ps
    window = np.exp(-0.5 * (time / window_deviation_ps(resolution_THz)) ** 2)
    weights = np.full(len(time), 4.0 * spacing_ps)
    weights[0] = 2.0 * spacing_ps
    return np.cos(2 * np.pi * np.outer(frequency_THz, time)) @ (weights * window * autocorrelation)


def frequency_axis(largest_THz: float, resolution_THz: float) -> Array:
    """Frequencies, THz, from 0 to the largest in steps of a fifth of the resolution (or a little less)."""
    return np.linspace(0.0, largest_THz, int(np.ceil(5 * largest_THz / resolution_THz)) + 1)


def vibrational_density(
    velocities: Array,
    masses: Array,
    species: list[str],
    spacing_ps: float,
    resolution_THz: float,
    largest_THz: float,
) -> tuple[Array, dict[str, Array]]:
    """Vibrational density of states, resolved by species.

    The Fourier transform of the mass-weighted velocity autocorrelation is the density of states of a harmonic crystal
    in equipartition (J. M. Dickey and A. Paskin, Phys. Rev. 188, 1407 (1969)).

    Args:
        velocities: [samples, atoms, 3], any unit, equally spaced in time.
        masses: [atoms], any unit.
        species: [atoms], chemical symbols.
        spacing_ps: time between samples, ps.
        resolution_THz: full width at half maximum of a sharp line, THz.
        largest_THz: end of the frequency axis, THz.

    Returns:
        Frequencies [frequencies], THz, and 'total' and each species -> density [frequencies], 1/THz. The total
        has unit area on the axis; the species' densities add up to it.

    Raises:
        ValueError: the samples are too coarse for the axis, the walk is too short for the resolution, or nothing moves.
    """
    nyquist = 0.5 / spacing_ps
    if largest_THz > nyquist:
        raise ValueError(f"velocities every {spacing_ps:g} ps end at {nyquist:.3g} THz, below {largest_THz:g} THz")
    longest_lag = int(np.ceil(REACH * window_deviation_ps(resolution_THz) / spacing_ps))
    if len(velocities) < longest_lag / 2:
        length = len(velocities) * spacing_ps
        enough = REACH * window_deviation_ps(1.0) / (2 * length)  # the window's deviation falls as one over its width
        raise ValueError(
            f"{length:.3g} ps are too short for a resolution of {resolution_THz:g} THz, and enough for {enough:.2g} THz"
        )
    frequency = frequency_axis(largest_THz, resolution_THz)
    symbols = np.array(species)
    density = {}
    for symbol in dict.fromkeys(species):
        of_species = symbols == symbol
        correlation = velocity_autocorrelation(velocities[:, of_species], masses[of_species], longest_lag)
        density[symbol] = np.clip(spectrum(correlation, spacing_ps, resolution_THz, frequency), 0.0, None)
    total = np.sum(list(density.values()), axis=0)
    area = np.trapezoid(total, frequency)
    if not np.isfinite(area) or area <= 0:
        raise ValueError("the velocities are zero or not finite")
    return frequency, {"total": total / area} | {symbol: values / area for symbol, values in density.items()}


def overlap(frequency_THz: Array, first: Array, second: Array) -> float:
    """Common area of two densities of unit area, integral of min(a, b) over frequency: 1 if equal, 0 if disjoint."""
    return float(np.trapezoid(np.minimum(first, second), frequency_THz))


def end_of_spectrum(frequency_THz: Array, density: Array, share: float = 0.999) -> float:
    """Frequency, THz, below which this share of a density of states lies; 0 of a density of nothing."""
    area = np.concatenate([[0.0], np.cumsum(np.diff(frequency_THz) * (density[1:] + density[:-1]) / 2)])
    return float(frequency_THz[np.searchsorted(area, share * area[-1])]) if area[-1] > 0 else 0.0


def axis_end(spectra: Iterable[tuple[Array, Array]]) -> float:
    """End of an axis on which all of these spectra (frequency, density) are seen, THz, rounded up to a multiple of 5
    (of 1 where they end below 10), and no further than they were computed."""
    ends, computed = [], []
    for frequency, density in spectra:
        ends.append(end_of_spectrum(frequency, density))
        computed.append(float(frequency[-1]))
    if not ends:
        return 1.0
    step = 5.0 if max(ends) > 10 else 1.0
    return min(max(computed), step * (np.floor(max(ends) / step) + 1))


@dataclass(frozen=True)
class Baseline:
    """Overlaps of one crystal's spectrum with those of all others: what a comparison yields that means nothing.

    Attributes:
        mean, largest: over the other crystals; NaN if there is none.
        nearest: the crystal of the largest one.
    """

    mean: float
    largest: float
    nearest: str


def baselines(spectra: Mapping[str, tuple[Array, Array]]) -> dict[str, Baseline]:
    """Overlap of each crystal's spectrum with those of the others, all on the same axis and at the same resolution.

    Args:
        spectra: crystal -> frequency [frequencies], THz, and density of unit area.
    """
    found = {}
    for name, (frequency, density) in spectra.items():
        others = {other: overlap(frequency, density, theirs) for other, (_, theirs) in spectra.items() if other != name}
        nearest = max(others, key=lambda other: others[other], default="")
        mean = float(np.mean(list(others.values()))) if others else float("nan")
        found[name] = Baseline(mean, others.get(nearest, float("nan")), nearest)
    return found
