"""Take the structures of somebody else's search, relax them with HP, and write the table that every engine writes."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import reports_errors
from melt2crystal.options import SettingsText
from melt2crystal.search.others.files import read_structures
from melt2crystal.search.others.relaxing import of_pressure
from melt2crystal.search.others.settling import Files, Terms, settle
from melt2crystal.sections.search import Batches, Relaxation, Starts, Symmetry, Trust, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def search_others(
    models: Annotated[list[Path], typer.Argument(help="HP ensemble, compressed or frozen")],
    found: Annotated[Path, typer.Option(help="file or folder of structures")],
    bounds: Annotated[Path, typer.Option(help="what the melts say of volumes and energies (JSON)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    table: Annotated[Path, typer.Option(help="one row per relaxed structure (CSV)")],
    structures: Annotated[Path, typer.Option(help="relaxed structures (extended XYZ)")],
    theirs: Annotated[Path, typer.Option(help="what the files say beside what HP says, and what was refused (CSV)")],
    settings: SettingsText,
    workers: Annotated[int, typer.Option(help="worker processes")] = 1,
) -> None:
    """Energies and enthalpies are HP's (member search.relax_member), relaxed to the study's accuracy."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    terms = Terms(
        given,
        substance,
        part_of(given, Batches),
        part_of(given, Starts),
        part_of(given, Relaxation),
        part_of(given, Symmetry),
        part_of(given, Trust),
        given.value("seed"),
    )
    read, refused = read_structures(found, substance.species)
    taken, left = of_pressure(read, pressure, given.value("searched"))
    files = Files(models, bounds, table, structures, theirs)
    settle(taken, [*refused, *left], f"p{pressure:g}-others", files, pressure, terms, workers)


if __name__ == "__main__":
    typer.run(search_others)
