"""The table every search engine yields, one row per relaxed structure, checked when read and before it is written."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.files import write_csv
from melt2crystal.frames import frame_id
from melt2crystal.structure.energies import ENERGY, ENTHALPY, HP, REFERENCE

# column -> pandas dtype; empty cells are allowed in nullable columns (Int64, Float64, boolean) and texts
STRUCTURES: dict[str, str] = {
    "id": "string",  # unique in a study; info 'id' of the frame in the extended XYZ beside the table
    "generation": "Int64",  # of an evolution, from 0; 1 of descendants
    "origin": "string",  # melt, symmetric, rattled, p1; splice, strain, soft, rattle, permute; descendant; given
    "parents": "string",  # ids, separated by blanks
    "formula_units": "Int64",  # in the cell that was relaxed
    ENTHALPY: "Float64",  # E + p V
    ENERGY: "Float64",
    "volume_A3_per_atom": "Float64",
    "pressure_GPa": "Float64",
    "space_group": "Int64",  # International Tables number, plateau of a symprec sweep
    "space_group_symprec_A": "Float64",  # tightest tolerance of the plateau
    "coordination": "Float64",  # mean over the central species
    "deviation_eV_per_A": "Float64",  # largest force deviation of the ensemble; empty: not known
    "status": "string",  # ok | unconverged | insane: reason | failed: reason
    "evaluations": "Int64",  # energy evaluations spent on the structure; empty if the engine does not say
}
UNIQUE: dict[str, str] = {
    **STRUCTURES,
    "occurrences": "Int64",  # relaxations that ended in this structure
    "is_minimum": "boolean",  # a rattle leads back to it; empty: kept its start's symmetry and was not tested
}
FOUND: dict[str, str] = {
    **UNIQUE,
    "frame_id": "string",
    REFERENCE: "Float64",  # single point of the reference at the model's geometry
    "reference_status": "string",  # ok, what went wrong, or NOT_REQUESTED
    HP: "Float64",  # mean over the members of HP, same geometry
    "energy_hp_std_eV_per_atom": "Float64",  # population standard deviation over the members; empty: one member
}
NOT_REQUESTED = "not requested"
SOUND = ("ok", "unconverged")  # statuses of rows with a structure
_REQUIRED_OF_SOUND = (ENTHALPY, ENERGY, "volume_A3_per_atom", "space_group")
_STATUSES = (*SOUND, "insane: ", "failed: ")
_DECIMALS = 8


def as_table(rows: list[dict], schema: dict[str, str], where: str = "search table") -> pd.DataFrame:
    """Rows as a checked table with the schema's columns in order.

    Raises:
        UserError: see :func:`check_table`.
    """
    return check_table(pd.DataFrame(rows, columns=list(schema)), schema, where)


def check_table(table: pd.DataFrame, schema: dict[str, str], where: str) -> pd.DataFrame:
    """The table with the schema's dtypes and column order.

    Raises:
        UserError: a column is missing or unknown, a value has the wrong type, an id occurs twice, a status is unknown,
            a sound row has no finite energy.
    """
    if set(table.columns) != set(schema):
        missing, unknown = set(schema) - set(table.columns), set(table.columns) - set(schema)
        raise UserError(
            f"{where}: not a search table: missing columns {sorted(missing)}, unknown columns {sorted(unknown)}; "
            "make it again with this version"
        )
    typed = pd.DataFrame(index=table.index)
    for name, dtype in schema.items():
        try:
            typed[name] = table[name].astype(dtype)
        except (TypeError, ValueError) as error:
            raise UserError(f"{where}: column {name!r} holds something that is no {dtype} ({error})") from error
    if typed["id"].isna().any() or typed["id"].duplicated().any():
        raise UserError(f"{where}: the ids must be present and occur once")
    strange = [status for status in typed["status"].dropna() if not status.startswith(_STATUSES)]
    if strange or typed["status"].isna().any():
        raise UserError(f"{where}: unknown status {strange[0] if strange else ''!r}; allowed: {', '.join(_STATUSES)}")
    sound = typed[typed["status"].isin(SOUND)]
    for name in _REQUIRED_OF_SOUND:
        values = sound[name].astype("Float64").to_numpy(dtype=float, na_value=np.nan)
        if not np.isfinite(values).all():
            raise UserError(f"{where}: structure {sound['id'].iloc[int(np.argmin(np.isfinite(values)))]} has no {name}")
    return typed.reset_index(drop=True)


def read_with_ids(path: Path, texts: dict[str, str] | None = None) -> pd.DataFrame:
    """A CSV table whose ids are what they say: 0001, 1e3 and NA are names; elsewhere an empty cell is no value.

    Args:
        texts: column -> type of more columns that are texts.
    """
    columns = pd.read_csv(path, nrows=0).columns
    empty = {name: ["", "nan", "NaN"] for name in columns if name != "id"}
    return pd.read_csv(path, dtype={"id": "string", **(texts or {})}, keep_default_na=False, na_values=empty)


def read_table(path: Path, schema: dict[str, str]) -> pd.DataFrame:
    """A search table from CSV, checked.

    Raises:
        UserError: unreadable, or no search table.
    """
    try:
        # texts stay texts: an empty 'parents' column would be read as numbers
        table = read_with_ids(path, {name: "string" for name, dtype in schema.items() if dtype == "string"})
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: can't be read as CSV ({error})") from error
    return check_table(table, schema, str(path))


def write_table(path: Path, table: pd.DataFrame, schema: dict[str, str]) -> None:
    """Write a search table as CSV after checking it, complete or absent."""
    checked = check_table(table, schema, str(path)).copy()
    for name, dtype in schema.items():
        if dtype == "Float64":
            checked[name] = checked[name].round(_DECIMALS)
    write_csv(path, checked)


def with_reference(
    unique: pd.DataFrame,
    frames: Sequence[Atoms],
    energies_hp_eV: np.ndarray | None,
    labelled: Sequence[Atoms],
    statuses: pd.DataFrame,
) -> pd.DataFrame:
    """The unique structures of one pressure with the energies of the ensemble and of the reference (schema FOUND).

    Args:
        unique: schema UNIQUE; frames: its structures, row by row.
        energies_hp_eV: [members, structures], eV per cell; None without structures.
        labelled: frames with the reference's energy.
        statuses: frame_id, status, reason of every requested frame.

    Raises:
        UserError: table and structures differ.
    """
    if [str(frame.info.get("id")) for frame in frames] != list(unique["id"]):
        raise UserError("the unique structures and their table differ, row by row; remake both (rule search_unique)")
    table = unique.copy()
    table["frame_id"] = pd.array([frame_id(frame) for frame in frames], dtype="string")
    reference = {frame_id(frame): frame.get_potential_energy() / len(frame) for frame in labelled}
    told = {row.frame_id: f"{row.status}: {row.reason}".removesuffix(": ") for row in statuses.itertuples()}
    table[REFERENCE] = pd.array([reference.get(name, pd.NA) for name in table["frame_id"]], dtype="Float64")
    table["reference_status"] = [told.get(name, NOT_REQUESTED) for name in table["frame_id"]]
    sizes = np.array([len(frame) for frame in frames], dtype=float)
    per_atom = np.empty((1, 0)) if energies_hp_eV is None else energies_hp_eV / sizes
    table[HP] = per_atom.mean(axis=0)
    table["energy_hp_std_eV_per_atom"] = per_atom.std(axis=0) if len(per_atom) > 1 else pd.NA
    return check_table(table, FOUND, "found structures")
