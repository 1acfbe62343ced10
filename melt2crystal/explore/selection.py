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
AUDIT = "audit"  # an accurate frame that was drawn to be labelled nevertheless
CELL = ["pressure_GPa", "temperature_K"]


def window_of(window: Window, heldout_deviation: np.ndarray, heldout_forces: np.ndarray) -> tuple[float, float]:
    """eps_lo and eps_hi in eV/Å.

    Args:
        heldout_deviation: deviation of the same ensemble on held-out melt [frames], eV/Å; used in mode "calibrated",
            where the window follows the models' quality and never falls below the fixed numbers.
        heldout_forces: the labels' forces on the same melt [atoms, 3], eV/Å. A share of their root mean square bounds
            eps_lo, so that models which agree on nothing don't widen the window until all is accurate.

    Raises:
        UserError: no held-out deviation is finite.
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
    most = window.lo_share_of_force_max * float(np.sqrt((heldout_forces**2).sum(axis=1).mean()))
    lower = max(window.eps_lo, min(float(np.percentile(finite, window.lo_percentile)), most))
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

    ``random`` is a seeded shuffle (DP-GEN's way). ``spread`` takes one from each (T, p) cell in turn, the cells in
    another random order each turn, so that a turn that isn't whole favours none; within a cell the next one is the
    farthest in time from those already taken (walks are told apart by ``walk``).
    """
    if strategy == "random":
        return [int(k) for k in generator.permutation(candidates.index.to_numpy())]
    queues = [_spread_in_time(cell, generator) for _, cell in candidates.groupby(CELL, sort=True)]
    order: list[int] = []
    for turn in range(max((len(queue) for queue in queues), default=0)):
        left = [queue for queue in queues if turn < len(queue)]
        order += [left[k][turn] for k in generator.permutation(len(left))]
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


def audit_sample(accurate: pd.DataFrame, per_cell: int, generator: np.random.Generator) -> list[int]:
    """Index labels of accurate frames drawn at random, at most so many from each (T, p) cell, whatever the strategy.

    They are labelled like the candidates, so they tell how wrong the frames are that nobody asked for.
    """
    drawn: list[int] = []
    for _, cell in accurate.groupby(CELL, sort=True):
        drawn += [int(k) for k in generator.permutation(cell.index.to_numpy())[:per_cell]]
    return drawn


def refuse_failure_everywhere(table: pd.DataFrame, eps_hi: float, because: str = "") -> None:
    """A round in which no frame can be trusted is no end of a loop.

    Args:
        table: of :func:`class_table`.
        eps_hi: upper end of the window, eV/Å.
        because: why the invalid frames are invalid, counted, in words.

    Raises:
        UserError: no walk left a frame, or all frames of all cells failed or are invalid.
    """
    counts = {name: int(table[name].sum()) for name in CLASSES}
    total = sum(counts.values())
    if total > counts[FAILED] + counts[INVALID]:
        return
    what = f"all {total} explored frames failed: {counts[FAILED]} have a deviation of {eps_hi:g} eV/Å and more, " + (
        f"{counts[INVALID]} are invalid" + (f" ({because})" if because else "")
    )
    raise UserError(
        f"select: {what if total else 'no walk left a frame'}, so this ensemble can't lead a walk in any state, and "
        "nothing it would choose is worth a label. What helps: more melt to begin with (liquid.walk_ps, "
        "liquid.frames_per_state), longer training (train.loop.steps; train/iteration-*/*/lcurve.csv shows the "
        "learning curves), shorter exploration (explore.walk_ps), or no loop (select.max_iterations: 0)"
    )


def why_none(table: pd.DataFrame, because: str = "") -> str:
    """Why a round that isn't saturated has no frame to label.

    Args:
        table: of :func:`class_table`.
        because: why the invalid frames are invalid, counted, in words.
    """
    counts = {name: int(table[name].sum()) for name in CLASSES}
    if counts[CANDIDATE]:
        return f"no candidate can be labelled: none of {counts[CANDIDATE]} is shown to be disordered"
    total = sum(counts.values())
    if counts[ACCURATE] == total:
        return f"no candidates among {total} frames, but some cells have too few of them to be called saturated"
    invalid = f"{counts[INVALID]} invalid" + (f" ({because})" if because else "")
    return f"no candidates, but not saturated: {counts[FAILED]} failed and {invalid} of {total}"


def is_saturated(table: pd.DataFrame, largest_fraction: float, least_frames: int) -> bool:
    """True if in every cell at most ``largest_fraction`` of the frames, at least ``least_frames``, are not accurate.

    Failed and invalid frames count as not accurate, and a cell that was hardly visited is not saturated: "no candidates
    because the walks exploded" is no convergence, and neither is one accurate frame.
    """
    total = table[list(CLASSES)].sum(axis=1)
    if (total < least_frames).any():
        return False
    return bool(((total - table[ACCURATE]) / total <= largest_fraction).all())
