"""Structures found, for tests of what shows them: crystals of the library with enthalpies of our own."""

from collections.abc import Sequence
from functools import cache

import pandas as pd
from ase import Atoms

from melt2crystal.figures.structures_found import ABOVE
from melt2crystal.frames import canonical_frame
from melt2crystal.search.found.table import UNIQUE, as_table
from melt2crystal.structure.crystals import primitive_cell, read_crystal, space_group
from tests.helpers.checkout import REPOSITORY

CRYSTALS = ["alpha_quartz", "stishovite", "beta_cristobalite"]
COORDINATION = {"stishovite": 6.0}


@cache
def crystal(name: str) -> Atoms:
    return primitive_cell(read_crystal(REPOSITORY / f"data/polymorphs/{name}.cif"))


def rows_of(names: Sequence[str], ids: Sequence[str] = (), pressure: float = 0.0) -> tuple[pd.DataFrame, list[Atoms]]:
    """A table (UNIQUE and ``ABOVE``), 20 meV/atom from one to the next, and its structures."""
    rows, frames = [], []
    for k, name in enumerate(names):
        atoms = canonical_frame(crystal(name))
        atoms.info["id"] = ids[k] if ids else f"{k:04d}"
        rows.append(
            {
                "id": atoms.info["id"], "generation": 0, "origin": "symmetric", "parents": "",
                "formula_units": len(atoms) // 3, "enthalpy_eV_per_atom": -8.0 + 0.02 * k,
                "energy_eV_per_atom": -8.0 + 0.02 * k, "volume_A3_per_atom": atoms.get_volume() / len(atoms),
                "pressure_GPa": pressure, "space_group": space_group(atoms), "space_group_symprec_A": 1e-3,
                "coordination": COORDINATION.get(name, 4.0), "deviation_eV_per_A": 0.01, "status": "ok",
                "evaluations": 10, "occurrences": k + 1, "is_minimum": None if k else True,
            }
        )  # fmt: skip
        frames.append(atoms)
    table = as_table(rows, UNIQUE)
    return table.assign(**{ABOVE: [20.0 * k for k in range(len(names))]}), frames
