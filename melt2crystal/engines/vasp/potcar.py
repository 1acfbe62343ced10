"""POTCAR files: found by their specification, checked, hashed; licensed, so never copied but into a scratch folder."""

import hashlib
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

from monty.io import zopen
from pymatgen.core import SETTINGS
from pymatgen.io.vasp.inputs import PotcarSingle

from melt2crystal.errors import EngineError
from melt2crystal.sections.reference import VaspReference

SUFFIXES = ("", ".gz", ".Z")


def potcar_path(species: str, reference: VaspReference) -> Path:
    """The POTCAR file of a species.

    Looked for in ``reference.potcar_folder`` or else PMG_VASP_PSP_DIR (environment or pymatgen's configuration): in the
    folder of the family, named as pymatgen does, then in the folder itself.

    Raises:
        EngineError: no folder is named, or there is no such file.
    """
    name = reference.potcars[species]
    given = reference.potcar_folder or os.environ.get("PMG_VASP_PSP_DIR") or SETTINGS.get("PMG_VASP_PSP_DIR")
    mend = (
        "set reference.potcar_folder in the study or PMG_VASP_PSP_DIR in the environment to the folder that holds "
        f"{PotcarSingle.functional_dir[reference.functional]}/{name}/POTCAR (POTCAR files come with VASP's licence)"
    )
    if not given:
        raise EngineError(f"reference.engine vasp: no folder for the POTCAR of {species} is named; {mend}")
    folder = Path(given).expanduser()
    for root in (folder / PotcarSingle.functional_dir[reference.functional], folder):
        for relative in (f"POTCAR.{name}", f"{name}/POTCAR"):
            for suffix in SUFFIXES:
                path = root / f"{relative}{suffix}"
                if path.is_file():
                    return path
    raise EngineError(
        f"{folder}: the POTCAR of {species} ({name} of the family {reference.functional}) is missing; {mend}"
    )


def potcar_text(species: str, reference: VaspReference) -> str:
    """Content of a species' POTCAR."""
    path = potcar_path(species, reference)
    try:
        with zopen(path, mode="rt", encoding="utf-8", errors="ignore") as handle:
            return str(handle.read())
    except (OSError, EOFError) as error:
        raise EngineError(f"{path}: the POTCAR of {species} can't be read ({error}); get a whole file") from error


def potcar_digest(text: str) -> str:
    """SHA-256 without the lines SHA256 and COPYR: the hash that newer POTCARs hold of themselves, so that the same
    potential with and without these lines has the same one."""
    lines = [line for line in text.split("\n") if not line.strip().startswith(("SHA256", "COPYR"))]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def checked_potcar(species: str, reference: VaspReference) -> str:
    """Content of a species' POTCAR, if it is the right potential, unaltered.

    The TITEL must be the one the study names. The hash must be the study's (``reference.checksums``) and the one in the
    file's own SHA256 line; where there is neither, pymatgen's table of genuine POTCARs must know the file.

    Raises:
        EngineError: it is missing or another one.
    """
    path, text = potcar_path(species, reference), potcar_text(species, reference)
    digest = potcar_digest(text)
    potcar, genuine = _parsed(path, text)
    titel = " ".join(str(potcar.keywords["TITEL"]).split())
    wanted = reference.titels.get(species)
    if (wanted and titel != " ".join(wanted.split())) or potcar.element != species:
        raise EngineError(
            f"{path}: TITEL is {titel!r}, for {species} the study asks for {wanted or 'a POTCAR of this element'!r}; "
            "name the right POTCAR in reference.potcars, or change reference.titels"
        )
    pinned, own = reference.checksums.get(species), str(potcar.keywords.get("SHA256", "")).split()
    if pinned and digest != pinned:
        raise EngineError(
            f"{path}: this POTCAR of {species} has the checksum {digest[:12]}..., reference.checksums asks for "
            f"{pinned[:12]}...; get the right file, or change the checksum (a new settings digest, all labels anew)"
        )
    if own and digest != own[0]:
        raise EngineError(
            f"{path}: the POTCAR of {species} was altered: its own line SHA256 says {own[0][:12]}..., its content has "
            f"{digest[:12]}...; get the original file"
        )
    if not (pinned or own or genuine):
        raise EngineError(
            f"{path}: pymatgen's table of POTCARs has no {titel!r} with this content: it was altered, or is newer than "
            f"the table; get the original file or, if you trust this one, set reference.checksums: "
            f"{{{species}: {digest}}}"
        )
    return text


def write_potcar(path: Path, texts: Sequence[str]) -> None:
    """The POTCAR of a cell, one species after the other; readable by its owner alone."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as handle:
        for text in texts:
            handle.write(text if text.endswith("\n") else text + "\n")


def _parsed(path: Path, text: str) -> tuple[PotcarSingle, bool]:
    """The POTCAR, and whether pymatgen knows it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pymatgen warns of is judged by the caller
            potcar = PotcarSingle(text)
            return potcar, bool(potcar.is_valid and potcar.keywords["TITEL"] and potcar.element)
    except Exception as error:  # pymatgen raises many kinds on files that are no POTCARs
        raise EngineError(
            f"{path}: not a whole POTCAR ({type(error).__name__}: {error}); get the original file"
        ) from error
