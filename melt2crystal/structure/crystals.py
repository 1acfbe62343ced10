"""Known crystals: read their files, check what they claim to be, cut cells out of them."""

import itertools
import warnings
from pathlib import Path
from typing import Any

from ase import Atoms
from ase.io import read

from melt2crystal.errors import UserError
from melt2crystal.frames import perpendicular_widths
from melt2crystal.structure.cif import read_cif
from melt2crystal.structure.coordination import coordination_numbers
from melt2crystal.structure.frame_check import electrons_problem, structure_problem
from melt2crystal.structure.symmetry import SYMPREC_A, space_group_number, standard_cell


def read_crystal(path: Path | str) -> Atoms:
    """The conventional cell of a crystal file (CIF, or whatever ASE reads), wrapped, without labels.

    Raises:
        UserError: the file is missing, broken, or holds no bulk crystal; the message names it.
    """
    advice = "restore the file or name another one in benchmark.polymorphs"
    if not Path(path).is_file():
        raise UserError(f"{path}: there is no such structure file; {advice}")
    atoms = read_cif(Path(path)) if Path(path).suffix.lower() == ".cif" else _read_other(path, advice)
    if problem := structure_problem(atoms) or electrons_problem(atoms):
        raise UserError(f"{path}: is no crystal that can be used: it {problem}; {advice}")
    crystal = Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)
    crystal.wrap()
    return crystal


def _read_other(path: Path | str, advice: str) -> Atoms:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found: Any = read(path, index=":")
    except Exception as error:  # ASE raises many kinds on broken files
        raise UserError(f"{path}: not a readable structure ({type(error).__name__}: {error}); {advice}") from error
    if len(found) != 1:
        raise UserError(f"{path}: holds {len(found)} structures; put the one that is meant into a file of its own")
    return Atoms(found[0])


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
    false = false_claims(atoms, claimed_group, claimed_coordination, central, ligand, cutoff_A)
    return [f"{path}: {found}, but the study says {key}: {claimed}" for key, (claimed, found) in false.items()]


def false_claims(
    atoms: Atoms, claimed_group: int, claimed_coordination: int, central: str, ligand: str, cutoff_A: float
) -> dict[str, tuple[int, str]]:
    """Key of a study's crystal -> what the study says, and what the crystal has instead; empty if all is true."""
    false: dict[str, tuple[int, str]] = {}
    found = space_group(atoms)
    if found != claimed_group:
        false["space_group"] = (claimed_group, f"has space group {found}")
    numbers = sorted(set(coordination_numbers(atoms, central, ligand, cutoff_A).tolist()))
    if numbers != [claimed_coordination]:
        seen = ", ".join(map(str, numbers)) or "none"
        false["coordination"] = (
            claimed_coordination,
            f"{central} has {seen} {ligand} neighbours within {cutoff_A:g} Å",
        )
    return false


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
