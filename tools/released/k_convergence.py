"""How fine a k-mesh a crystal needs: energies of one cell with finer and finer meshes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

TOLERANCE_MEV_PER_ATOM = 1.0
ERROR = "difference_meV_per_atom"


def largest_spacing(reciprocal_lengths_per_A: Sequence[float], mesh: Sequence[int]) -> float:
    """Largest distance of neighbouring k-points along the three axes, 1/A (2 pi included).

    Args:
        reciprocal_lengths_per_A: lengths of the reciprocal vectors [3], 1/A, 2 pi included.
        mesh: points along each [3].
    """
    return float((np.asarray(reciprocal_lengths_per_A) / np.asarray(mesh)).max())


def convergence_table(energies: pd.DataFrame) -> pd.DataFrame:
    """Add to each mesh how far its energy is from the finest mesh's of the same polymorph.

    Args:
        energies: columns polymorph, mesh ('3x3x2'), spacing_per_A and energy_eV_per_atom, one row a mesh.

    Returns:
        The rows, coarsest first within each polymorph, with the column ``difference_meV_per_atom``; the finest mesh has
        0, which says nothing about itself.
    """
    parts = []
    for _, rows in energies.groupby("polymorph", sort=False):
        ordered = rows.assign(points=[_points(mesh) for mesh in rows["mesh"]]).sort_values("points")
        finest = ordered["energy_eV_per_atom"].iloc[-1]
        ordered[ERROR] = 1000 * (ordered["energy_eV_per_atom"] - finest)
        parts.append(ordered.drop(columns="points"))
    return pd.concat(parts, ignore_index=True) if parts else energies.assign(**{ERROR: []})


def converged_spacing(table: pd.DataFrame, tolerance_meV_per_atom: float = TOLERANCE_MEV_PER_ATOM) -> pd.DataFrame:
    """The coarsest mesh of each polymorph from which on all finer ones agree with the finest.

    Args:
        table: from ``convergence_table``.
        tolerance_meV_per_atom: largest difference that counts as agreement.

    Returns:
        polymorph, mesh, spacing_per_A, largest_difference_meV_per_atom (of this mesh and the finer ones), one row a
        polymorph; polymorphs with a single mesh, or whose second-finest mesh is off, are left out: nothing is shown.
    """
    rows = []
    for name, mine in table.groupby("polymorph", sort=False):
        off = mine[ERROR].abs().to_numpy()
        still_off = np.flatnonzero(off > tolerance_meV_per_atom)
        first = int(still_off[-1]) + 1 if len(still_off) else 0
        if len(mine) - first >= 2:
            row = mine.iloc[first]
            rows.append((name, row["mesh"], row["spacing_per_A"], off[first:].max()))
    columns = ["polymorph", "mesh", "spacing_per_A", "largest_difference_meV_per_atom"]
    return pd.DataFrame(rows, columns=columns)


def _points(mesh: str) -> int:
    return int(np.prod([int(number) for number in mesh.split("x")]))
