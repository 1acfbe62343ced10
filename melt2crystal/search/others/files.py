"""Structures of others from a file, or from all files of a folder: CIF, POSCAR, extended XYZ, AIRSS .res, USPEX.

A file that can't be read is named with the reason and spoils no other; nothing of a folder is passed over in silence.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.search.others.airss import read_res
from melt2crystal.search.others.contents import files_in
from melt2crystal.search.others.poscars import blocks, is_stream, read_poscar
from melt2crystal.search.others.structure import REMARK, Found, Refused, Theirs, printable
from melt2crystal.search.uspex.folder import results_folders
from melt2crystal.search.uspex.results import read_results
from melt2crystal.structure.cif import read_cif

FRAMES = (".extxyz", ".xyz", ".extxyz.gz", ".xyz.gz")
POSCARS = (".vasp", ".poscar")
POSCAR_NAMES = ("poscar", "contcar")  # beginnings
LARGEST_BYTES = 200_000_000


def read_structures(path: Path, species: Sequence[str]) -> Found:
    """All structures, and what could not be taken.

    Args:
        path: a file, a folder of files, or one that holds results of USPEX.
        species: of the substance, in its order, for files that name none.

    Raises:
        UserError: there is nothing to read.
    """
    files = files_in(path)
    if not files or not (path.is_dir() or path.is_file()):
        raise UserError(f"{path}: holds no file; name a file or folder of structures in search.found")
    taken: list[Theirs] = []
    refused: list[Refused] = []
    of_uspex: set[Path] = set()
    for folder in sorted({folder for file in files for folder in (file.parent, *file.parents) if folder != file}):
        inside = folder.is_relative_to(path) and not of_uspex & {folder, *folder.parents}
        if inside and (results := results_folders(folder)):
            of_uspex |= set(results)
            found, lost = _read_uspex(
                folder, "" if folder == path else printable(f"{folder.relative_to(path)}/"), species
            )
            taken, refused = taken + found, refused + lost
    for file in files:
        if not of_uspex & set(file.parents):
            name = printable(str(file.relative_to(path)) if path.is_dir() else file.name)
            found, lost = _read_file(file, name, species)
            taken, refused = taken + found, refused + lost
    return taken, refused


def _read_uspex(folder: Path, name: str, species: Sequence[str]) -> Found:
    try:
        results = read_results(folder, species)
    except (UserError, OSError) as error:
        return [], [Refused(name or folder.name, str(error))]
    remarks = [Refused(name or folder.name, f"{REMARK}{remark}") for remark in results.remarks]
    taken = [replace(one, source=name + one.source) for one in results.found[0]]
    return taken, [*(replace(one, source=name + one.source) for one in results.found[1]), *remarks]


def _read_file(file: Path, name: str, species: Sequence[str]) -> Found:
    try:
        return _by_format(file, name, species)
    except UserError as error:
        return [], [Refused(name, str(error).removeprefix(f"{file}: ").removeprefix(f"{file}, "))]
    except Exception as error:  # whatever a reader does with a file nobody foresaw, the others are read
        return [], [Refused(name, f"can't be read ({type(error).__name__}: {error})")]


def _by_format(file: Path, name: str, species: Sequence[str]) -> Found:
    kind = file.name.lower()
    if not file.is_file():
        return [], [Refused(name, "is no file")]
    if kind.endswith(".cif"):
        return [Theirs(name, read_cif(file))], []
    if kind.endswith(FRAMES):
        return [_frame(f"{name}, frame {k}", atoms) for k, atoms in enumerate(read_frames(file))], []
    if kind.endswith(".res"):
        return read_res(_text(file), name)
    if is_stream(_head(file)):
        return _stream(_text(file), name, species)
    if kind.endswith(POSCARS) or kind.startswith(POSCAR_NAMES):
        return [Theirs(name, read_poscar(_text(file).splitlines()))], []
    return [], [Refused(name, "left out: by its name no file of structures (.cif, .extxyz, .res, .vasp, POSCAR*)")]


def _stream(text: str, name: str, species: Sequence[str]) -> Found:
    taken, refused = [], []
    for number, _, lines in blocks(text):
        try:
            taken.append(Theirs(f"{name}, EA{number}", read_poscar(lines, species)))
        except UserError as error:
            refused.append(Refused(f"{name}, EA{number}", str(error)))
    return taken, refused


def _frame(source: str, atoms: Atoms) -> Theirs:
    """A frame of extended XYZ with the pressure and energy it says."""
    said = atoms.info.get("pressure_GPa")
    pressure = float(said) if isinstance(said, (int, float)) else None
    energy = atoms.calc.results.get("energy") if atoms.calc is not None else None
    per_atom = None if energy is None or not len(atoms) else float(energy) / len(atoms)
    return Theirs(source, atoms, pressure, per_atom)


def _head(file: Path) -> str:
    with open(file, "rb") as handle:
        return handle.read(200).decode("utf-8", "replace")


def _text(file: Path) -> str:
    if file.stat().st_size > LARGEST_BYTES:
        raise UserError(f"is larger than {LARGEST_BYTES // 10**6} MB; divide it")
    return file.read_text(encoding="utf-8-sig", errors="replace")
