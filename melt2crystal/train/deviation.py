"""Deviation of an ensemble's forces: computed, or read from LAMMPS' and dp's model_devi.out.

Definitions as in DP-GEN and DeePMD-kit: force deviation of atom i is sqrt(<|F_i - <F_i>|^2>), the average over the
models with 1/n; ``max``, ``min`` and ``avg`` are over the atoms (Zhang et al., Comput. Phys. Commun. 253,
107206 (2020)).
"""

from pathlib import Path

import numpy as np

from melt2crystal.errors import UserError

STEP_COLUMN = "step"
MAX_FORCE_DEVIATION = "max_devi_f"


def force_deviation(forces: np.ndarray) -> np.ndarray:
    """Deviation of each atom.

    Args:
        forces: [models, atoms, 3], eV/Å.

    Returns:
        [atoms], eV/Å.
    """
    spread = forces - forces.mean(axis=0)
    return np.sqrt((spread**2).sum(axis=-1).mean(axis=0))


def largest_force_deviation(forces: np.ndarray) -> float:
    """The frame's deviation eps = max over atoms, eV/Å; NaN if any force is not finite, or one model is alone."""
    if len(forces) < 2:
        return float("nan")
    return float(force_deviation(forces).max())


def read_model_deviation(path: Path) -> dict[str, np.ndarray]:
    """Read model_devi.out by its header, whatever the number of columns (7 from LAMMPS, 8 from dp, more with atomic).

    A line that was cut off or holds something that is no number is kept as a row of NaN (its step is NaN too if even
    that is unreadable): what can't be trusted is counted as invalid by the selection, never dropped in silence.

    Returns:
        Columns by name: ``step`` and those of the header (``max_devi_v`` eV/atom, ``max_devi_f`` eV/Å, ...).

    Raises:
        UserError: missing file or no header that names max_devi_f.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file; LAMMPS writes it while it explores")
    names: list[str] | None = None
    rows: list[list[float]] = []
    for line in path.read_text(errors="replace").splitlines():
        if line.lstrip().startswith("#"):
            found = line.lstrip("# ").split()
            if MAX_FORCE_DEVIATION in found:
                names = found
            continue
        if line.strip():
            if names is None:
                raise UserError(f"{path}: no header line '# step ... {MAX_FORCE_DEVIATION} ...' before the numbers")
            rows.append(_row(line, len(names)))
    if names is None:
        raise UserError(f"{path}: no header line '# step ... {MAX_FORCE_DEVIATION} ...'; the file is empty or foreign")
    columns = np.array(rows, dtype=float).reshape(len(rows), len(names)).T
    return dict(zip(names, columns, strict=True))


def _row(line: str, width: int) -> list[float]:
    parts = line.split()
    values = [_number(part) for part in parts[:width]]
    if len(parts) < width:  # cut off: the last number may be half of one
        step = values[0] if len(parts) > 1 else float("nan")
        return [step] + [float("nan")] * (width - 1)
    return values


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
