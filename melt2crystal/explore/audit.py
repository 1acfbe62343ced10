"""What the deviation was worth: true errors of the frames a round had labelled, beside the deviations it saw.

The candidates were chosen for their deviation, so their errors say nothing about the others. The audit sample was
drawn at random from the frames called accurate (``selection.audit_sample``): the share of it that is wrong estimates
the share of all frames that nobody asked for.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest, spearmanr

from melt2crystal.explore.selection import AUDIT, CELL

CONFIDENCE = 0.95
FEWEST_TO_RANK = 10  # a rank correlation of fewer says nothing


def force_errors(forces: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> pd.DataFrame:
    """Errors of an ensemble's mean force on each frame.

    Args:
        forces: of each frame [members, atoms, 3], eV/Å.
        reference: labels of the same frames [atoms, 3], eV/Å.

    Returns:
        error_max, the largest |mean force - label| over the atoms, comparable with the deviation, and error_rms, the
        root mean square over atoms and components; eV/Å.
    """
    rows = []
    for models, label in zip(forces, reference, strict=True):
        difference = models.mean(axis=0) - label
        rows.append((np.linalg.norm(difference, axis=1).max(), np.sqrt((difference**2).mean())))
    return pd.DataFrame(rows, columns=["error_max", "error_rms"])


def share_with_interval(wrong: int, total: int) -> tuple[float | None, float, float]:
    """Share and its exact (Clopper-Pearson) 95 % interval; None and (0, 1) where nothing was seen."""
    if total == 0:
        return None, 0.0, 1.0
    interval = binomtest(wrong, total).proportion_ci(CONFIDENCE, method="exact")
    return wrong / total, float(interval.low), float(interval.high)


def missed_by_cell(errors: pd.DataFrame, cells: Sequence[tuple[float, float]], eps_hi: float) -> pd.DataFrame:
    """Of the frames called accurate, how many are wrong by ``eps_hi`` and more; a row for each cell.

    Args:
        errors: columns chosen_as, pressure_GPa, temperature_K and error_max (eV/Å).
        cells: (pressure_GPa, temperature_K) of the grid.

    Returns:
        Columns pressure_GPa, temperature_K, audited, missed, share, share_low, share_high (95 %).
    """
    audited = errors[errors["chosen_as"] == AUDIT]
    rows = []
    for pressure, temperature in cells:
        here = audited[(audited["pressure_GPa"] == pressure) & (audited["temperature_K"] == temperature)]
        missed = int((here["error_max"] >= eps_hi).sum())
        rows.append((pressure, temperature, len(here), missed, *share_with_interval(missed, len(here))))
    return pd.DataFrame(rows, columns=[*CELL, "audited", "missed", "share", "share_low", "share_high"])


def verdict(errors: pd.DataFrame, cells: pd.DataFrame, eps_hi: float) -> Mapping[str, float | int | None]:
    """The round as a whole: missed frames with their interval, and whether deviation ranks the errors."""
    audited, missed = int(cells["audited"].sum()), int(cells["missed"].sum())
    share, low, high = share_with_interval(missed, audited)
    ranked = errors[["max_devi_f", "error_max"]].dropna()
    varied = len(ranked) >= FEWEST_TO_RANK and (ranked.nunique() > 1).all()
    return {
        "audited": audited,
        "missed": missed,
        "missed_share": share,
        "missed_share_low": low,
        "missed_share_high": high,
        "eps_hi": eps_hi,
        "frames": len(ranked),
        "rank_correlation": float(spearmanr(ranked["max_devi_f"], ranked["error_max"])[0]) if varied else None,
    }
