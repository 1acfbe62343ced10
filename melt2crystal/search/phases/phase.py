"""A relaxed structure at one pressure, and what tells it from another: space group, enthalpy, volume, coordination."""

from collections.abc import Sequence
from dataclasses import dataclass

from ase import Atoms

from melt2crystal.relaxation.relaxer import enthalpy
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.coordination import mean_coordination
from melt2crystal.structure.symmetry import space_group_number, space_group_plateau

SAME_COORDINATION = 0.05
# Nearer in enthalpy and volume than relaxations end: soft modes leave a structure without its symmetry.
ALIKE_MEV_PER_ATOM, ALIKE_VOLUME_PERCENT = 0.1, 0.2
# International Tables: the eleven pairs of space groups that are each other's mirror image
MIRROR_PAIRS = (
    *((76, 78), (91, 95), (92, 96), (144, 145), (151, 153), (152, 154)),
    *((169, 170), (171, 172), (178, 179), (180, 181), (212, 213)),
)
_UNDER_ITS_MIRROR = {high: low for low, high in MIRROR_PAIRS}


@dataclass(frozen=True)
class Phase:
    """A relaxed structure at one pressure.

    Args:
        name: of the crystal it started as, or its id.
        groups: its space groups, at one tolerance and on the plateau of several, each the lower of a mirror pair.
        enthalpy_eV_per_atom, volume_A3_per_atom, coordination: of it.
    """

    name: str
    atoms: Atoms
    groups: tuple[int, int]
    enthalpy_eV_per_atom: float
    volume_A3_per_atom: float
    coordination: float


@dataclass(frozen=True)
class Ruler:
    """How phases are measured.

    Args:
        substance: its bonds.
        symprec_A: tolerance of the first space group, Å.
        symprecs_A: tolerances of the plateau, Å, ascending.
    """

    substance: Substance
    symprec_A: float
    symprecs_A: Sequence[float]

    def phase(self, name: str, atoms: Atoms, energy_eV: float, pressure_GPa: float) -> Phase:
        """A relaxed structure, measured; energy of its cell."""
        volume, of = atoms.get_volume(), self.substance
        return Phase(
            name,
            atoms,
            self.groups(atoms),
            enthalpy(energy_eV, volume, pressure_GPa) / len(atoms),
            volume / len(atoms),
            mean_coordination(atoms, of.central_species, of.ligand_species, of.bond_cutoff_A),
        )

    def groups(self, atoms: Atoms) -> tuple[int, int]:
        """Space groups at one tolerance and on the plateau, without hands; 1 where there is none."""
        plateau = space_group_plateau(atoms, self.symprecs_A)
        number = space_group_number(atoms, self.symprec_A)
        return handless(number or 1), handless(plateau.number if plateau is not None else 1)


def handless(group: int) -> int:
    """A space group; of two that are mirror images the lower."""
    return _UNDER_ITS_MIRROR.get(group, group)


def is_still(phase: Phase, start: Phase) -> bool:
    """Whether a relaxed structure has the space group and the coordination it began with."""
    same = phase.groups[1] in start.groups
    return same and abs(phase.coordination - start.coordination) <= SAME_COORDINATION


def alike(one: Phase, other: Phase) -> bool:
    """Whether enthalpy and volume differ by no more than an unfinished relaxation leaves; says nothing of symmetry."""
    apart = abs(one.enthalpy_eV_per_atom - other.enthalpy_eV_per_atom)
    volumes = abs(one.volume_A3_per_atom / other.volume_A3_per_atom - 1)
    return 1000 * apart <= ALIKE_MEV_PER_ATOM and 100 * volumes <= ALIKE_VOLUME_PERCENT
