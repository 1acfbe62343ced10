"""Names of known crystals for what was found: they are relaxed with the same potential, and decide nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.relaxation.relaxer import Relaxer, Target
from melt2crystal.search.alone.melts_from_files import formula_units_or_none
from melt2crystal.search.candidate import Conditions
from melt2crystal.search.phases.known import MINIMUM, relaxed_library
from melt2crystal.search.phases.naming import name_of
from melt2crystal.search.phases.phase import Phase, Ruler
from melt2crystal.search.starts.generate import in_order
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.structure.crystals import primitive_cell, read_crystal
from melt2crystal.structure.energies import ENTHALPY

RATTLE_A = 0.02  # a crystal that is a saddle point leaves it


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
        if not path.is_file():
            say(f"--known: left out: {path} is no file")
            continue
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
    crystals: dict[str, Atoms], relaxer: Relaxer, conditions: Conditions, ruler: Ruler, say: Callable[[str], None]
) -> list[Phase]:
    """Where the potential takes them, as they are and rattled; those that don't stay are told and give no name."""
    sanity = conditions.sanity
    target = Target(conditions.pressure_GPa, conditions.force_eV_per_A, conditions.steps, sanity.guard)
    library = relaxed_library(crystals, relaxer, target, ruler, Naming(), RATTLE_A, conditions.seed)
    for row in library.rows:
        if row["state"] == MINIMUM:
            end = f"space group {row['space_group']}, {row[ENTHALPY]:.4f} eV/atom"
        else:
            end = f"{row['state']} of this potential" + (f"; becomes {row['becomes']}" if "becomes" in row else "")
        say(f"--known: {row['crystal']}: {end}")
    minima = {row["crystal"] for row in library.rows if row["state"] == MINIMUM}
    return [phase for phase in library.phases if phase.name in minima]


def names_of(table: pd.DataFrame, frames: dict[str, Atoms], known: Sequence[Phase], ruler: Ruler) -> list[str | None]:
    """The known crystal that each row is, by space group, volume, enthalpy and a matcher; mirror images count."""
    if not known:
        return [None] * len(table)
    names: list[str | None] = []
    for row in table.to_dict("records"):
        atoms = frames[str(row["id"])]
        measured = ruler.phase(str(row["id"]), atoms, 0.0, 0.0)
        name = name_of(replace(measured, enthalpy_eV_per_atom=float(row[ENTHALPY])), known, Naming())
        names.append(name.name if name else None)
    return names
