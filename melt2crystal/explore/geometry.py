"""Geometry of explored frames: within the densities of the melts, no pair too close; and counts of what is not."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.explore.selection import CELL, INVALID
from melt2crystal.frames import density_g_per_cm3, too_close
from melt2crystal.sections.explore import Select

NO_FRAME, NO_DEVIATION = "no frame", "deviation is no number"


def density_range(select: Select, melts: Iterable[Atoms]) -> tuple[float, float]:
    """Smallest and largest density of a believable frame, g/cm3: the setting, or around those of the melts.

    Args:
        melts: certified frames of the study's own melts; not looked at if the setting says the range.

    Raises:
        UserError: there is no melt to take densities from.
    """
    if select.density_range_g_per_cm3 is not None:
        return select.density_range_g_per_cm3
    densities = [density_g_per_cm3(atoms) for atoms in melts]
    if not densities:
        raise UserError("select.density_range_g_per_cm3: no certified melt has a density; give a range, or melts")
    factor = 1 + select.density_margin
    return round(min(densities) / factor, 3), round(max(densities) * factor, 3)


def geometry_problem(
    atoms: Atoms | None, densities_g_per_cm3: tuple[float, float], minimum_distances_A: Mapping[str, float]
) -> str:
    """Why a frame can't be trusted, the same words for the same kind; an empty text if it can."""
    if atoms is None:
        return NO_FRAME
    low, high = densities_g_per_cm3
    density = density_g_per_cm3(atoms)
    if not low <= density <= high:
        return f"density below {low:g} g/cm3" if density < low else f"density above {high:g} g/cm3"
    close = too_close(atoms, minimum_distances_A)
    return f"{close.split(' ', 1)[0]} closer than {close.rsplit(' below ', 1)[1]}" if close else ""


def invalid_because(frames: pd.DataFrame) -> pd.Series:
    """Why each invalid frame is one; the others are left out.

    Args:
        frames: columns class, geometry (see :func:`geometry_problem`).
    """
    invalid = frames[frames["class"] == INVALID]
    return invalid["geometry"].where(invalid["geometry"] != "", NO_DEVIATION)


def reasons_of_cells(frames: pd.DataFrame, cells: Sequence[tuple[float, float]]) -> list[str]:
    """For each (p, T) cell: '3 no frame; 2 density below 1.5 g/cm3', the most frequent first."""
    because = invalid_because(frames)
    of_cells = frames.loc[because.index, CELL].to_numpy(float)
    return [in_words(because[np.all(of_cells == cell, axis=1)]) for cell in cells]


def in_words(reasons: Iterable[str]) -> str:
    """Reasons counted, in one line."""
    counts = Counter(reasons)
    return "; ".join(f"{count} {reason}" for reason, count in sorted(counts.items(), key=lambda one: (-one[1], one[0])))
