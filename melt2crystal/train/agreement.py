"""Numbers that say how well a model agrees with the reference: RMSE, Pearson r, the window of stable structures."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


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


def stable_window(reference_eV_per_atom: ArrayLike, width_eV_per_atom: float) -> NDArray[np.bool_]:
    """Which structures lie within ``width_eV_per_atom`` of the lowest reference energy; shape as the input.

    The paper's window of stable structures is -8 to -7 eV/atom on VASP's scale, that is about the lowest 1 eV/atom.
    """
    energies = np.asarray(reference_eV_per_atom, dtype=float)
    if not np.isfinite(energies).any():
        return np.zeros(energies.shape, dtype=bool)
    return energies <= np.nanmin(energies) + width_eV_per_atom


def parity_errors(values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Errors of the ensemble mean, of each member, and at each pressure, with the number of frames.

    Args:
        values: energy_reference [frames] and energy_model [models, frames] (eV), atoms [frames], forces_reference
            [atoms, 3] and forces_model [models, atoms, 3] (eV/Å), pressure_GPa [frames].
    """
    energy = (values["energy_model"] - values["energy_reference"]) / values["atoms"]
    force = values["forces_model"] - values["forces_reference"]
    pressure_of_atom = np.repeat(values["pressure_GPa"], values["atoms"])
    pressures = np.unique(values["pressure_GPa"])
    return {
        "frames": len(values["atoms"]),
        **_errors(energy.mean(axis=0), force.mean(axis=0)),
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


def _root_mean_square(differences: np.ndarray) -> float:
    return float(np.sqrt(np.mean(differences**2)))
