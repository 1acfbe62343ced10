"""What a search found of the known crystals, when, and at what cost, from the folder it leaves."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.files import read_lines
from melt2crystal.search.alone.results import TABLE
from melt2crystal.search.found.table import SOUND, read_with_ids
from melt2crystal.search.phases.phase import Phase, handless
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.structure.symmetry import space_group_number

LOWEST = 20  # unique structures that are kept of each search
VOLUME = "volume_A3_per_atom"


@dataclass(frozen=True)
class Costs:
    """All relaxations of a search in their order, with what they cost.

    Args:
        rows: ``relaxations.csv`` with ``core_s`` (of each: its batch's, shared by evaluations), ``spent_core_s`` (up to
            and with it) and both counted in its cell size alone: ``of_size``, ``of_size_core_s``.
        structures: id -> structure reached; none of a failure.
    """

    rows: pd.DataFrame
    structures: dict[str, Atoms]


def costs_of(folder: Path) -> Costs:
    """Costs of a search, from its table of relaxations and its journal.

    Raises:
        UserError: a relaxation of the table stands in no journal.
    """
    rows = read_with_ids(folder / "relaxations.csv", {"status": "string"})
    place = {name: k for k, name in enumerate(rows["id"])}
    core_s: dict[str, float] = {}
    structures: dict[str, Atoms] = {}
    for journal in sorted((folder / "journal").glob("*.jsonl")):
        for entry in read_lines(journal)[0]:
            first, _, number = entry["name"].rpartition("+")
            if first not in place:  # cells of the beginning, tests of minima
                continue
            names = list(rows["id"][place[first] : place[first] + int(number)])
            results = entry["result"]["results"]
            spent = [float(result.get("evaluations") or 0) for result in results]
            for name, result, own in zip(names, results, spent, strict=True):
                core_s[name] = entry["result"]["core_s"] * (own / sum(spent) if sum(spent) else 1 / len(spent))
                if "symbols" in result:
                    structures[name] = Atoms(result["symbols"], result["positions"], cell=result["cell"], pbc=True)
    if lacking := [name for name in rows["id"] if name not in core_s]:
        raise UserError(f"{folder}: {len(lacking)} relaxations ({lacking[0]}, ...) are in no journal; search anew")
    rows["core_s"] = [core_s[name] for name in rows["id"]]
    rows["spent_core_s"] = rows["core_s"].cumsum()
    of_size = rows.groupby("formula_units")
    rows["of_size"], rows["of_size_core_s"] = of_size.cumcount() + 1, of_size["core_s"].cumsum()
    return Costs(rows, structures)


def first_hit(costs: Costs, crystal: Phase, windows: Naming) -> dict[str, Any]:
    """When a known crystal was first reached: nothing (empty values) if never.

    A hit has the space group of the relaxed crystal (or its mirror image) at the tolerance, its volume and its enthalpy
    within the windows.

    Args:
        crystal: relaxed with the same potential at the same pressure.
        windows: tolerance of the space group (0.01 Å), of volume (1 %), of enthalpy (2 meV/atom).
    """
    rows = costs.rows
    sound = rows["status"].isin(SOUND).to_numpy(dtype=bool)
    meV = 1000 * (rows[ENTHALPY] - crystal.enthalpy_eV_per_atom).abs()
    percent = 100 * (rows[VOLUME] / crystal.volume_A3_per_atom - 1).abs()
    near = sound & (meV <= windows.same_enthalpy_meV_per_atom) & (percent <= windows.same_volume_percent)
    for index in rows.index[near]:
        atoms = costs.structures[str(rows["id"][index])]
        if handless(space_group_number(atoms, windows.symprec_A) or 1) == crystal.groups[0]:
            row = rows.loc[index]
            return {
                "hit": str(row["id"]),
                "formula_units": int(row["formula_units"]),
                "relaxations": int(index) + 1,
                "core_s": round(float(row["spent_core_s"]), 2),
                "relaxations_of_size": int(row["of_size"]),
                "core_s_of_size": round(float(row["of_size_core_s"]), 2),
            }
    return dict.fromkeys(
        ("hit", "formula_units", "relaxations", "core_s", "relaxations_of_size", "core_s_of_size")
    )  # fmt: skip


def lowest_of(folder: Path, number: int = LOWEST) -> pd.DataFrame:
    """The lowest unique structures over all sizes, lowest first."""
    found = read_with_ids(folder / TABLE)
    columns = ["id", "formula_units", "space_group", "coordination", VOLUME, ENTHALPY, "is_minimum"]
    table = found.head(number)[columns].copy()
    table.insert(0, "rank", range(1, len(table) + 1))
    table["above_lowest_meV_per_atom"] = (1000 * (table[ENTHALPY] - table[ENTHALPY].min())).round(2)
    return table


def summary(hits: pd.DataFrame, stays: Sequence[str]) -> pd.DataFrame:
    """Median, range and share of seeds, one row for each crystal, method and pressure.

    A median over the seeds counts a search without a hit as one that is later than all hits: it is unknown (NaN) where
    half of the seeds or more found nothing.

    Args:
        hits: rows of searches.csv of one potential.
        stays: crystals of the denominator.
    """
    rows = []
    kept = hits[hits["crystal"].isin(stays)]
    for (pressure, crystal, method), own in kept.groupby(["pressure_GPa", "crystal", "method"], sort=False):
        row: dict[str, Any] = {"pressure_GPa": pressure, "crystal": crystal, "method": method}
        row |= {"seeds": len(own), "found": int(own["relaxations"].notna().sum())}
        for name in ("relaxations_of_size", "core_s_of_size"):
            values = own[name].astype(float)
            median = values.fillna(float("inf")).median()
            row |= {name: median if median < float("inf") else float("nan")}
            row |= {f"{name}_low": values.min(), f"{name}_high": values.max()}
        rows.append(row)
    return pd.DataFrame(rows)


def journal_is_whole(folder: Path) -> bool:
    """Whether a search in this folder came to its end."""
    try:
        ended = json.loads((folder / "search.json").read_text(encoding="utf-8")).get("ended")
    except (OSError, ValueError):
        return False
    return ended in ("all sizes done", "nothing was found")
