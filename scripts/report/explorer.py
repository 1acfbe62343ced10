"""The explorer: the structures that a study found as one page, to be sorted, clicked and turned."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.figures.explorer.page import write_explorer
from melt2crystal.figures.explorer.structures import Bond, Known, Structure
from melt2crystal.figures.structures_found import called, read_found, read_known, read_names, title_of
from melt2crystal.options import SettingsText
from melt2crystal.search.found.table import FOUND, read_table, read_with_ids
from melt2crystal.sections.purpose import warning
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENTHALPY, HP, REFERENCE


def facts_of(name: str, names: pd.DataFrame, stability: pd.DataFrame, found: pd.DataFrame) -> dict[str, str]:
    """What the study's tables say of one structure, by label."""
    told: dict[str, Any] = {}
    if name in names.index:
        row = names.loc[name]
        told |= {"neighbours of each kind of atom": f"{row['central']}; {row['ligand']}"}
        told |= {"polyhedra share": row["shared"], "dimensions of the framework": row["dimensions"]}
        told |= {"rings for each central atom (size x how many)": row["rings"]}
    if name in stability.index:
        told |= {"dynamical stability": stability.loc[name, "state"]}
    if name in found.index:
        row = found.loc[name]
        told |= {"reference energy": row["reference_status"]}
        if np.isfinite(difference := float(row[REFERENCE]) if pd.notna(row[REFERENCE]) else np.nan):
            told["reference energy"] = f"{difference:.6f} eV/atom, HP's mean: {row[HP]:.6f}"
    return {label: str(text) for label, text in told.items() if pd.notna(text) and str(text)}


@reports_errors
def report_explorer(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    names: Annotated[Path, typer.Option(help="names of the structures found (CSV)")],
    known: Annotated[Path, typer.Option(help="known crystals relaxed with HP (CSV)")],
    found: Annotated[Path, typer.Option(help="structures found, with reference energies (CSV)")],
    out: Annotated[Path, typer.Option(help="the page (HTML)")],
    settings: SettingsText,
    stability: Annotated[Path | None, typer.Option(help="dynamical stability of the lowest (CSV)")] = None,
) -> None:
    """Write the explorer."""
    given = Settings(settings)
    titles = {name: crystal["title"] for name, crystal in given.value("polymorphs").items()}
    substance = given.section("substance", Substance)
    naming, labelled = read_names(names), read_table(found, FOUND).set_index("id")
    stable = read_with_ids(stability, {"state": "string"}).set_index("id") if stability else pd.DataFrame()
    structures, crystals = [], []
    for pressure, path in zip(map(float, given.value("pressures_GPa")), tables, strict=True):
        rows, frames = read_found(path)
        for row, atoms in zip(rows.to_dict("records"), frames, strict=True):
            name, named_by = called(naming, row["id"], titles)
            structures.append(Structure(row, atoms, name, named_by, facts_of(row["id"], naming, stable, labelled)))
        for crystal in read_known(known, pressure).to_dict("records"):
            title = title_of(crystal["crystal"], titles)
            crystals.append(Known(title, float(pressure), crystal["volume_A3_per_atom"], crystal[ENTHALPY]))
    bond = Bond(substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    where = f"study {given.value('name')}, reference: {given.value('reference.name')}; energies here are HP's"
    title = f"Structures found: {given.value('substance.name')}"
    write_explorer(out, structures, bond, title, where, crystals, warning(given.value("purpose")))
    print(f"{len(structures)} structures, {len(crystals)} known crystals")


if __name__ == "__main__":
    typer.run(report_explorer)
