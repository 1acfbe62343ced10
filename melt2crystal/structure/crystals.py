"""Known crystals: read their files, check what they claim to be, cut cells out of them."""

import itertools
import warnings
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read

from melt2crystal.errors import UserError
from melt2crystal.structure.coordination import coordination_numbers
from melt2crystal.structure.symmetry import SYMPREC_A, space_group_number, standard_cell


def read_crystal(path: Path | str) -> Atoms:
    """The conventional cell of a crystal file (CIF, or whatever ASE reads), wrapped, without labels.

    Raises:
        UserError: the file is missing, broken, or holds no periodic structure; the message names it.
    """
    advice = "restore the file or name another one in benchmark.polymorphs"
    if not Path(path).is_file():
        raise UserError(f"{path}: there is no such structure file; {advice}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = read(path)
    except Exception as error:  # ASE raises many kinds on broken files
        raise UserError(f"{path}: not a readable structure ({type(error).__name__}: {error}); {advice}") from error
    atoms = found if isinstance(found, Atoms) else found[-1]
    if len(atoms) == 0 or not np.isfinite(atoms.get_positions()).all() or not abs(atoms.cell.volume) > 1e-3:
        raise UserError(f"{path}: holds no crystal (no atoms, no cell, or coordinates that are no numbers); {advice}")
    crystal = Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)
    crystal.wrap()
    return crystal


def space_group(atoms: Atoms, symprec_A: float = SYMPREC_A) -> int:
    """Space-group number at one tolerance (Å); 1 if spglib finds nothing."""
    number = space_group_number(atoms, symprec_A)
    return 1 if number is None else number


def primitive_cell(atoms: Atoms, symprec_A: float = SYMPREC_A) -> Atoms:
    """The primitive cell of a crystal, positions symmetrised too; a copy of the cell if spglib finds nothing."""
    found = standard_cell(atoms, primitive=True, symprec_A=symprec_A)
    return atoms.copy() if found is None else found


def conventional_cell(atoms: Atoms, symprec_A: float = SYMPREC_A) -> Atoms:
    """The conventional cell of a crystal, positions symmetrised too; a copy of the cell if spglib finds nothing."""
    found = standard_cell(atoms, primitive=False, symprec_A=symprec_A)
    return atoms.copy() if found is None else found


def formula_units(atoms: Atoms, formula: dict[str, int], where: str = "structure") -> int:
    """Number of formula units in a cell.

    Raises:
        UserError: the composition is not a multiple of the formula.
    """
    symbols = atoms.get_chemical_symbols()
    counts = {symbol: symbols.count(symbol) for symbol in dict.fromkeys(symbols)}
    units = len(atoms) // sum(formula.values())
    if units == 0 or counts != {symbol: units * count for symbol, count in formula.items()}:
        wanted = "".join(f"{symbol}{count}" for symbol, count in formula.items())
        raise UserError(
            f"{where}: composition {atoms.get_chemical_formula()} is not a multiple of substance.formula {wanted}; "
            "take another file or correct substance.formula"
        )
    return units


def claim_mistakes(
    path: Path | str,
    claimed_group: int,
    claimed_coordination: int,
    formula: dict[str, int],
    central: str,
    ligand: str,
    cutoff_A: float,
) -> list[str]:
    """What a structure file is not although the study says so: one sentence for each mistake, empty if all is true.

    Args:
        path: structure file.
        claimed_group: space-group number it must have at symprec 1e-2 Å.
        claimed_coordination: ligands every central atom must have.
        formula: atoms per formula unit.
        central: central species.
        ligand: counted species.
        cutoff_A: longest bond, Å.
    """
    try:
        atoms = read_crystal(path)
        formula_units(atoms, formula, str(path))
    except UserError as error:
        return [str(error)]
    mistakes = []
    found = space_group(atoms)
    if found != claimed_group:
        mistakes.append(f"{path}: has space group {found}, but the study says space_group: {claimed_group}")
    numbers = coordination_numbers(atoms, central, ligand, cutoff_A)
    if set(numbers.tolist()) != {claimed_coordination}:
        seen = ", ".join(str(number) for number in sorted(set(numbers.tolist()))) or "none"
        mistakes.append(
            f"{path}: {central} has {seen} {ligand} neighbours within {cutoff_A:g} A, "
            f"but the study says coordination: {claimed_coordination}"
        )
    return mistakes


def perpendicular_widths(cell: np.ndarray) -> np.ndarray:
    """Distances [3] between opposite faces of a cell [3, 3] (rows are vectors), Å."""
    normals = np.cross(np.roll(cell, -1, axis=0), np.roll(cell, -2, axis=0))
    return np.abs(np.linalg.det(cell)) / np.linalg.norm(normals, axis=1)


def compact_supercell(atoms: Atoms, at_least: int, surplus: float = 1.4) -> Atoms:
    """The repetition of a cell with at least so many atoms that is widest in its narrowest direction.

    Args:
        atoms: cell to repeat along its own vectors.
        at_least: smallest number of atoms.
        surplus: more than ``surplus * at_least`` atoms are taken only if no repetition has fewer.
    """
    fewest = -(-at_least // len(atoms))
    most = max(fewest, int(surplus * at_least / len(atoms)))
    widths = perpendicular_widths(atoms.cell.array)
    repeats = [
        (a, b, c)
        for a, b in itertools.product(range(1, most + 1), repeat=2)
        for c in range(1, most // (a * b) + 1)
        if fewest <= a * b * c <= most
    ]
    best = max(repeats, key=lambda n: (round(float(min(widths * n)), 3), -n[0] * n[1] * n[2], n))
    return atoms.repeat(best)


def scaled_volume(atoms: Atoms, scale: float) -> Atoms:
    """A copy whose volume is ``scale`` times the structure's: isotropic, ions keep their fractional coordinates."""
    scaled = Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)
    scaled.set_cell(scaled.cell.array * scale ** (1 / 3), scale_atoms=True)
    return scaled
