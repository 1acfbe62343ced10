"""Random structure search at one pressure with one cell size: starts, relaxation, sanity, trust, symmetry."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import reports_errors
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.relaxation import one_by_one as relax
from melt2crystal.search import candidate as candidate_module
from melt2crystal.search import generate, sanity
from melt2crystal.search.candidate import Candidate, CandidateRelaxation
from melt2crystal.search.conditions import conditions_of, journal_settings
from melt2crystal.search.driver import Journal, key_of, run
from melt2crystal.search.rows import row_and_frame, structure_id
from melt2crystal.search.table import STRUCTURES, as_table, write_table
from melt2crystal.search.trust import with_deviations
from melt2crystal.sections.search import Relaxation, Starts, Symmetry, Trust, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import Ensemble, ModelFactory, member_path


@reports_errors
def search_structures(
    models: Annotated[list[Path], typer.Argument(help="HP ensemble, compressed or frozen")],
    polymorphs: Annotated[Path, typer.Option(help="known crystals (extended XYZ): volume range, energy floor")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    formula_units: Annotated[int, typer.Option(help="formula units per cell")],
    table: Annotated[Path, typer.Option(help="one row per relaxed structure (CSV)")],
    structures: Annotated[Path, typer.Option(help="relaxed structures (extended XYZ)")],
    settings: SettingsText,
    workers: Annotated[int, typer.Option(help="worker processes")] = 1,
) -> None:
    """Relax the starts that are not in the journal yet; write the table of all."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    starts, relaxation = part_of(given, Starts), part_of(given, Relaxation)
    model = member_path(models, relaxation.relax_member)
    conditions = conditions_of(
        substance, starts, relaxation, read_frames(polymorphs), formula_units, pressure, given.value("seed")
    )
    code = [Path(str(module.__file__)) for module in (generate, relax, sanity, candidate_module)]
    key = key_of(journal_settings(given, pressure, formula_units), [model, polymorphs, *code])
    candidates = [
        Candidate(structure_id(pressure, formula_units, 0, index), 0, index)
        for index in range(given.value("search.structures"))
    ]
    attempt = partial(CandidateRelaxation, ModelFactory(str(model)), conditions)
    results = run(candidates, attempt, workers, Journal(table.parent / "journal", key), partial(print, flush=True))
    symprecs = part_of(given, Symmetry).symprecs_A
    pairs = [
        row_and_frame(candidate, result, formula_units, pressure, substance, symprecs)
        for candidate, result in zip(candidates, results, strict=True)
    ]
    pairs = with_deviations(
        pairs, Ensemble([str(path) for path in models]), part_of(given, Trust).largest_deviation_eV_per_A
    )
    write_frames(structures, [frame for _, frame in pairs if frame is not None])
    write_table(table, as_table([row for row, _ in pairs], STRUCTURES), STRUCTURES)


if __name__ == "__main__":
    typer.run(search_structures)
