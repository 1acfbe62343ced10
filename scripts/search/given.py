"""Evaluate structures of an earlier search with HP: at the geometry they were labelled in, and relaxed from there."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.search.found.structures_from_files import RELAXED, at_pressure, relaxed_row, unique_table
from melt2crystal.search.found.table import UNIQUE, write_table
from melt2crystal.search.found.trust import deviations
from melt2crystal.sections.search import Relaxation, Symmetry, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import Ensemble, ModelFactory, member_path


@reports_errors
def search_given(
    models: Annotated[list[Path], typer.Argument(help="HP ensemble, compressed or frozen")],
    found: Annotated[Path, typer.Option(help="structures found earlier (extended XYZ, info id and pressure_GPa)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    table: Annotated[Path, typer.Option(help="the structures as they are, lowest enthalpy first (CSV)")],
    structures: Annotated[Path, typer.Option(help="the same as extended XYZ, in the table's order")],
    relaxed: Annotated[Path, typer.Option(help="where HP's relaxation takes each of them (CSV)")],
    settings: SettingsText,
) -> None:
    """Energies and enthalpies are those of member ``search.relax_member``, as in a search."""
    given = Settings(settings)
    substance, relaxation = given.section("substance", Substance), part_of(given, Relaxation)
    symprecs = part_of(given, Symmetry).symprecs_A
    frames = at_pressure(read_frames(found), pressure)
    calculator = ModelFactory(str(member_path(models, relaxation.relax_member)))()
    energies = []
    for frame in frames:
        frame.calc = calculator
        energies.append(frame.get_potential_energy())
        frame.calc = None
    spread = deviations(frames, Ensemble([str(path) for path in models]))
    rows, ordered = unique_table(frames, energies, spread, pressure, substance, symprecs)
    ends = []
    for frame, row in zip(ordered, rows.to_dict("records"), strict=True):
        ends.append(relaxed_row(frame, row, calculator, relaxation, substance, symprecs))
        print(
            f"{row['id']}: {ends[-1]['status']}, the same structure: {ends[-1].get('same_structure', '-')}", flush=True
        )
    write_frames(structures, ordered)
    write_table(table, rows, UNIQUE)
    write_csv(relaxed, pd.DataFrame(ends, columns=list(RELAXED)), "%.8g")


if __name__ == "__main__":
    typer.run(search_given)
