"""Structures of AIRSS: SHELX .res files whose TITL line says pressure, volume, enthalpy and space group.

C. J. Pickard and R. J. Needs, J. Phys.: Condens. Matter 23, 053201 (2011). A file may hold many, one after the other.
"""

import re
from itertools import pairwise

from ase.io.res import Res

from melt2crystal.errors import UserError
from melt2crystal.search.others.structure import Found, Refused, Theirs

BEGIN = re.compile(r"^TITL\b", re.MULTILINE)


def read_res(text: str, source: str) -> Found:
    """All structures of a file; one that is broken spoils no other."""
    begins = [match.start() for match in BEGIN.finditer(text)]
    if not begins:
        return [], [Refused(source, "has no TITL line, with which a structure of AIRSS begins")]
    taken, refused = [], []
    for number, (begin, end) in enumerate(pairwise([*begins, len(text)]), 1):
        where = source if len(begins) == 1 else f"{source}, structure {number}"
        try:
            taken.append(_structure(text[begin:end], where))
        except UserError as error:
            refused.append(Refused(where, str(error)))
    return taken, refused


def _structure(text: str, where: str) -> Theirs:
    if not re.search(r"^END\b", text, re.MULTILINE):
        raise UserError("is cut off: it has no line END")
    try:
        found = Res.from_string(text)
    except Exception as error:  # ASE raises many kinds on broken files
        raise UserError(f"can't be read as .res ({type(error).__name__}: {error})") from error
    atoms, told = found.atoms, text.splitlines()[0].split()[1:]
    if not len(atoms):
        raise UserError("holds no atoms")
    said = told[6] if len(told) > 6 else ""  # name, pressure, volume, enthalpy, two spins, atoms
    if said.isdigit() and int(said) != len(atoms):
        raise UserError(f"says {said} atoms in TITL, and {len(atoms)} can be read")
    if found.energy is None:
        return Theirs(where, atoms, remark="its TITL line says no enthalpy")
    return Theirs(where, atoms, found.pressure, None, found.energy / len(atoms))
