"""Do the files that a study names exist, and are they what it claims?"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from melt2crystal.errors import UserError
from melt2crystal.files import digest_of_file
from melt2crystal.lammps.include import missing_files
from melt2crystal.search.others.contents import files_in
from melt2crystal.sections.benchmark import Polymorph
from melt2crystal.sections.substance import Substance
from melt2crystal.structure import cif, symmetry
from melt2crystal.structure.symmetry import SYMPREC_A
from melt2crystal.study.model import Study
from melt2crystal.study.names import mistake_in_name
from melt2crystal.study.source import KeyPath, Mistake
from melt2crystal.train.given import MANIFEST, DeepmdInput, FramesSeen, read_json

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
        wrong = [_known_labels(name, ("label", "known", index), root) for index, name in enumerate(study.label.known)]
        mistakes += [mistake for of_file in wrong for mistake in of_file]
        asked = study.label.known and study.reference.engine != "given"  # whose labels are compared with these
        if asked and not any(wrong) and not {"substance", "reference"} & set(broken):
            mistakes += _labels_apart(study, root)
    if "liquid" not in broken:
        for index, name in enumerate(study.liquid.frames or ()):
            mistakes += _labels(name, ("liquid", "frames", index), root)
    if not {"substance", "release"} & set(broken):
        for potential in study.potentials:
            mistakes += _given(study, potential, root)
    if "search" not in broken and study.search.enabled and study.search.found is not None:
        check = _labels if study.found_with_labels else _of_others
        mistakes += check(study.search.found, ("search", "found"), root)
    if study.liquid.frames or study.search.found or study.reference.engine == "given":
        from melt2crystal.study.named_frames import mistakes_in_frames  # half a second of ASE, for such studies alone

        mistakes += mistakes_in_frames(study, root, broken)
    if not {"substance", "benchmark"} & set(broken):
        for name, polymorph in study.benchmark.polymorphs.items():
            mistakes += _polymorph(polymorph, ("benchmark", "polymorphs", name), study.substance, root)
    return mistakes


def _missing(name: str, path: KeyPath, root: Path) -> Mistake | None:
    if wrong := mistake_in_name(name):
        return Mistake(path, f"{name[:60]!r} holds {wrong}", "a path without; rename the file, or link to it")
    if (root / name).is_file():
        return None
    if (root / name).is_dir():
        return Mistake(path, f"{name} is a folder", "an existing file")
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
    try:
        lacking = missing_files(root / name)
    except UserError as error:
        yield Mistake(path, str(error), "a LAMMPS include file whose numbers lie in files that can be told")
        return
    for file in lacking:
        yield Mistake(path, f"{name} names the file {file}, and there is none", "a file beside it, or its whole path")


def _reference(study: Study, root: Path) -> Iterator[Mistake]:
    reference = study.reference
    if reference.engine == "lammps":
        yield from _potential(reference.potential, ("reference", "potential"), study.substance, root)
    if reference.engine in ("ase", "given"):
        for index, name in enumerate(reference.files):
            missing = _missing(name, ("reference", "files", index), root)
            if missing:
                yield missing
    if reference.engine == "given":
        for index, name in enumerate(reference.labels):
            yield from _labels(name, ("reference", "labels", index), root)


def _labels(name: str, path: KeyPath, root: Path) -> Iterator[Mistake]:
    missing = _missing(name, path, root)
    if missing:
        yield missing
    elif not name.endswith(LABEL_SUFFIXES):
        yield Mistake(path, f"{name} is no label file", f"extended XYZ ({', '.join(LABEL_SUFFIXES)})")


def _of_others(name: str, path: KeyPath, root: Path) -> Iterator[Mistake]:
    """Structures of another search: a file, or a folder with at least one."""
    if mistake_in_name(name) or not (root / name).is_dir():
        if missing := _missing(name, path, root):
            yield missing
    elif not any(file.is_file() for file in files_in(root / name)):
        yield Mistake(path, f"the folder {name} holds no file", "a file or folder of structures")


def _given(study: Study, potential: str, root: Path) -> Iterator[Mistake]:
    """A folder holds a frozen model and DeePMD's input for each member, and the frames they have seen; a calculator has
    the files it names."""
    released = getattr(study.release, potential)
    if released.given is None:
        return
    if released.calculator:
        for index, name in enumerate(released.calculator.files):
            if wrong_file := _missing(name, ("release", potential, "given", "files", index), root):
                yield wrong_file
        return
    folder, path = root / released.given, ("release", potential, "given")
    if wrong := mistake_in_name(released.given):
        yield Mistake(
            path, f"{released.given[:60]!r} holds {wrong}", "a path without; rename the folder, or link to it"
        )
        return
    members = range(released.training.members)
    wanted = [
        MANIFEST,
        *(f"{member}{end}" for member in members for end in (f".{study.train.network.suffix}", "-input.json")),
    ]
    missing = [name for name in wanted if not (folder / name).is_file()]
    if missing:
        allowed = (
            f"a folder that holds {', '.join(wanted[:3])} and so on (release.{potential}.training.members of each)"
        )
        yield Mistake(path, f"{released.given} holds no {', '.join(missing[:6])}", allowed)
        return
    again = "a folder written by 'melt2crystal potentials import'"
    _, reason = read_json(folder / MANIFEST, FramesSeen)
    if reason:
        yield Mistake(path, f"{released.given}/{MANIFEST} names no frames that were trained on: {reason}", again)
    for name in (f"{member}-input.json" for member in members):
        settings, reason = read_json(folder / name, DeepmdInput)
        if settings is None:
            yield Mistake(path, f"{released.given}/{name} is no input of DeePMD: {reason}", again)
        elif settings.model.type_map != study.substance.species:
            theirs = " ".join(settings.model.type_map)
            allowed = f"the species of substance.formula, in its order: {' '.join(study.substance.species)}"
            yield Mistake(path, f"{released.given}/{name} is for {theirs} (model.type_map)", allowed)


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


def _labels_apart(study: Study, root: Path) -> list[Mistake]:
    """Two labels of one frame; files without any, of whatever reference, are remembered."""
    code = Path(__file__).with_name("named_frames.py").read_bytes()
    contents = [digest_of_file(root / name).encode() for name in study.label.known]
    found_right = root / CHECKED / hashlib.sha256(b"\0".join([code, *contents])).hexdigest()
    if found_right.exists():
        return []
    from melt2crystal.study.named_frames import known_labels_apart  # half a second of ASE

    apart = known_labels_apart(study, root)
    if not apart:
        _remember(found_right)
        return []
    return [mistake for of_study, mistake in apart if of_study]


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
    around = (substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    claim = f"{polymorph.space_group} {polymorph.coordination} {substance.formula} {around} "
    claim += f"{version('ase')} {version('spglib')}"
    parts = (
        *(Path(str(file)).read_bytes() for file in (__file__, symmetry.__file__, cif.__file__)),
        (root / polymorph.file).read_bytes(),
        claim.encode(),
    )
    found_right = root / CHECKED / hashlib.sha256(b"\0".join(parts)).hexdigest()
    if found_right.exists():
        return
    mistakes = list(_wrong_crystal(polymorph, path, substance, root))
    yield from mistakes
    if not mistakes:
        _remember(found_right)


def _wrong_crystal(polymorph: Polymorph, path: KeyPath, substance: Substance, root: Path) -> Iterator[Mistake]:
    from melt2crystal.structure.crystals import false_claims, formula_units

    file = (*path, "file")
    try:
        atoms = _read_crystal(root / polymorph.file)
    except UserError as error:
        told = str(error).replace(str(root / polymorph.file), polymorph.file)
        yield Mistake(file, f"can't be read: {told}", "a complete CIF file of one ordered crystal")
        return
    try:
        formula_units(atoms, substance.formula)
    except UserError:
        hint = cif.unsaid_origin(root / polymorph.file) if polymorph.file.endswith(".cif") else ""
        problem = f"{polymorph.file} holds {atoms.get_chemical_formula()}{hint}"
        yield Mistake(file, problem, f"whole formula units of {substance.formula}")
        return
    around = (substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    false = false_claims(atoms, polymorph.space_group, polymorph.coordination, *around)
    allowed = {
        "space_group": f"the number spglib finds at symprec {SYMPREC_A:g} Å, or another file",
        "coordination": "what the crystal has, another file, or another substance.bond_cutoff_A",
    }
    for key, (claimed, found) in false.items():
        yield Mistake((*path, key), f"{claimed}, but {polymorph.file} {found}", allowed[key])


def _read_crystal(path: Path) -> Atoms:
    from melt2crystal.structure.crystals import read_crystal

    return read_crystal(path)
