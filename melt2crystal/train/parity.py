"""Root-mean-square errors of an ensemble against the reference."""

from typing import Any

import numpy as np


def parity_errors(values: dict[str, np.ndarray]) -> dict[str, Any]:
    """Errors of the ensemble mean, of each member, and at each pressure.

    Args:
        values: energy_reference [frames] and energy_model [models, frames] (eV), atoms [frames], forces_reference
            [atoms, 3] and forces_model [models, atoms, 3] (eV/A), pressure_GPa [frames].
    """
    energy = (values["energy_model"] - values["energy_reference"]) / values["atoms"]
    force = values["forces_model"] - values["forces_reference"]
    pressure_of_atom = np.repeat(values["pressure_GPa"], values["atoms"])
    pressures = np.unique(values["pressure_GPa"])
    return {
        "frames": len(values["atoms"]),
        **_rmse(energy.mean(axis=0), force.mean(axis=0)),
        "members": [_rmse(energy[k], force[k]) for k in range(len(energy))],
        "pressures": {
            f"{p:g}": _rmse(energy.mean(axis=0)[values["pressure_GPa"] == p], force.mean(axis=0)[pressure_of_atom == p])
            for p in pressures
        },
    }


def _rmse(energy: np.ndarray, force: np.ndarray) -> dict[str, float]:
    return {
        "energy_rmse_meV_per_atom": round(1000 * float(np.sqrt((energy**2).mean())), 4),
        "force_rmse_eV_per_A": round(float(np.sqrt((force**2).mean())), 6),
    }
