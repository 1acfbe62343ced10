"""Which of the relaxed structures are the same."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from ase import Atoms

# pymatgen's own defaults (0.2, 0.3) let distinct frameworks pass; the enthalpy window does the rest
_LENGTH_TOLERANCE, _SITE_TOLERANCE, _ANGLE_TOLERANCE_DEG = 0.15, 0.2, 5.0
_PRIMITIVE_TOLERANCE_A = 0.1


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
