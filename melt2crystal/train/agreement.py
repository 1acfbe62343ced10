"""Numbers that say how well a model agrees with the reference: RMSE, Pearson r, the window of stable structures."""

from collections.abc import Hashable, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST_WALKS, RESAMPLES = 5, 4000


def rmse(model: ArrayLike, reference: ArrayLike) -> float | None:
    """Root mean square of model - reference over all elements, in their unit; None without data.

    Non-finite pairs are left out (a frame whose label failed has no reference).
    """
    difference = np.ravel(np.asarray(model, dtype=float) - np.asarray(reference, dtype=float))
    difference = difference[np.isfinite(difference)]
    return _root_mean_square(difference) if difference.size else None


def pearson(model: ArrayLike, reference: ArrayLike) -> float | None:
    """Pearson's correlation coefficient; None with fewer than three pairs or without spread."""
    x, y = np.ravel(np.asarray(reference, dtype=float)), np.ravel(np.asarray(model, dtype=float))
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if x.size < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def pearson_interval(r: float | None, pairs: int) -> tuple[float, float] | None:
    """95 % interval of a correlation coefficient, by Fisher's transformation; None with fewer than four pairs.

    R. A. Fisher, Metron 1, 3 (1921): arctanh(r) is nearly normal, with the standard deviation 1 / sqrt(pairs - 3).
    """
    if r is None or pairs < 4 or abs(r) >= 1:
        return None
    half = NormalDist().inv_cdf(0.975) / np.sqrt(pairs - 3)
    return float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))


def stable_window(reference_eV_per_atom: ArrayLike, width_eV_per_atom: float) -> NDArray[np.bool_]:
    """Which structures lie within ``width_eV_per_atom`` of the lowest reference energy; shape as the input.

    The paper's window of stable structures is -8 to -7 eV/atom on VASP's scale, that is about the lowest 1 eV/atom.
    """
    energies = np.asarray(reference_eV_per_atom, dtype=float)
    if not np.isfinite(energies).any():
        return np.zeros(energies.shape, dtype=bool)
    return energies <= np.nanmin(energies) + width_eV_per_atom


def parity_errors(values: dict[str, np.ndarray], walks: Sequence[Hashable] | None = None) -> dict[str, Any]:
    """Errors of the ensemble mean (with 95 % intervals), of each member, and at each pressure with its frames.

    Frames of one walk are neighbours in time and no independent tests, so the bootstrap draws walks.

    Args:
        values: energy_reference [frames] and energy_model [models, frames] (eV), atoms [frames], forces_reference
            [atoms, 3] and forces_model [models, atoms, 3] (eV/Å), pressure_GPa [frames].
        walks: walk of each frame [frames]; without them there are no intervals.
    """
    energy = (values["energy_model"] - values["energy_reference"]) / values["atoms"]
    force = values["forces_model"] - values["forces_reference"]
    pressure_of_atom = np.repeat(values["pressure_GPa"], values["atoms"])
    pressures = np.unique(values["pressure_GPa"])
    return {
        "frames": len(values["atoms"]),
        **_errors(energy.mean(axis=0), force.mean(axis=0)),
        **_intervals(energy.mean(axis=0), force.mean(axis=0), values["atoms"], walks),
        "members": [_errors(energy[k], force[k]) for k in range(len(energy))],
        "pressures": {
            f"{p:g}": {
                **_errors(energy.mean(axis=0)[values["pressure_GPa"] == p], force.mean(axis=0)[pressure_of_atom == p]),
                "frames": int((values["pressure_GPa"] == p).sum()),
            }
            for p in pressures
        },
    }


def _errors(energy: np.ndarray, force: np.ndarray) -> dict[str, Any]:
    return {
        "energy_rmse_meV_per_atom": round(1000 * _root_mean_square(energy), 4),
        "force_rmse_eV_per_A": round(_root_mean_square(force), 6),
    }


def _intervals(
    energy: np.ndarray, force: np.ndarray, atoms: np.ndarray, walks: Sequence[Hashable] | None
) -> dict[str, Any]:
    if walks is None:
        return {}
    frame_of_atom = np.repeat(np.arange(len(atoms)), atoms)
    squares = np.zeros(len(atoms))
    np.add.at(squares, frame_of_atom, (force**2).sum(axis=1))
    of_energy = bootstrap_interval(energy**2, np.ones(len(atoms)), walks)
    of_force = bootstrap_interval(squares, 3 * atoms, walks)
    return {
        "walks": len(set(walks)),
        "energy_interval_meV_per_atom": of_energy and [round(1000 * end, 4) for end in of_energy],
        "force_interval_eV_per_A": of_force and [round(end, 6) for end in of_force],
    }


def bootstrap_interval(
    squares: np.ndarray, counts: np.ndarray, walks: Sequence[Hashable], level: float = 0.95
) -> tuple[float, float] | None:
    """Interval of a root mean square whose terms come in walks, by the percentile bootstrap over the walks.

    B. Efron and R. Tibshirani, Statist. Sci. 1, 54 (1986). With few walks it is too narrow; with fewer than
    ``FEWEST_WALKS`` it is not given.

    Args:
        squares: sum of the squared errors of each frame [frames].
        counts: number of terms in each sum [frames].
        walks: walk of each frame [frames].
        level: share of the resampled values inside.
    """
    from scipy.stats import bootstrap

    names = list(dict.fromkeys(walks))
    if len(names) < FEWEST_WALKS:
        return None
    number = np.array([names.index(walk) for walk in walks])
    sums, terms = (np.bincount(number, weights=weights, minlength=len(names)) for weights in (squares, counts))
    done = bootstrap(
        (sums, terms),
        lambda of_walks, of_terms, axis: np.sqrt(of_walks.sum(axis=axis) / of_terms.sum(axis=axis)),
        paired=True,
        vectorized=True,
        confidence_level=level,
        n_resamples=RESAMPLES,
        method="percentile",
        rng=np.random.default_rng(0),  # measures an error, decides nothing
    )
    return float(done.confidence_interval.low), float(done.confidence_interval.high)


def _root_mean_square(differences: np.ndarray) -> float:
    return float(np.sqrt(np.mean(differences**2)))
