"""Read what USPEX found in one search, relax it with HP, and write the table that every engine writes."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.options import SettingsText
from melt2crystal.search.others.relaxing import of_pressure
from melt2crystal.search.others.settling import Files, Terms, settle
from melt2crystal.search.uspex.folder import lacking
from melt2crystal.search.uspex.results import read_results
from melt2crystal.search.uspex.running import read_finished, what_to_do
from melt2crystal.sections.search import Batches, Relaxation, Starts, Symmetry, Trust, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def search_uspex_structures(
    models: Annotated[list[Path], typer.Argument(help="HP ensemble, compressed or frozen")],
    inputs: Annotated[Path, typer.Option(help="INPUT.txt; results that are put back lie beside it")],
    bounds: Annotated[Path, typer.Option(help="what the melts say of volumes and energies (JSON)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    formula_units: Annotated[int, typer.Option(help="formula units per cell")],
    table: Annotated[Path, typer.Option(help="one row per relaxed structure (CSV)")],
    structures: Annotated[Path, typer.Option(help="relaxed structures (extended XYZ)")],
    theirs: Annotated[Path, typer.Option(help="what USPEX says beside what HP says, and what was refused (CSV)")],
    settings: SettingsText,
    finished: Annotated[Path | None, typer.Option(help="where USPEX ran, if it was called here (JSON)")] = None,
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
    folder = inputs.parent if finished is None else read_finished(finished)
    if finished is None and (why := lacking(folder)):
        raise UserError(what_to_do([(folder.resolve(), why)], "USPEX -r"))
    results = read_results(folder, substance.species)
    for remark in results.remarks:
        print(f"Remark: {remark}")
    found, left = of_pressure(results.found[0], pressure, [pressure])
    name = f"p{pressure:g}-z{formula_units}-u"
    files = Files(models, bounds, table, structures, theirs)
    settle(found, [*results.found[1], *left], name, files, pressure, terms, workers)


if __name__ == "__main__":
    typer.run(search_uspex_structures)
