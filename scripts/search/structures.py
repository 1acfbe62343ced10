"""Structure search at one pressure with one cell size: starts, relaxation, sanity, trust, symmetry, children."""

from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ase import Atoms

from melt2crystal.errors import reports_errors
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.search.candidate import BatchRelaxation, Candidate
from melt2crystal.search.conditions import code_of_candidates, conditions_of, journal_settings
from melt2crystal.search.driver import Crew, Journal, key_of
from melt2crystal.search.evolution import Evolution
from melt2crystal.search.found.rows import row_and_frame
from melt2crystal.search.found.table import STRUCTURES, as_table, write_table
from melt2crystal.search.found.trust import Pair, with_deviations
from melt2crystal.search.melts import read_bounds
from melt2crystal.search.phases.sample import insane_frame
from melt2crystal.sections.search import Batches, Engine, Relaxation, Starts, Symmetry, Trust, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import Ensemble, RelaxerFactory, member_path


@reports_errors
def search_structures(
    models: Annotated[list[Path], typer.Argument(help="HP ensemble, compressed or frozen")],
    melts: Annotated[Path, typer.Option(help="melts at rest at this pressure (extended XYZ)")],
    bounds: Annotated[Path, typer.Option(help="what the melts say of volumes and energies (JSON)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    formula_units: Annotated[int, typer.Option(help="formula units per cell")],
    table: Annotated[Path, typer.Option(help="one row per relaxed structure (CSV)")],
    structures: Annotated[Path, typer.Option(help="relaxed structures (extended XYZ)")],
    insane: Annotated[Path, typer.Option(help="structures that were refused, as far as a reference can label them")],
    settings: SettingsText,
    workers: Annotated[int, typer.Option(help="worker processes")] = 1,
) -> None:
    """Relax the batches that are not in the journal yet; write the table of all."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    starts, relaxation, engine = part_of(given, Starts), part_of(given, Relaxation), part_of(given, Engine)
    model, seed = member_path(models, relaxation.relax_member), given.value("seed")
    conditions = conditions_of(
        substance, starts, relaxation, read_bounds(bounds), read_frames(melts), formula_units, pressure, seed
    )
    key = key_of(journal_settings(given, pressure, formula_units), [model, melts, bounds, *code_of_candidates()])
    attempt = partial(BatchRelaxation, RelaxerFactory(str(model)), conditions)
    symprecs, largest = part_of(given, Symmetry).symprecs_A, part_of(given, Trust).largest_deviation_eV_per_A
    ensemble, say = Ensemble([str(path) for path in models]), partial(print, flush=True)
    journal, size = Journal(table.parent / "journal", key), part_of(given, Batches).batch_structures

    refused: list[Atoms] = []
    with Crew(attempt, workers, journal, size, say) as crew:

        def settled(candidates: list[Candidate]) -> list[Pair]:
            results = crew.results(candidates)
            pairs = [
                row_and_frame(candidate, result, formula_units, pressure, substance, symprecs)
                for candidate, result in zip(candidates, results, strict=True)
            ]
            judged = with_deviations(pairs, ensemble, largest)
            for candidate, result, before, after in zip(candidates, results, pairs, judged, strict=True):
                status = str(after[0]["status"])
                frame = insane_frame(candidate, result, before[1], status, substance.minimum_distances_A)
                refused.extend([frame] if frame is not None else [])
            return judged

        number = given.value("search.structures")
        shares = conditions.recipe.shares
        search = Evolution(engine, number, pressure, formula_units, seed, len(substance.species), shares)
        pairs = search.run(settled, lambda: crew.core_s, say)
    write_frames(structures, [frame for _, frame in pairs if frame is not None])
    for frame, energies in zip(refused, ensemble.evaluate(refused)[0].T if refused else [], strict=True):
        frame.info["energy_eV_per_atom"] = float(energies[relaxation.relax_member]) / len(frame)
    write_frames(insane, [frame for frame in refused if np.isfinite(frame.info["energy_eV_per_atom"])])
    write_table(table, as_table([row for row, _ in pairs], STRUCTURES), STRUCTURES)


if __name__ == "__main__":
    typer.run(search_structures)
