"""Names of the structures found at all pressures: known crystals relaxed with the same potential, else prototypes."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.relaxation.relaxer import Target
from melt2crystal.search.found.table import UNIQUE, read_table
from melt2crystal.search.phases.bonds import bonds_of
from melt2crystal.search.phases.known import KNOWN, relaxed_library
from melt2crystal.search.phases.library import read_library, write_library
from melt2crystal.search.phases.naming import NAMES, NOT_LOOKED_UP, Name, Prototypes, name_of
from melt2crystal.search.phases.phase import Ruler
from melt2crystal.search.phases.rings import rings_of
from melt2crystal.search.sanity import Sanity
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.sections.search import Relaxation, Symmetry, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENERGY, ENTHALPY
from melt2crystal.train.models import RelaxerFactory, member_path


@reports_errors
def search_names(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    model: Annotated[list[Path], typer.Option(help="a model of the HP ensemble; several")],
    known: Annotated[Path, typer.Option(help="what became of each known crystal (CSV)")],
    library: Annotated[Path, typer.Option(help="known crystals that HP keeps, relaxed (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="names and bonds of the structures found (CSV)")],
    settings: SettingsText,
    crystal: Annotated[list[Path] | None, typer.Option(help="a known crystal (file); several")] = None,
) -> None:
    """Relax the known crystals at each pressure, name the structures found there, and say how they are joined."""
    given = Settings(settings)
    windows, substance = given.section("search.names", Naming), given.section("substance", Substance)
    relaxation, seed = part_of(given, Relaxation), given.value("seed")
    ruler = Ruler(substance, windows.symprec_A, part_of(given, Symmetry).symprecs_A)
    guard = Sanity(relaxation.volume_range_A3_per_atom, None, {}).guard
    relaxer = RelaxerFactory(str(member_path(model, relaxation.relax_member)))()
    prototypes, crystals = Prototypes(substance.formula), read_library(crystal or [], windows.largest_atoms)
    rows: list[dict[str, Any]] = []
    states: list[dict[str, Any]] = []
    kept = []
    for path in tables:
        table, frames = read_table(path, UNIQUE), read_frames(path.with_suffix(".extxyz"))
        if table.empty:
            continue
        pressure = float(table["pressure_GPa"].iloc[0])
        target = Target(pressure, relaxation.relax_force_eV_per_A, relaxation.relax_steps, guard)
        found = relaxed_library(crystals, relaxer, target, ruler, windows, given.value("search.minima_rattle_A"), seed)
        states += found.rows
        kept += [(phase, pressure) for phase in found.phases]
        left = windows.prototypes
        for row, frame in zip(table.to_dict("records"), frames, strict=True):
            phase = ruler.phase(row["id"], frame, row[ENERGY] * len(frame), pressure)
            name = name_of(phase, found.phases, windows)
            if name is None and left > 0:
                name, left = prototypes.name_of(frame, phase.groups), left - 1
            told = asdict(name or Name("", NOT_LOOKED_UP))
            rows.append({**told, "id": row["id"], "pressure_GPa": pressure, ENTHALPY: row[ENTHALPY]})
            rows[-1] |= {"space_group": row["space_group"], **asdict(bonds_of(frame, substance))}
            # of all structures they would cost minutes
            rows[-1] |= {"rings": None if name is None else rings_of(frame, substance)}
            if name is not None and len(rows) < 200:
                print(f"{row['id']}: {name.name} ({name.source})", flush=True)
    write_library(library, kept)
    write_csv(known, pd.DataFrame(states, columns=list(KNOWN)), "%.8g")
    write_csv(out, pd.DataFrame(rows, columns=list(NAMES)), "%.8g")


if __name__ == "__main__":
    typer.run(search_names)
