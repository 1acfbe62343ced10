"""Unique structures, and whether those that kept a start's symmetry are minima or saddle points.

Relaxation keeps symmetry, so a symmetric start can end on a saddle point, which any other would leave. Such a structure
is rattled and relaxed again: it is a minimum if it comes back (within the windows of enthalpy and volume); else the
structure reached, its descendant, joins the table.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.search.candidate import Candidate
from melt2crystal.search.found.table import SOUND, STRUCTURES, UNIQUE, check_table
from melt2crystal.sections.search import Unique
from melt2crystal.structure.energies import ENTHALPY

DESCENDANT_MARK = "-r"
# pymatgen's own defaults (0.2, 0.3) let distinct frameworks pass; the enthalpy window does the rest
_LENGTH_TOLERANCE, _SITE_TOLERANCE, _ANGLE_TOLERANCE_DEG = 0.15, 0.2, 5.0
_PRIMITIVE_TOLERANCE_A = 0.1
# origins that can keep symmetry: a strain leaves an inversion, a mode may have symmetry of its own; given: nobody knows
KEEP_SYMMETRY = ("symmetric", "strain", "soft", "permute", "given")


def classes(
    structures: Sequence[Atoms],
    enthalpies_eV_per_atom: Sequence[float],
    same_enthalpy_eV_per_atom: float,
    same_volume_share: float,
) -> list[list[int]]:
    """Classes of equal structures, by ascending enthalpy, each with its lowest member first.

    A structure joins the first class whose representative lies within both windows and matches it as a crystal:
    rotated, shifted, mirrored or described in another cell (pymatgen's StructureMatcher; its comparisons are what
    costs, the windows spare nearly all of them).

    Args:
        structures: relaxed at the same pressure.
        same_enthalpy_eV_per_atom: largest difference of enthalpy.
        same_volume_share: largest relative difference of volume per atom.

    Returns:
        Indices into ``structures``.
    """
    from pymatgen.analysis.structure_matcher import StructureMatcher
    from pymatgen.io.ase import AseAtomsAdaptor

    matcher = StructureMatcher(
        ltol=_LENGTH_TOLERANCE, stol=_SITE_TOLERANCE, angle_tol=_ANGLE_TOLERANCE_DEG, primitive_cell=False, scale=True
    )
    volumes = np.array([atoms.get_volume() / len(atoms) for atoms in structures])
    primitive: dict[int, Any] = {}

    def crystal(index: int) -> Any:
        if index not in primitive:
            own = structures[index]
            bare = Atoms(own.get_chemical_symbols(), own.get_positions(), cell=own.cell.array, pbc=True)
            primitive[index] = AseAtomsAdaptor.get_structure(bare).get_primitive_structure(_PRIMITIVE_TOLERANCE_A)
        return primitive[index]

    found: list[list[int]] = []
    for index in np.argsort(enthalpies_eV_per_atom, kind="stable"):
        for members in reversed(found):  # the nearest in enthalpy last
            first = members[0]
            if enthalpies_eV_per_atom[index] - enthalpies_eV_per_atom[first] > same_enthalpy_eV_per_atom:
                continue
            near = abs(volumes[index] - volumes[first]) <= same_volume_share * volumes[first]
            if near and matcher.fit(crystal(first), crystal(int(index))):
                members.append(int(index))
                break
        else:
            found.append([int(index)])
    return found


def unique_rows(relaxed: pd.DataFrame, frames: dict[str, Atoms], windows: Unique) -> pd.DataFrame:
    """One row for each class of equal structures (schema UNIQUE), lowest enthalpy first.

    ``is_minimum`` is true if any member came from a start without symmetry, and empty (not tested) otherwise.

    Args:
        relaxed: sound rows (schema STRUCTURES).
        frames: id -> relaxed structure.
    """
    enthalpies = relaxed[ENTHALPY].to_numpy(dtype=float)
    groups = classes(
        [frames[name] for name in relaxed["id"]],
        enthalpies,
        windows.same_enthalpy_meV_per_atom / 1000,
        windows.same_volume_percent / 100,
    )
    rows = relaxed.iloc[[members[0] for members in groups]].copy()
    rows["occurrences"] = [len(members) for members in groups]
    free = ~relaxed["origin"].isin(KEEP_SYMMETRY).to_numpy(dtype=bool)
    rows["is_minimum"] = pd.array([True if free[members].any() else pd.NA for members in groups], dtype="boolean")
    return check_table(rows, UNIQUE, "unique structures")


def to_be_tested(unique: pd.DataFrame, number: int) -> list[str]:
    """Ids of the lowest structures that were only reached with symmetry."""
    return [str(name) for name in unique.loc[unique["is_minimum"].isna(), "id"].head(number)]


def descendants_of(parents: list[str], frames: dict[str, Atoms]) -> list[Candidate]:
    """One rattled candidate for each parent."""
    return [
        Candidate(f"{name}{DESCENDANT_MARK}", 1, index, (frames[name],), (name,)) for index, name in enumerate(parents)
    ]


def add_descendants(
    relaxed: pd.DataFrame, descendants: pd.DataFrame, frames: dict[str, Atoms], windows: Unique
) -> pd.DataFrame:
    """Unique rows of structures and descendants together; tested parents are marked as minima or not.

    A parent whose descendant ended unsoundly stays untested (empty).

    Args:
        relaxed, descendants: rows (schema STRUCTURES) of the search and of the tests; frames: id -> structure for both.
    """
    sound = descendants[descendants["status"].isin(SOUND)]
    together = pd.concat([relaxed, sound], ignore_index=True) if len(sound) else relaxed
    together = together.sort_values([ENTHALPY, "id"], kind="stable", ignore_index=True)
    unique = unique_rows(check_table(together, STRUCTURES, "search with descendants"), frames, windows)
    # an unsymmetric member within the windows is what "came back" means; a parent that did not get one is a saddle
    tested = set(sound["parents"].dropna())
    untouched = unique["is_minimum"].isna()
    saddles = untouched & unique["id"].isin(tested)
    unique.loc[saddles, "is_minimum"] = False
    return check_table(unique, UNIQUE, "unique structures")
