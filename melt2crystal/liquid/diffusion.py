"""Mean squared displacements and self-diffusion coefficients of short walks."""

import numpy as np


def displacements(unwrapped: np.ndarray, cells: np.ndarray, masses: np.ndarray) -> np.ndarray:
    """Positions that only diffuse: without the fluctuation of the cell and the drift of the centre of mass.

    Args:
        unwrapped: [times, n, 3], Å, never folded back into the cell.
        cells: [times, 3, 3], Å.
        masses: [n].

    Returns:
        [times, n, 3], Å: fractional coordinates times the mean cell, relative to the centre of mass.
    """
    fractional = np.einsum("tni,tij->tnj", unwrapped, np.linalg.inv(cells))
    positions = fractional @ cells.mean(axis=0)
    centre = np.einsum("tni,n->ti", positions, masses / masses.sum())
    return positions - centre[:, None]


def mean_squared_displacement(positions: np.ndarray, longest: float = 0.5) -> np.ndarray:
    """MSD against lag, averaged over all time origins and atoms.

    Args:
        positions: [times, n, 3], Å, unwrapped.
        longest: largest lag as a fraction of the walk; longer lags have too few independent origins.

    Returns:
        [lags], Å^2, from lag 0.
    """
    lags = max(2, int(longest * len(positions)) + 1)
    msd = np.zeros(lags)
    for lag in range(1, lags):
        msd[lag] = ((positions[lag:] - positions[:-lag]) ** 2).sum(axis=-1).mean()
    return msd


def diffusion_coefficient(msd: np.ndarray, interval_ps: float, begin: float = 0.2) -> float:
    """Self-diffusion coefficient, Å^2/ps, from Einstein's relation: slope of the MSD / 6.

    The first part (``begin`` of the lags) is left out: there atoms rattle in their cages. A crystal's MSD is flat
    beyond it, so its coefficient is zero within the noise (and may be slightly negative).
    """
    first = min(max(1, int(begin * len(msd))), len(msd) - 2)
    lags = np.arange(len(msd))[first:] * interval_ps
    return float(np.polyfit(lags, msd[first:], 1)[0] / 6)


def species_diffusion(
    unwrapped: np.ndarray, cells: np.ndarray, symbols: np.ndarray, masses: np.ndarray, interval_ps: float
) -> dict[str, float]:
    """Self-diffusion coefficient of each species, Å^2/ps (arguments as in ``displacements``)."""
    positions = displacements(unwrapped, cells, masses)
    return {
        str(species): diffusion_coefficient(mean_squared_displacement(positions[:, symbols == species]), interval_ps)
        for species in dict.fromkeys(symbols)
    }
