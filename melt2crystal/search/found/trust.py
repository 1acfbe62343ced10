"""Whether the ensemble knows a relaxed structure: where its members disagree about forces, no energy can be trusted.

A search follows a single member, and relaxation leads to wherever its energy is unphysically low; other members differ.
The deviation is the one that selects frames (``melt2crystal.train.deviation``).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.structure.energies import ENERGY, ENTHALPY
from melt2crystal.train.deviation import largest_force_deviation
from melt2crystal.train.models import Ensemble

Pair = tuple[dict[str, Any], Atoms | None]
_NOT_OF_AN_UNSOUND_ROW = (
    *(ENERGY, ENTHALPY, "volume_A3_per_atom"),
    *("space_group", "space_group_symprec_A", "coordination"),
)


def deviations(frames: Sequence[Atoms], ensemble: Ensemble) -> list[float | None]:
    """Largest force deviation of each structure, eV/Å; None for finite forces of a model that is alone."""
    found = ensemble.evaluate(frames)[1]
    alone = [len(forces) < 2 and bool(np.isfinite(forces).all()) for forces in found]
    return [None if one else largest_force_deviation(forces) for one, forces in zip(alone, found, strict=True)]


def with_deviations(pairs: Sequence[Pair], ensemble: Ensemble, largest_eV_per_A: float | None) -> list[Pair]:
    """Rows and frames with ``deviation_eV_per_A``; those above the limit become insane rows without a frame.

    Args:
        pairs: of :func:`melt2crystal.search.found.rows.row_and_frame`.
        largest_eV_per_A: the limit; None: the deviation is only noted. A deviation that is no number is above it. A
            model that is alone has none: nothing is refused for it, and the column stays empty.
    """
    of_frames = iter(deviations([frame for _, frame in pairs if frame is not None], ensemble))
    return [pair if pair[1] is None else _with_deviation(*pair, next(of_frames), largest_eV_per_A) for pair in pairs]


def _with_deviation(row: dict[str, Any], frame: Atoms | None, deviation: float | None, largest: float | None) -> Pair:
    noted = {**row, "deviation_eV_per_A": deviation}
    if largest is None or deviation is None or deviation <= largest:
        return noted, frame
    reason = f"insane: the members' forces deviate by {deviation:.2f} eV/Å, more than {largest:g}"
    return {k: v for k, v in noted.items() if k not in _NOT_OF_AN_UNSOUND_ROW} | {"status": reason}, None
