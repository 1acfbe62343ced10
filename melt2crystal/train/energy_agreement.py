"""How energies of a model agree with the reference's over structures: raw, without the mean shift, and in their order.

Structures are the unit of the bootstrap: each was found apart, and none is a neighbour of another in time.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from melt2crystal.structure.energies import HP, REFERENCE
from melt2crystal.train.agreement import pearson, stable_window

FEWEST, RESAMPLES = 5, 2000
INSANE = "insane"  # how the status of a structure begins that a search refused
Array = NDArray[np.float64]


@dataclass(frozen=True)
class EnergyAgreement:
    """Energies of a model against the reference's over one group of structures.

    Args:
        group: which structures.
        structures: their number; insane: how many of them the search refused.
        raw_meV_per_atom: RMSE of the energies as they are, with its 95 % interval.
        shift_meV_per_atom: mean of model minus reference.
        shifted_meV_per_atom: RMSE without that shift, with its interval.
        pearson, spearman, kendall: correlations, the second with its interval.
    """

    group: str
    structures: int
    insane: int
    raw_meV_per_atom: float | None = None
    raw_low: float | None = None
    raw_high: float | None = None
    shift_meV_per_atom: float | None = None
    shifted_meV_per_atom: float | None = None
    shifted_low: float | None = None
    shifted_high: float | None = None
    pearson: float | None = None
    spearman: float | None = None
    spearman_low: float | None = None
    spearman_high: float | None = None
    kendall: float | None = None


COLUMNS = tuple(field.name for field in fields(EnergyAgreement))


def groups_of(found: pd.DataFrame, window_eV: float, tight_eV: float) -> list[EnergyAgreement]:
    """Agreement over all structures that have both energies: sound ones, with the insane ones, and in two windows above
    the lowest sound one.

    Args:
        found: columns status, and the energies of model and reference, eV/atom.
    """
    both = found[np.isfinite(found[HP].astype(float)) & np.isfinite(found[REFERENCE].astype(float))]
    refused = both["status"].astype(str).str.startswith(INSANE)
    sound = both[~refused]
    parts = [("sound", sound)]
    if len(both) > len(sound):
        parts.append(("sound and insane", both))
    parts += [
        (f"within {1000 * width:g} meV/atom of the lowest", sound[stable_window(sound[REFERENCE], width)])
        for width in (window_eV, tight_eV)
    ]
    return [agreement(name, rows[HP], rows[REFERENCE], int(refused[rows.index].sum())) for name, rows in parts]


def table_of(groups: Sequence[EnergyAgreement]) -> pd.DataFrame:
    """One row for each group."""
    return pd.DataFrame([asdict(group) for group in groups], columns=list(COLUMNS))


def agreement(group: str, model_eV: ArrayLike, reference_eV: ArrayLike, insane: int = 0) -> EnergyAgreement:
    """Agreement of energies, eV/atom; numbers that need more structures than there are stay empty."""
    from scipy.stats import kendalltau, spearmanr

    model, reference = (np.asarray(values, dtype=float) for values in (model_eV, reference_eV))
    number = len(model)
    if not number:
        return EnergyAgreement(group, 0, 0)
    error = 1000 * (model - reference)
    raw, left = bootstrap(_rms, error), bootstrap(_scatter, error)
    spread = number >= 3 and np.ptp(model) > 0 and np.ptp(reference) > 0
    rank = bootstrap(_spearman, model, reference) if spread else (None, None)
    return EnergyAgreement(
        group,
        number,
        insane,
        float(_rms(error[None])[0]),
        *raw,
        float(error.mean()),
        float(_scatter(error[None])[0]) if number > 1 else None,
        *(left if number > 1 else (None, None)),
        pearson(model, reference),
        float(spearmanr(model, reference).statistic) if spread else None,
        *rank,
        float(kendalltau(model, reference).statistic) if spread else None,
    )


def bootstrap(
    statistic: Callable[..., Array], *values: Array, level: float = 0.95
) -> tuple[float | None, float | None]:
    """Percentile interval of a statistic of paired values over structures; none of fewer than five.

    B. Efron and R. Tibshirani, Statist. Sci. 1, 54 (1986).

    Args:
        statistic: of arrays [resamples, structures] -> [resamples].
    """
    number = len(values[0])
    if number < FEWEST:
        return None, None
    drawn = np.random.default_rng(0).integers(number, size=(RESAMPLES, number))  # measures an error, decides nothing
    found = statistic(*(one[drawn] for one in values))
    low, high = np.nanquantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _rms(errors: Array) -> Array:
    return np.sqrt((errors**2).mean(axis=1))


def _scatter(errors: Array) -> Array:
    return errors.std(axis=1)


def _spearman(one: Array, other: Array) -> Array:
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=1) for values in (one, other)]
    centred = [values - values.mean(axis=1, keepdims=True) for values in ranks]
    norms = np.sqrt((centred[0] ** 2).sum(axis=1) * (centred[1] ** 2).sum(axis=1))
    return (centred[0] * centred[1]).sum(axis=1) / np.where(norms > 0, norms, np.nan)
