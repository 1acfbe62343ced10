"""Structures found as figures and the explorer show them: names, symbols of space groups, colours of coordination."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from ase import Atoms
from matplotlib.colors import Colormap, ListedColormap, Normalize

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.search.found.table import UNIQUE, read_table, read_with_ids
from melt2crystal.search.phases.known import MINIMUM
from melt2crystal.search.phases.naming import LIBRARY, PROTOTYPE, UNKNOWN
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.structure.symmetry import standard_cell

ABOVE = "above_meV_per_atom"
KEPT_SHARE = 1.02  # of the volume per atom that a conventional cell may differ by
SCREWS = str.maketrans("12345", "₁₂₃₄₅")
FEWEST_LIGANDS = 2.0  # how far the colours of coordination reach at least
# from dark (few ligands) to light (many), without the palest yellow, which white paper swallows
COLOURS: Colormap = ListedColormap(matplotlib.colormaps["viridis"](np.linspace(0.0, 0.93, 256)), "coordination")


def read_found(table: Path) -> tuple[pd.DataFrame, list[Atoms]]:
    """Unique structures of one pressure, lowest first: rows (schema UNIQUE, and ``ABOVE`` the lowest), structures.

    Raises:
        UserError: the table and the extended XYZ beside it don't belong together.
    """
    rows, frames = read_table(table, UNIQUE), read_frames(table.with_suffix(".extxyz"))
    if [str(frame.info.get("id")) for frame in frames] != list(rows["id"]):
        raise UserError(f"{table}: its rows and the structures in {table.with_suffix('.extxyz')} differ; remake both")
    enthalpies = rows[ENTHALPY].astype(float)
    return rows.assign(**{ABOVE: 1000 * (enthalpies - enthalpies.min())}), frames


def read_names(path: Path) -> pd.DataFrame:
    """What the structures found are called (table of rule search_names), by id."""
    texts = dict.fromkeys(("name", "source", "detail", "central", "ligand", "shared", "rings"), "string")
    return read_with_ids(path, texts).set_index("id")


def read_known(path: Path, pressure_GPa: float) -> pd.DataFrame:
    """Known crystals that HP keeps at a pressure (table of rule search_names)."""
    known = pd.read_csv(path, dtype={"crystal": str, "state": str}, keep_default_na=False, na_values=[""])
    kept = known[(known["state"] == MINIMUM) & np.isclose(known["pressure_GPa"], pressure_GPa)]
    return kept[np.isfinite(kept[ENTHALPY].astype(float))]


def called(names: pd.DataFrame, structure: str, titles: Mapping[str, str]) -> tuple[str, str]:
    """Name of a structure, and in words where it is from; titles are those of the benchmark's crystals."""
    if structure not in names.index:
        return "unnamed", "not looked up"
    name, source = (_text(names.loc[structure, column]) for column in ("name", "source"))
    if source == LIBRARY:
        return title_of(name, titles), "known crystal"
    if source == PROTOTYPE:
        return name, f"prototype {_text(names.loc[structure, 'detail'])} of AFLOW's library".replace("  ", " ")
    return ("unknown", "no known crystal, no prototype") if source == UNKNOWN else ("unnamed", source)


def title_of(crystal: str, titles: Mapping[str, str]) -> str:
    """A known crystal as figures call it."""
    return titles.get(crystal, crystal.replace("_", " "))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


@cache
def _short_symbols() -> dict[int, str]:
    import spglib

    symbols: dict[int, str] = {}
    for setting in range(1, 531):  # the first setting of a group is the one that the International Tables begin with
        kind = spglib.get_spacegroup_type(setting)
        assert kind is not None  # there are 530
        symbols.setdefault(kind.number, kind.international_short)
    return symbols


def space_group_symbol(number: int) -> str:
    """Hermann-Mauguin symbol, short: 152 is P3₁21, 227 is Fd-3m.

    International Tables for Crystallography, volume A (2016).
    """
    plain = _short_symbols()[int(number)]
    parts = plain.split("_")
    return parts[0] + "".join(part[0].translate(SCREWS) + part[1:] for part in parts[1:])


def conventional(atoms: Atoms, symprec_A: float | None) -> Atoms:
    """The conventional cell, so that equal crystals look alike; as it is where its symmetry isn't known."""
    standard = standard_cell(atoms, False, symprec_A) if symprec_A is not None and not pd.isna(symprec_A) else None
    if standard is None:
        return atoms
    share = standard.get_volume() / len(standard) / (atoms.get_volume() / len(atoms))
    return standard if 1 / KEPT_SHARE < share < KEPT_SHARE else atoms


def range_of(coordination: Sequence[float]) -> tuple[float, float]:
    """Coordination numbers from which to which the colours reach: whole ones, the same for all that is shown."""
    finite = [float(value) for value in coordination if np.isfinite(value)]
    if not finite:
        return 3.0, 3.0 + FEWEST_LIGANDS
    low, high = float(np.floor(min(finite))), float(np.ceil(max(finite)))
    return low, max(high, low + FEWEST_LIGANDS)


def colour_of(coordination: float, between: tuple[float, float]) -> str:
    """Colour of a structure in hexadecimal digits, by the mean coordination number of its central species."""
    if not np.isfinite(coordination):
        return "#999999"
    return matplotlib.colors.to_hex(COLOURS(Normalize(*between)(coordination)))
