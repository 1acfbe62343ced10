"""Names of known crystals for what was found: they are relaxed with the same potential, and decide nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.relaxation.relaxer import Relaxer, Target, enthalpy
from melt2crystal.search.alone.melts_from_files import formula_units_or_none
from melt2crystal.search.candidate import Conditions
from melt2crystal.search.found.minima import classes
from melt2crystal.search.starts.generate import in_order, rattled
from melt2crystal.sections.search import Unique
from melt2crystal.seeds import generator_for
from melt2crystal.structure.crystals import primitive_cell, read_crystal
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.structure.symmetry import space_group_plateau

RATTLE_A = 0.02  # a crystal that is a saddle point leaves it
# space groups that are mirror images of each other: a search finds either
MIRRORED = {
    **{78: 76, 95: 91, 96: 92, 145: 144, 153: 151, 154: 152, 170: 169, 172: 171, 179: 178, 181: 180, 213: 212}
}  # fmt: skip


@dataclass(frozen=True)
class Known:
    """A known crystal, relaxed.

    Args:
        name: of its file.
        atoms: where the potential takes it.
        enthalpy_eV_per_atom: there.
        space_group: there.
    """

    name: str
    atoms: Atoms
    enthalpy_eV_per_atom: float
    space_group: int


def crystals_of(folder: Path, formula: dict[str, int], say: Callable[[str], None]) -> dict[str, Atoms]:
    """Name -> primitive cell of each CIF of the composition; files that can't be read are told and passed over.

    Raises:
        UserError: no such folder, or no CIF in it is a crystal of this composition.
    """
    files = sorted(folder.glob("*.cif")) if folder.is_dir() else []
    if not files:
        raise UserError(f"--known {folder}: there is no CIF file; name a folder of *.cif, or leave it out")
    found: dict[str, Atoms] = {}
    others = 0
    for path in files:
        try:
            atoms = read_crystal(path)
        except UserError as error:
            say(f"--known: left out: {error}")
            continue
        symbols = atoms.get_chemical_symbols()
        counts = {symbol: symbols.count(symbol) for symbol in dict.fromkeys(symbols)}
        if formula_units_or_none(counts, formula) is None:
            others += 1
            continue
        found[path.stem] = in_order(primitive_cell(atoms), list(formula))
    if not found:
        raise UserError(
            f"--known {folder}: none of {len(files)} CIF files is a crystal of this composition; name another folder, "
            "or leave it out"
        )
    if others:
        say(f"--known: {others} of {len(files)} files have another composition")
    return found


def relaxed(
    crystals: dict[str, Atoms],
    relaxer: Relaxer,
    conditions: Conditions,
    symprecs_A: Sequence[float],
    say: Callable[[str], None],
) -> list[Known]:
    """Where the potential takes them from a rattle of 0.02 Å; those that don't stay are told and give no name."""
    starts = [
        rattled(atoms, RATTLE_A, generator_for(conditions.seed, "known", name)) for name, atoms in crystals.items()
    ]
    sanity = conditions.sanity
    target = Target(conditions.pressure_GPa, conditions.force_eV_per_A, conditions.steps, sanity.guard)
    stayed = []
    for (name, given), end in zip(crystals.items(), relaxer.relax_all(starts, target), strict=True):
        fault = end.failure or end.complaint or sanity.complaint(end.atoms, end.energy_eV)
        if fault:
            say(f"--known: {name}: no minimum of this potential ({fault})")
            continue
        before, after = (_group(atoms, symprecs_A) for atoms in (given, end.atoms))
        if before != after or len(classes([given, end.atoms], [0.0, 0.0], 1.0, 1.0)) > 1:
            say(f"--known: {name}: no minimum of this potential; space group {before} becomes {after}")
            continue
        per_atom = enthalpy(end.energy_eV, end.atoms.get_volume(), conditions.pressure_GPa) / len(end.atoms)
        stayed.append(Known(name, end.atoms, per_atom, after))
        say(f"--known: {name}: space group {after}, {per_atom:.4f} eV/atom")
    return stayed


def names_of(
    table: pd.DataFrame, frames: dict[str, Atoms], known: Sequence[Known], windows: Unique
) -> list[str | None]:
    """The known crystal that each row is: same space group (or its mirror image), within the windows, and matching."""
    names: list[str | None] = []
    for row in table.to_dict("records"):
        found = [
            one.name
            for one in known
            if abs(float(row[ENTHALPY]) - one.enthalpy_eV_per_atom) <= windows.same_enthalpy_meV_per_atom / 1000
            and _mirrored(int(row["space_group"])) == one.space_group
            and len(
                classes(
                    [one.atoms, frames[str(row["id"])]],
                    [0.0, 0.0],
                    1.0,
                    windows.same_volume_percent / 100,
                )
            )
            == 1
        ]
        names.append(" or ".join(found) or None)
    return names


def _group(atoms: Atoms, symprecs_A: Sequence[float]) -> int:
    plateau = space_group_plateau(atoms, symprecs_A)
    return _mirrored(plateau.number if plateau is not None else 1)


def _mirrored(number: int) -> int:
    return MIRRORED.get(number, number)
