"""A structure as others wrote it down, and what could not be taken: whatever was found has its place in one of both."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ase import Atoms

from melt2crystal.structure.frame_check import structure_problem

REMARK = "remark: "  # begins the reason of what is no fault of a structure
GIVEN = "given"  # origin of a structure that does not say where it comes from


@dataclass(frozen=True)
class Theirs:
    """A structure of another search.

    Args:
        source: file, and number or name in it; printable.
        atoms: species, cell, positions; nothing else of it is used.
        pressure_GPa: at which it was found; None: not said.
        energy_eV_per_atom, enthalpy_eV_per_atom: of their potential, which may not be ours; None: not said.
        origin: how their search came to it, in our words where they have one.
        generation: of their search.
        remark: what a reader should know of it.
    """

    source: str
    atoms: Atoms
    pressure_GPa: float | None = None
    energy_eV_per_atom: float | None = None
    enthalpy_eV_per_atom: float | None = None
    origin: str = GIVEN
    generation: int | None = None
    remark: str = ""

    def with_remark(self, remark: str) -> "Theirs":
        """The same with another remark behind those it has."""
        return replace(self, remark="; ".join(part for part in (self.remark, remark) if part))


@dataclass(frozen=True)
class Refused:
    """What can't be taken, with the reason.

    Args:
        source: file, and number or name in it; printable.
        reason: in words.
    """

    source: str
    reason: str


Found = tuple[list[Theirs], list[Refused]]


def printable(name: str) -> str:
    """A name as a table can hold it: bytes that are no UTF-8, and characters that can't be printed, are escaped."""
    told = name.encode("utf-8", "backslashreplace").decode()
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in told)


def usable(structures: list[Theirs], formula: Mapping[str, int]) -> Found:
    """Structures that are whole crystals of the substance, and the others with what is wrong with them."""
    taken, refused = [], []
    for one in structures:
        if problem := structure_problem(one.atoms) or composition_problem(one.atoms, formula):
            refused.append(Refused(one.source, problem))
        else:
            taken.append(one)
    return taken, refused


def composition_problem(atoms: Atoms, formula: Mapping[str, int]) -> str:
    """Why a structure is no crystal of the substance, or an empty text."""
    counts = atoms.symbols.formula.count()
    units = len(atoms) // sum(formula.values())
    if counts == {symbol: units * count for symbol, count in formula.items()}:
        return ""
    return f"holds {atoms.symbols.formula.format('hill')}, no whole formula units of the substance"
