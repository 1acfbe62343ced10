"""Which structures get a reference energy: the lowest, and others evenly spread over the energies above them.

Errors over a spread of several eV/atom and errors among the lowest are two numbers: the paper's 59 meV/atom is of the
first kind, its 29 of the second. Insane structures are in the spread, and stay marked: a search that keeps them all has
them, too.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.frames import canonical_frame, too_close
from melt2crystal.search.candidate import Candidate
from melt2crystal.structure.energies import ENERGY

INSANE = "insane"


def spread(energies_eV_per_atom: Sequence[float], number: int, range_eV_per_atom: float, lowest: float) -> list[int]:
    """Indices of structures evenly spread over energies from the lowest to ``range`` above it.

    The axis is cut into ``number`` equal parts; each gives the structure nearest to its middle, and what empty parts
    leave open goes to the structures that are farthest, in energy, from all that are chosen.

    Args:
        energies_eV_per_atom: of the structures to choose from.
        lowest: where the axis begins, eV/atom.
    """
    energies = np.asarray(energies_eV_per_atom, dtype=float)
    inside = np.flatnonzero((energies >= lowest - 1e-9) & (energies <= lowest + range_eV_per_atom))
    if number == 0 or len(inside) <= number:
        inside = inside[:number]
        return inside.tolist()
    width = range_eV_per_atom / max(number, 1)
    part = np.minimum(((energies[inside] - lowest) / width).astype(int), number - 1)
    chosen = [
        int(min(members, key=lambda k: (abs(energies[k] - lowest - (number_of + 0.5) * width), k)))
        for number_of in np.unique(part)
        for members in [inside[part == number_of]]
    ]
    while len(chosen) < number:
        left = [k for k in inside if k not in chosen]
        gaps = np.abs(energies[left][:, None] - energies[chosen][None]).min(axis=1)
        chosen.append(int(left[int(np.argmax(gaps))]))
    return sorted(chosen)


def insane_frame(
    candidate: Candidate,
    result: dict[str, Any],
    frame: Atoms | None,
    status: str,
    minimum_distances_A: dict[str, float],
) -> Atoms | None:
    """A structure that was refused, as a frame with its status; None of one that has none, or whose atoms collide: no
    reference can label that.

    Args:
        frame: its frame where the relaxation itself was sound.
    """
    if frame is None and "symbols" in result:
        frame = canonical_frame(Atoms(result["symbols"], positions=result["positions"], cell=result["cell"], pbc=True))
    if frame is None or not status.startswith(INSANE) or too_close(frame, minimum_distances_A):
        return None
    frame = frame.copy()
    frame.info.update(id=candidate.name, status=status, origin="search")
    return frame


def insane_row(frame: Atoms, pressure_GPa: float, units: int) -> dict[str, Any]:
    """Its row (schema UNIQUE), with the energy that the search's model gives it."""
    return {
        "id": frame.info["id"],
        "generation": 0,
        "formula_units": units,
        ENERGY: frame.info["energy_eV_per_atom"],
        "volume_A3_per_atom": frame.get_volume() / len(frame),
        "pressure_GPa": pressure_GPa,
        "status": frame.info["status"],
        "occurrences": 1,
    }
