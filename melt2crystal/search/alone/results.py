"""What a search without a study leaves in its folder."""

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.files import complete, write_csv, write_text
from melt2crystal.frames import write_frames
from melt2crystal.search.found.table import STRUCTURES, UNIQUE, check_table, write_table
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.structure.symmetry import space_group_number

TABLE, RELAXATIONS, STRUCTURES_FILE, CIFS, SETTINGS = (
    *("found.csv", "relaxations.csv", "structures.extxyz", "structures", "search.json"),
)  # fmt: skip
ABOVE = "enthalpy_above_lowest_eV_per_atom"
KNOWN = "known"
MOST_CIFS = 50
DIGITS = 6  # of the numbers of found.csv, after the point


def folder_for(folder: Path, resume: bool) -> dict[str, Any] | None:
    """Make the folder of results; the settings of the search that is to go on there, or None if one begins.

    Raises:
        UserError: it can't be written to, holds something already, or holds no search to resume.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with complete(folder / "writable.txt") as beside:
            beside.touch()
        (folder / "writable.txt").unlink()
        held = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise UserError(f"--out {folder}: can't be written to ({error.strerror}); name a folder of your own") from error
    if not held:
        return None
    if not resume:
        shown = ", ".join(held[:4]) + (", ..." if len(held) > 4 else "")
        raise UserError(
            f"--out {folder}: holds {shown} already; name an empty or a new folder, or go on with the search there: "
            "--resume"
        )
    try:
        return dict(json.loads((folder / SETTINGS).read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise UserError(
            f"--out {folder}: holds no search that could go on ({SETTINGS}: {error}); name another folder, without "
            "--resume"
        ) from error


def check_same(before: dict[str, Any], now: dict[str, Any], defaults: dict[str, Any], folder: Path) -> None:
    """Refuse to go on with another search.

    Args:
        before, now: contents of search.json.
        defaults: of settings that the version which wrote it may not have known.
        folder: of results.

    Raises:
        UserError: which settings differ.
    """
    former, own = defaults | before.get("settings", {}), now["settings"]
    differ = [f"{name} was {former.get(name)!r}, is {own[name]!r}" for name in own if former.get(name) != own[name]]
    if [one["sha256"] for one in before.get("potential", [])] != [one["sha256"] for one in now["potential"]]:
        differ.append("the potential has another content")
    if [one["sha256"] for one in before.get("melts", [])] != [one["sha256"] for one in now["melts"]]:
        differ.append("the melts have another content")
    if differ:
        raise UserError(
            f"--out {folder}: another search was begun there: {'; '.join(differ)}. Ask for the same again, or begin in "
            "another folder"
        )


def write_settings(folder: Path, content: dict[str, Any]) -> None:
    """Write search.json."""
    write_text(folder / SETTINGS, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def write_results(
    folder: Path,
    unique: pd.DataFrame,
    frames: dict[str, Atoms],
    names: Sequence[str | None],
    relaxations: pd.DataFrame,
) -> tuple[pd.DataFrame, list[Atoms]]:
    """Write tables, structures and CIF files.

    Args:
        unique: schema UNIQUE, lowest enthalpy first.
        frames: id -> structure.
        names: known crystal of each row, or None.
        relaxations: schema STRUCTURES, every candidate.

    Returns:
        Table (UNIQUE, ``ABOVE`` and ``KNOWN``) and structures, in its order.
    """
    table = check_table(unique, UNIQUE, TABLE).copy()
    lowest = float(table[ENTHALPY].min()) if len(table) else 0.0
    table.insert(4, ABOVE, table[ENTHALPY] - lowest)
    table[KNOWN] = pd.array(list(names), dtype="string")
    structures = [frames[str(name)] for name in table["id"]]
    write_table(folder / RELAXATIONS, relaxations, STRUCTURES)
    write_frames(folder / STRUCTURES_FILE, structures)
    _write_cifs(folder / CIFS, table, structures)
    rounded = table.copy()
    for name in table.columns:
        if table[name].dtype == "Float64":
            rounded[name] = table[name].round(DIGITS)
    write_csv(folder / TABLE, rounded)
    return table, structures


def _write_cifs(folder: Path, table: pd.DataFrame, structures: Sequence[Atoms]) -> None:
    """CIF files of the lowest, with their symmetry where pymatgen keeps all atoms with it; former ones are removed."""
    folder.mkdir(exist_ok=True)
    for former in folder.glob("*.cif"):
        former.unlink()
    for number, (row, atoms) in enumerate(zip(table.to_dict("records"), structures, strict=True)):
        if number == MOST_CIFS:
            break
        name = f"{number + 1:02d}-sg{row['space_group']}-{row['id']}.cif"
        write_text(folder / name, cif_of(atoms, row["space_group"], row["space_group_symprec_A"]))


def cif_of(atoms: Atoms, space_group: int, symprec_A: float | None) -> str:
    """A crystal as CIF: symmetrised within the tolerance of its space group, or as it is if that changes its group."""
    from pymatgen.core import Structure
    from pymatgen.io.cif import CifWriter

    crystal = Structure(atoms.cell.array, atoms.get_chemical_symbols(), atoms.get_scaled_positions())
    if space_group > 1 and isinstance(symprec_A, float):
        try:
            text = str(CifWriter(crystal, symprec=symprec_A, significant_figures=8))
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of coordinates it rounds
                back = Structure.from_str(text, fmt="cif")
            again = Atoms(
                [site.specie.symbol for site in back], scaled_positions=back.frac_coords, cell=back.lattice.matrix
            )
            again.pbc = True
            same = abs(again.get_volume() / len(again) * len(atoms) / atoms.get_volume() - 1) < 1e-3
            if same and space_group_number(again, 1e-3) == space_group:
                return text
        except Exception as error:  # pymatgen and spglib raise many kinds; the crystal as it is says the same
            return f"# without symmetry: {type(error).__name__}\n{CifWriter(crystal, significant_figures=8)}"
    return str(CifWriter(crystal, significant_figures=8))
