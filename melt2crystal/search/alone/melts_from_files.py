"""Melts from files of any format that ASE reads: extended XYZ, POSCAR, XDATCAR, LAMMPS data."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.io import read

from melt2crystal.errors import UserError
from melt2crystal.structure.frame_check import structure_problem

MOST_ATOMS = 1000  # in a melt: what relaxes it keeps a matrix of its coordinates
LAMMPS = (".data", ".lmp", ".lammps")


def melts_of(paths: Sequence[Path], formula: dict[str, int]) -> list[Atoms]:
    """All structures of the files.

    Raises:
        UserError: a file can't be read, or holds something else than melts of this composition.
    """
    return [melt for path in paths for melt in _of_file(path, formula)]


def _of_file(path: Path, formula: dict[str, int]) -> list[Atoms]:
    if not path.is_file():
        raise UserError(f"--melt {path}: there is no such file; name one that ASE reads")
    found: Any
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            lammps = path.suffix.lower() in LAMMPS
            found = read(path, index=":", format="lammps-data") if lammps else read(path, index=":")
    except Exception as error:  # ASE raises many kinds
        raise UserError(
            f"--melt {path}: ASE can't read it ({type(error).__name__}: {error}); give extended XYZ, POSCAR, or LAMMPS "
            f"data with masses whose name ends in {LAMMPS[0]}"
        ) from error
    melts = []
    for number, atoms in enumerate(found):
        where = f"--melt {path}, structure {number}"
        if problem := structure_problem(atoms):
            raise UserError(f"{where}: it {problem}; take it out, or give another file")
        if len(atoms) > MOST_ATOMS:
            raise UserError(
                f"{where}: has {len(atoms)} atoms; at most {MOST_ATOMS} can be brought to rest here: give cells of 50 "
                "to 300"
            )
        symbols = atoms.get_chemical_symbols()
        counts = {symbol: symbols.count(symbol) for symbol in dict.fromkeys(symbols)}
        units = formula_units_or_none(counts, formula)
        if units is None:
            wanted = "".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in formula.items())
            raise UserError(
                f"{where}: is {atoms.get_chemical_formula()}, no melt of {wanted}; give melts of that composition, or "
                "another --formula"
            )
        melts.append(Atoms(symbols, atoms.get_positions(), cell=atoms.cell.array, pbc=True))
    if not melts:
        raise UserError(f"--melt {path}: holds no structure; give another file")
    return melts


def formula_units_or_none(counts: dict[str, int], formula: dict[str, int]) -> int | None:
    """How many formula units these atoms are; None if they are no whole number of them."""
    units = sum(counts.values()) // sum(formula.values())
    return units if units and counts == {symbol: units * count for symbol, count in formula.items()} else None
