"""Do the files that a study names exist, and are they what it claims?"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Collection, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from melt2crystal.files import digest_of_file
from melt2crystal.sections.benchmark import Polymorph
from melt2crystal.sections.substance import Substance
from melt2crystal.structure import symmetry
from melt2crystal.structure.symmetry import SYMPREC_A, space_group_number
from melt2crystal.study.given_potential import mistakes_in_given
from melt2crystal.study.model import Study
from melt2crystal.study.source import KeyPath, Mistake

if TYPE_CHECKING:
    from ase import Atoms


CHECKED = ".snakemake/melt2crystal-checked"  # an empty file for each crystal that was found right
LABEL_SUFFIXES = (".extxyz", ".xyz", ".extxyz.gz", ".xyz.gz")


def mistakes_in_files(study: Study, root: Path, broken: Collection[str] = ()) -> list[Mistake]:
    """Missing, unreadable and wrong files; relative paths start at ``root``. Sections in ``broken`` are not judged."""
    mistakes: list[Mistake] = []
    if not {"substance", "liquid"} & set(broken):
        mistakes += _potential(study.liquid.potential, ("liquid", "potential"), study.substance, root)
    if not {"substance", "reference"} & set(broken):
        mistakes += _reference(study, root)
    if "label" not in broken:
        for index, name in enumerate(study.label.known):
            mistakes += _known_labels(name, ("label", "known", index), root)
    if "liquid" not in broken:
        for index, name in enumerate(study.liquid.frames or ()):
            mistakes += _labels(name, ("liquid", "frames", index), root)
    if not {"substance", "release"} & set(broken):
        for potential in ("lp", "hp"):
            mistakes += mistakes_in_given(study, potential, root)
    if "search" not in broken and study.search.enabled and study.search.found is not None:
        mistakes += _labels(study.search.found, ("search", "found"), root)
    if study.liquid.frames or study.search.found:
        from melt2crystal.study.named_frames import mistakes_in_frames  # half a second of ASE, for such studies alone

        mistakes += mistakes_in_frames(study, root, broken)
    if not {"substance", "benchmark"} & set(broken):
        for name, polymorph in study.benchmark.polymorphs.items():
            mistakes += _polymorph(polymorph, ("benchmark", "polymorphs", name), study.substance, root)
    return mistakes


def _missing(name: str, path: KeyPath, root: Path) -> Mistake | None:
    if (root / name).is_file():
        return None
    folder = (root / name).parent
    there = sorted(file.name for file in folder.iterdir() if file.is_file())[:20] if folder.is_dir() else []
    allowed = f"an existing file; {folder.name} holds {', '.join(there)}" if there else "an existing file"
    return Mistake(path, f"there is no file {name}", allowed)


def _potential(name: str, path: KeyPath, substance: Substance, root: Path) -> Iterator[Mistake]:
    missing = _missing(name, path, root)
    if missing:
        yield missing
        return
    lines = (root / name).read_text(encoding="utf-8", errors="replace").splitlines()
    species = next((line.split(":", 1)[1].split() for line in lines if line.startswith("# species:")), None)
    wanted = (
        f"a LAMMPS include file with the line '# species: {' '.join(substance.species)}' (order of substance.formula)"
    )
    if species is None:
        yield Mistake(path, f"{name} has no line '# species: ...'", wanted)
    elif species != substance.species:
        yield Mistake(path, f"{name} is for the types {' '.join(species)} in this order", wanted)


def _reference(study: Study, root: Path) -> Iterator[Mistake]:
    reference = study.reference
    if reference.engine == "lammps":
        yield from _potential(reference.potential, ("reference", "potential"), study.substance, root)
    if reference.engine == "ase":
        for index, name in enumerate(reference.files):
            missing = _missing(name, ("reference", "files", index), root)
            if missing:
                yield missing


def _labels(name: str, path: KeyPath, root: Path) -> Iterator[Mistake]:
    missing = _missing(name, path, root)
    if missing:
        yield missing
    elif not name.endswith(LABEL_SUFFIXES):
        yield Mistake(path, f"{name} is no label file", f"extended XYZ ({', '.join(LABEL_SUFFIXES)})")


def _known_labels(name: str, path: KeyPath, root: Path) -> list[Mistake]:
    """Reading labels takes seconds: a right file stays right until it or the check changes."""
    mistakes = list(_labels(name, path, root))
    if mistakes:
        return mistakes
    here = Path(__file__).parent
    code = [path.read_bytes() for path in (here / "named_frames.py", here.parent / "structure" / "frame_check.py")]
    content = digest_of_file(root / name).encode()  # read piece by piece: the file may be of any size
    found_right = root / CHECKED / hashlib.sha256(b"\0".join([*code, content])).hexdigest()
    if found_right.exists():
        return []
    from melt2crystal.study.named_frames import mistakes_in_labels  # half a second of ASE

    mistakes = list(mistakes_in_labels(name, path, root))
    if not mistakes:
        _remember(found_right)
    return mistakes


def _remember(found_right: Path) -> None:
    with suppress(OSError):  # a folder nobody may write into: it is looked at again
        found_right.parent.mkdir(parents=True, exist_ok=True)
        found_right.touch()


def _polymorph(polymorph: Polymorph, path: KeyPath, substance: Substance, root: Path) -> Iterator[Mistake]:
    missing = _missing(polymorph.file, (*path, "file"), root)
    if missing:
        yield missing
        return
    # ASE and spglib take half of what Snakemake needs to start; a right crystal stays right until one of these changes
    claim = f"{polymorph.space_group} {substance.formula} {version('ase')} {version('spglib')}".encode()
    parts = (
        *(Path(str(file)).read_bytes() for file in (__file__, symmetry.__file__)),
        (root / polymorph.file).read_bytes(),
        claim,
    )
    found_right = root / CHECKED / hashlib.sha256(b"\0".join(parts)).hexdigest()
    if found_right.exists():
        return
    mistakes = list(_wrong_crystal(polymorph, path, substance, root))
    yield from mistakes
    if not mistakes:
        _remember(found_right)


def _wrong_crystal(polymorph: Polymorph, path: KeyPath, substance: Substance, root: Path) -> Iterator[Mistake]:
    file = (*path, "file")
    try:
        atoms = _read_crystal(root / polymorph.file)
    except Exception as error:  # ASE raises many kinds on broken files
        problem = f"{polymorph.file} can't be read ({type(error).__name__}: {' '.join(str(error).split())})"
        yield Mistake(file, problem, "a complete CIF file")
        return
    counts = {symbol: atoms.get_chemical_symbols().count(symbol) for symbol in dict.fromkeys(atoms.symbols)}
    units = len(atoms) // substance.atoms_per_formula_unit
    if counts != {symbol: count * units for symbol, count in substance.formula.items()}:
        yield Mistake(file, f"{polymorph.file} holds {atoms.symbols}", f"whole formula units of {substance.formula}")
        return
    number = space_group_number(atoms)
    if number != polymorph.space_group:
        problem = f"{polymorph.space_group}, but {polymorph.file} has space group {number}"
        yield Mistake(
            (*path, "space_group"), problem, f"the number spglib finds at symprec {SYMPREC_A:g} A, or another file"
        )


def _read_crystal(path: Path) -> Atoms:
    from ase.io import read

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        atoms = read(path, index=0, format="cif")
    assert not isinstance(atoms, list)  # one index, one structure
    if len(atoms) == 0 or atoms.cell.volume <= 0:
        raise ValueError("no atoms or no cell")
    return atoms
