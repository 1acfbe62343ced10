"""The explorer of a search without a study: made from the folder that ``melt2crystal search`` leaves."""

import json
from pathlib import Path
from typing import Any

import pandas as pd

from melt2crystal.errors import UserError
from melt2crystal.figures.explorer.page import write_explorer
from melt2crystal.figures.explorer.structures import Bond, Structure
from melt2crystal.figures.structures_found import ABOVE
from melt2crystal.frames import read_frames
from melt2crystal.search.alone import results
from melt2crystal.search.found.table import UNIQUE, check_table, read_with_ids

EXPLORER = "explorer.html"


def write_explorer_of(folder: Path) -> Path:
    """Write explorer.html into the folder of a search, from its table, structures and settings.

    Raises:
        UserError: a file is missing or they don't belong together.
    """
    table, frames, told = read_folder(folder)
    settings, substance = told["settings"], told["beginning"]["substance"]
    bond = Bond(substance["central_species"], substance["ligand_species"], float(substance["bond_cutoff_A"]))
    structures = []
    for row, atoms in zip(table.to_dict("records"), frames, strict=True):
        known = row[results.KNOWN] if isinstance(row[results.KNOWN], str) else ""
        structures.append(Structure(row, atoms, known, "known crystal" if known else ""))
    potential = ", ".join(Path(one["file"]).name for one in told["potential"]) or "an ASE calculator"
    where = (
        f"melt2crystal search, {told['versions']['melt2crystal']}: engine {settings['engine']}, "
        f"seed {settings['seed']}, {told.get('relaxations', '?')} relaxations; potential: {potential}. "
        "Energies are the potential's."
    )
    title = f"Structures found: {substance['name']} at {settings['pressure_GPa']:g} GPa"
    write_explorer(folder / EXPLORER, structures, bond, title, where)
    return folder / EXPLORER


def read_folder(folder: Path) -> tuple[pd.DataFrame, list[Any], dict[str, Any]]:
    """Table (UNIQUE, ``ABOVE``, known), structures in its order, and what search.json tells.

    Raises:
        UserError: as for :func:`write_explorer_of`.
    """
    path = folder / results.TABLE
    try:
        told = json.loads((folder / results.SETTINGS).read_text(encoding="utf-8"))
        texts = {name: "string" for name, dtype in UNIQUE.items() if dtype == "string"}
        whole = read_with_ids(path, {**texts, results.KNOWN: "string"})
        table = check_table(whole.drop(columns=[results.ABOVE, results.KNOWN]), UNIQUE, str(path))
        known, above = whole[results.KNOWN], 1000 * whole[results.ABOVE].astype(float)
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"{folder}: holds no finished search ({error}); give the --out of a melt2crystal search"
        ) from error
    frames = read_frames(folder / results.STRUCTURES_FILE) if len(table) else []
    if [str(frame.info.get("id")) for frame in frames] != list(table["id"]):
        raise UserError(f"{path}: its rows and {results.STRUCTURES_FILE} differ; search again with --resume")
    return table.assign(**{ABOVE: above.to_numpy(), results.KNOWN: known.to_numpy()}), frames, told
