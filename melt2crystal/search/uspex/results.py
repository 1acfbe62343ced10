"""Results of a USPEX search: the structures of its results folders, each once, with what its tables say of them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.search.others.poscars import blocks, read_poscar
from melt2crystal.search.others.structure import GIVEN, Found, Refused, Theirs, printable
from melt2crystal.search.uspex.folder import GATHERED, GOOD, INDIVIDUALS, results_folders
from melt2crystal.search.uspex.tables import Row, read_rows
from melt2crystal.search.uspex.told import told_in

GOOD_GATHERED = "goodStructures_POSCARS"
LARGEST_BYTES = 500_000_000
# USPEX's names of its operators (their beginnings, small letters) -> ours; random structures have symmetry
ORIGINS = {
    "rand": "symmetric",
    "toprand": "symmetric",
    "heredity": "splice",
    "permut": "permute",
    "softmut": "soft",
    "lat": "strain",
    "coormut": "rattle",
}
VERSION = re.compile(r"\b(?:version|uspex)\s*:?\s*v?\s*(\d+(?:\.\d+)*)", re.IGNORECASE)
KNOWN = re.compile(r"9\.4\.4|10(\.\d+)*|202[0-4](\.\d+)*")  # the last: the Python line


@dataclass(frozen=True)
class Results:
    """What a results folder holds.

    Args:
        found: structures, and what could not be taken.
        remarks: what is odd about the folder as a whole.
    """

    found: Found
    remarks: list[str]


def read_results(folder: Path, species: Sequence[str]) -> Results:
    """All structures of a results folder or of the results folders in it.

    Args:
        folder: of USPEX's INPUT.txt, or a results folder itself.
        species: in the order of USPEX's types, for versions that name none.

    Raises:
        UserError: no results, or of a version whose formats are not known here (with the line that says so).
    """
    folders = results_folders(folder)
    if not folders:
        raise UserError(f"{folder}: holds no results of USPEX ({INDIVIDUALS} and {GATHERED}, or results1 with them)")
    taken: list[Theirs] = []
    refused: list[Refused] = []
    remarks: list[str] = []
    for one in folders:
        refuse_unknown_version(one)
        told = told_in(one)
        remarks += told.remarks
        found, lost = _read_one(one, told.species or species, told.pressure_GPa)
        taken, refused = taken + found, refused + lost
    return Results((taken, refused), remarks)


def refuse_unknown_version(folder: Path) -> None:
    """Stop at results of a version whose formats are not known here.

    Raises:
        UserError: with file and line.
    """
    for name in ("OUTPUT.txt", "log", INDIVIDUALS):
        path = folder / name
        if not path.is_file():
            continue
        with open(path, encoding="utf-8", errors="replace") as handle:
            for number, line in zip(range(1, 301), handle, strict=False):
                said = VERSION.search(line)
                if said and not KNOWN.fullmatch(said[1]):
                    raise UserError(
                        f"{path}, line {number}: {printable(line.strip())[:120]!r}: results of this version can't be "
                        "read (9.4.4, 10.x and the Python line up to 2024 can); have USPEX or another program write "
                        "the structures as POSCAR, CIF or extended XYZ, and name their folder in search.found"
                    )
                if said:
                    break  # the first that is told; later lines may name other programs


def _read_one(folder: Path, species: Sequence[str], pressure_GPa: float | None) -> Found:
    named = printable(folder.name)
    rows, refused = _rows(folder, named)
    atoms: dict[int, Theirs] = {}
    broken: dict[int, Refused] = {}
    for name in (GATHERED, GOOD_GATHERED):
        for number, line, lines in blocks(_text(folder / name)):
            if number in atoms:
                continue  # kept as one of the best: the same again
            try:
                atoms[number] = _structure(named, number, read_poscar(lines, species), rows.get(number), pressure_GPa)
            except UserError as error:
                broken.setdefault(number, Refused(f"{named}/EA{number}", f"{name}, line {line}: {error}"))
    refused += [lost for number, lost in broken.items() if number not in atoms]
    lacking = [number for number in rows if number not in atoms and number not in broken]
    refused += [Refused(f"{named}/EA{number}", f"has a row, but no structure in {GATHERED}") for number in lacking]
    return [atoms[number] for number in sorted(atoms)], refused


def _rows(folder: Path, named: str) -> tuple[dict[int, Row], list[Refused]]:
    found: dict[int, Row] = {}
    refused: list[Refused] = []
    for name, per_atom in ((INDIVIDUALS, False), (GOOD, True)):
        rows, lost = read_rows(_text(folder / name), f"{named}/{name}", per_atom)
        found = {row.number: row for row in rows} | found
        refused += lost
    return found, refused


def _structure(folder: str, number: int, atoms: Atoms, row: Row | None, pressure_GPa: float | None) -> Theirs:
    source = f"{folder}/EA{number}"
    if row is None:
        return Theirs(source, atoms, pressure_GPa, remark="no table has a row of it")
    enthalpy = row.enthalpy_eV if row.enthalpy_eV is None or row.per_atom else row.enthalpy_eV / len(atoms)
    return Theirs(source, atoms, pressure_GPa, None, enthalpy, our_word(row.origin), row.generation)


def our_word(origin: str | None) -> str:
    """Origin as the tables here name it; what is not known counts as possibly symmetric."""
    told = (origin or "").lower().lstrip("_")
    return next((ours for theirs, ours in ORIGINS.items() if told.startswith(theirs)), GIVEN)


def _text(path: Path) -> str:
    """A file's text, empty if it is not there."""
    if not path.is_file():
        return ""
    if path.stat().st_size > LARGEST_BYTES:
        raise UserError(f"{path}: is larger than {LARGEST_BYTES // 10**6} MB; divide it")
    return path.read_text(encoding="utf-8", errors="replace")
