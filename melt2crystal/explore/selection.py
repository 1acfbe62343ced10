"""Selection by deviation: four classes, a half-open window, a seeded choice, and when to stop.

The window is DP-GEN's standard one (0.14): eps_lo <= eps < eps_hi is a candidate, below it accurate, above failed.
What can't be trusted (no number, unphysical geometry, no frame) is a class of its own, invalid.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from melt2crystal.errors import UserError
from melt2crystal.sections.explore import Window

ACCURATE, CANDIDATE, FAILED, INVALID = "accurate", "candidate", "failed", "invalid"
CLASSES = (ACCURATE, CANDIDATE, FAILED, INVALID)
CELL = ["pressure_GPa", "temperature_K"]


def window_of(window: Window, heldout_deviation: np.ndarray) -> tuple[float, float]:
    """eps_lo and eps_hi in eV/Å.

    Args:
        heldout_deviation: deviation of the same ensemble on held-out melt [frames], eV/Å; used in mode "calibrated",
            where the window follows the models' quality and never falls below the fixed numbers.
    """
    if window.mode == "fixed":
        return window.eps_lo, window.eps_hi
    finite = heldout_deviation[np.isfinite(heldout_deviation)]
    if finite.size == 0:
        raise UserError(
            f"select.window: none of {heldout_deviation.size} forces of the held-out melt has a finite deviation, so "
            "the window can't be calibrated: the ensemble is broken; look at its learning curves (train/*/lcurve.csv), "
            "train for longer, or set select.window.mode: fixed"
        )
    lower = max(window.eps_lo, float(np.percentile(finite, window.lo_percentile)))
    return round(lower, 4), round(max(window.eps_hi, window.hi_factor * lower), 4)


def classify(deviation: np.ndarray, sound: np.ndarray, eps_lo: float, eps_hi: float) -> np.ndarray:
    """Class of each frame.

    Args:
        deviation: [frames], eV/Å; may hold NaN.
        sound: [frames] bool, the geometry is physical and there is a frame at all.
    """
    classes = np.full(len(deviation), ACCURATE, dtype=object)
    with np.errstate(invalid="ignore"):
        classes[deviation >= eps_lo] = CANDIDATE
        classes[deviation >= eps_hi] = FAILED
    classes[~np.isfinite(deviation) | ~np.asarray(sound, dtype=bool)] = INVALID
    return classes


def labelling_order(candidates: pd.DataFrame, strategy: str, generator: np.random.Generator) -> list[int]:
    """Index labels of the candidates in the order in which they should be labelled.

    ``random`` is a seeded shuffle (DP-GEN's way). ``spread`` takes one from each (T, p) cell in turn; within a cell the
    next one is the farthest in time from those already taken (walks are told apart by ``walk``).
    """
    if strategy == "random":
        return [int(k) for k in generator.permutation(candidates.index.to_numpy())]
    queues = [_spread_in_time(cell, generator) for _, cell in candidates.groupby(CELL, sort=True)]
    order: list[int] = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        order += [queue[turn] for queue in queues if turn < len(queue)]
    return order


def _spread_in_time(cell: pd.DataFrame, generator: np.random.Generator) -> list[int]:
    """Farthest-point order over the steps of one cell's walks, starting from a random frame."""
    labels, steps, walks = cell.index.to_numpy(), cell["step"].to_numpy(float), cell["walk"].to_numpy()
    first = int(generator.integers(len(labels)))
    taken, distance = [first], np.full(len(labels), np.inf)
    while len(taken) < len(labels):
        last = taken[-1]
        same = walks == walks[last]
        distance[same] = np.minimum(distance[same], np.abs(steps[same] - steps[last]))
        distance[last] = -1.0
        taken.append(int(np.argmax(distance)))
    return [int(labels[k]) for k in taken]


def class_table(frames: pd.DataFrame, cells: Sequence[tuple[float, float]]) -> pd.DataFrame:
    """Counts of the four classes per (p, T) cell, also for cells without any frame.

    Args:
        frames: columns pressure_GPa, temperature_K, class.
        cells: (pressure_GPa, temperature_K) of the whole grid.
    """
    rows = []
    for pressure, temperature in cells:
        of_cell = frames[(frames.pressure_GPa == pressure) & (frames.temperature_K == temperature)]
        rows.append((pressure, temperature, *(int((of_cell["class"] == name).sum()) for name in CLASSES)))
    return pd.DataFrame(rows, columns=[*CELL, *CLASSES])


def why_none(table: pd.DataFrame, because: str = "") -> str:
    """Why a round that isn't saturated has no frame to label.

    Args:
        table: of :func:`class_table`.
        because: why the invalid frames are invalid, counted, in words.
    """
    counts = {name: int(table[name].sum()) for name in CLASSES}
    total = sum(counts.values())
    invalid = f"{counts[INVALID]} invalid" + (f" ({because})" if because else "")
    if total == 0:
        return "no walk left a frame"
    if counts[FAILED] + counts[INVALID] == total:
        return (
            f"no frame can be trusted: {counts[FAILED]} failed, {invalid}; more melt to begin with, a "
            "larger network or a wider select.window is needed"
        )
    if counts[CANDIDATE]:
        return f"no candidate can be labelled: none of {counts[CANDIDATE]} is shown to be disordered"
    return f"no candidates, but not saturated: {counts[FAILED]} failed and {invalid} of {total}"


def is_saturated(table: pd.DataFrame, largest_fraction: float) -> bool:
    """True if in every cell at most ``largest_fraction`` of the frames are not accurate.

    Failed and invalid frames count as not accurate, and a cell that was never visited is not saturated: "no candidates
    because the walks exploded" is no convergence.
    """
    total = table[list(CLASSES)].sum(axis=1)
    if (total == 0).any():
        return False
    return bool(((total - table[ACCURATE]) / total <= largest_fraction).all())
