"""Names of structures: a crystal of the library relaxed with the same potential, else a prototype, else unknown.

A matcher of structures alone takes alpha- and beta-quartz for one: space group, volume and enthalpy must agree first.
Mirror images have one name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from ase import Atoms

from melt2crystal.search.phases.phase import Phase, alike, handless
from melt2crystal.sections.phases.naming import Naming

LIBRARY, PROTOTYPE, UNKNOWN = "library", "prototype", "unknown"  # where a name is from
NOT_LOOKED_UP = "not looked up"  # no crystal of the library, and too high to be compared with prototypes


NAMES = (
    *("id", "pressure_GPa", "name", "source", "detail", "enthalpy_eV_per_atom", "space_group"),
    *("central", "ligand", "shared", "dimensions", "rings"),
)


@dataclass(frozen=True)
class Name:
    """What a structure is called, and where the name is from."""

    name: str
    source: str
    detail: str = ""


def name_of(phase: Phase, library: Sequence[Phase], windows: Naming) -> Name | None:
    """The crystal of the library that a structure is, both relaxed with one potential at one pressure.

    Of several within the windows the one nearest in enthalpy; None if it is none of them.

    Args:
        library: crystals that the potential keeps (``Library.phases`` with a name).
    """
    near = [known for known in library if known.name and within(phase, known, windows)]
    for known in sorted(near, key=lambda one: abs(one.enthalpy_eV_per_atom - phase.enthalpy_eV_per_atom)):
        if same_structure(phase.atoms, known.atoms):
            return Name(known.name, LIBRARY)
    return None


def within(phase: Phase, known: Phase, windows: Naming) -> bool:
    """Whether space group, volume and enthalpy of two relaxed structures agree; where enthalpy and volume agree as
    closely as a relaxation ends, its space group need not (soft modes leave it without)."""
    if alike(phase, known):
        return True
    volume = known.volume_A3_per_atom
    return (
        (phase.groups[0] == known.groups[0] or phase.groups[1] == known.groups[1])
        and abs(phase.volume_A3_per_atom - volume) <= windows.same_volume_percent / 100 * volume
        and abs(phase.enthalpy_eV_per_atom - known.enthalpy_eV_per_atom) <= windows.same_enthalpy_meV_per_atom / 1000
    )


def same_structure(one: Atoms, other: Atoms) -> bool:
    """Whether pymatgen's StructureMatcher takes two for one: turned, shifted, mirrored, in another cell, scaled."""
    from pymatgen.analysis.structure_matcher import StructureMatcher

    return bool(StructureMatcher().fit(_crystal(one), _crystal(other)))


def _crystal(atoms: Atoms) -> Any:
    from pymatgen.io.ase import AseAtomsAdaptor

    bare = Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)
    return AseAtomsAdaptor.get_structure(bare)


class Prototypes:
    """AFLOW's library of crystallographic prototypes, as it comes with pymatgen, at one stoichiometry.

    M. J. Mehl et al., Comput. Mater. Sci. 136, S1 (2017). The matcher compares without regard to species, and to
    volume; so the space group is compared here: a match of another group is said to be *like* the prototype.

    Args:
        formula: atoms per formula unit.
    """

    def __init__(self, formula: dict[str, int]) -> None:
        counts = np.array(sorted(formula.values()))
        self.counts = tuple(counts // np.gcd.reduce(counts))

    @cached_property
    def matcher(self) -> Any:
        """Made when it is first asked: reading the library takes seconds."""
        import pandas as pd
        from pymatgen.analysis.prototypes import AFLOW_PROTOTYPE_LIBRARY, PrototypeDatabaseMatcher

        rows = [row for row in AFLOW_PROTOTYPE_LIBRARY if self._has_counts(row["snl"].structure)]
        return PrototypeDatabaseMatcher(pd.DataFrame(rows)) if rows else None

    def _has_counts(self, structure: Any) -> bool:
        amounts = structure.composition.reduced_composition.get_el_amt_dict().values()
        return tuple(sorted(round(amount) for amount in amounts)) == self.counts

    def name_of(self, atoms: Atoms, groups: Sequence[int]) -> Name:
        """The prototype of a structure with these space groups (without hands), or unknown."""
        found = self.matcher.get_prototypes(_crystal(atoms)) if self.matcher is not None else None
        for entry in sorted(found or [], key=lambda entry: _group_of(entry) not in groups):
            tags = entry["tags"]
            title = str(tags.get("mineral") or tags.get("strukturbericht") or tags["aflow"])
            same = _group_of(entry) in groups
            return Name(title if same else f"like {title}", PROTOTYPE, str(tags["aflow"]))
        return Name(UNKNOWN, UNKNOWN)


def _group_of(entry: dict[str, Any]) -> int:
    """Space group in a label such as A2B_hP9_152_c_a."""
    return handless(int(str(entry["tags"]["aflow"]).split("_")[2]))
