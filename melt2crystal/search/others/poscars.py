"""POSCAR files, one structure or a stream of them: as VASP reads them, and as USPEX gathers them.

A structure of USPEX begins with a line EA and its number. Its older versions name no species: the caller knows them.
"""

import io
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from ase import Atoms
from ase.io.vasp import read_vasp

from melt2crystal.errors import UserError

BEGIN = re.compile(r"^EA(\d+)\b")
LINES_BEFORE_COUNTS = 5  # comment, scale, three cell vectors


def blocks(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Number, first line (from 1) and lines of each structure of a stream; what stands before the first is skipped."""
    lines = text.splitlines()
    begins = [k for k, line in enumerate(lines) if BEGIN.match(line)]
    for begin, end in pairwise([*begins, len(lines)]):
        number = int(BEGIN.match(lines[begin])[1])  # type: ignore[index]
        yield number, begin + 1, lines[begin:end]


def is_stream(text: str) -> bool:
    """Whether a file holds structures of USPEX."""
    return BEGIN.match(text) is not None


def read_poscar(lines: Sequence[str], species: Sequence[str] = ()) -> Atoms:
    """One structure.

    Args:
        lines: of the file or of a block; what follows the positions (velocities) is ignored.
        species: of the counts, if the lines name none.

    Raises:
        UserError: it is cut off or no POSCAR; says what is missing, counted from the first of these lines.
    """
    rows = [line.split() for line in lines]
    at = LINES_BEFORE_COUNTS
    if len(rows) < at + 2:
        raise UserError(f"is cut off after {len(rows)} lines, in its cell")
    named = any(not word.isdigit() for word in rows[at])
    if not named and not species:
        raise UserError("names no species (line 6); insert a line with them")
    symbols = [word.split("/")[0].split("_")[0] for word in rows[at]] if named else list(species)
    counts = _counts(rows[at + named], symbols)
    mode = at + named + 1
    if mode < len(rows) and rows[mode][:1] and rows[mode][0][0] in "sS":
        mode += 1  # selective dynamics
    atoms_said, atoms_there = sum(counts), 0
    for row in rows[mode + 1 :]:
        if len(row) < 3 or atoms_there == atoms_said:
            break
        atoms_there += 1
    if atoms_there < atoms_said:
        raise UserError(f"is cut off: {atoms_there} of {atoms_said} atoms are there")
    whole = [*lines[:at], " ".join(symbols), *lines[at + named : mode + 1 + atoms_said]]
    try:
        atoms = read_vasp(io.StringIO("\n".join(whole) + "\n"))
    except Exception as error:  # ASE raises many kinds on broken files
        raise UserError(f"can't be read as POSCAR ({type(error).__name__}: {error})") from error
    return Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)


def _counts(words: list[str], symbols: list[str]) -> list[int]:
    if not words or not all(word.isdigit() for word in words) or len(words) != len(symbols):
        raise UserError(f"has the numbers of atoms {' '.join(words)!r} for the species {' '.join(symbols)!r}")
    return [int(word) for word in words]
