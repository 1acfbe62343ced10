"""Unique structures of one pressure over all cell sizes; which of them are true minima."""

from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.search.candidate import BatchRelaxation
from melt2crystal.search.conditions import code_of_candidates, conditions_of, journal_settings
from melt2crystal.search.driver import Crew, Journal, key_of
from melt2crystal.search.found.minima import add_descendants, descendants_of, to_be_tested, unique_rows
from melt2crystal.search.found.rows import row_and_frame
from melt2crystal.search.found.table import SOUND, STRUCTURES, UNIQUE, as_table, check_table, read_table, write_table
from melt2crystal.search.found.trust import with_deviations
from melt2crystal.search.melts import read_bounds
from melt2crystal.sections.search import Batches, Relaxation, Starts, Symmetry, Trust, Unique, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.train.models import Ensemble, RelaxerFactory, member_path


@reports_errors
def search_unique(
    tables: Annotated[list[Path], typer.Argument(help="structures.csv of each cell size, the extxyz beside it")],
    model: Annotated[list[Path], typer.Option(help="a model of the HP ensemble; several")],
    bounds: Annotated[Path, typer.Option(help="what the melts say of volumes and energies (JSON)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    table: Annotated[Path, typer.Option(help="unique structures, lowest enthalpy first (CSV)")],
    structures: Annotated[Path, typer.Option(help="the same as extended XYZ, in the table's order")],
    settings: SettingsText,
    workers: Annotated[int, typer.Option(help="worker processes")] = 1,
) -> None:
    """Join the cell sizes, merge equal structures, test the lowest that kept the symmetry of their start."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    unique, relaxation = part_of(given, Unique), part_of(given, Relaxation)
    symprecs = part_of(given, Symmetry).symprecs_A
    relaxed, frames = sound_structures(tables)
    first = unique_rows(relaxed, frames, unique)
    candidates = descendants_of(to_be_tested(first, unique.minima_checked), frames)
    relaxing = member_path(model, relaxation.relax_member)
    # the recipe only lends its rattle here: descendants have their parents' cells
    starts = part_of(given, Starts).model_copy(update={"rattle_A": unique.minima_rattle_A})
    conditions = conditions_of(substance, starts, relaxation, read_bounds(bounds), [], 1, pressure, given.value("seed"))
    key = key_of(
        journal_settings(given, pressure),
        [relaxing, bounds, *code_of_candidates(), *(path.with_suffix(".extxyz") for path in tables)],
    )
    attempt = partial(BatchRelaxation, RelaxerFactory(str(relaxing)), conditions)
    journal, size = Journal(table.parent / "journal", key), part_of(given, Batches).batch_structures
    with Crew(attempt, workers, journal, size, partial(print, flush=True)) as crew:
        results = crew.results(candidates)
    units = dict(zip(relaxed["id"], relaxed["formula_units"], strict=True))
    pairs = [
        row_and_frame(candidate, result, int(units[candidate.parents[0]]), pressure, substance, symprecs)
        for candidate, result in zip(candidates, results, strict=True)
    ]
    if candidates:
        ensemble = Ensemble(model)
        pairs = with_deviations(pairs, ensemble, part_of(given, Trust).largest_deviation_eV_per_A)
    born = as_table([row for row, _ in pairs], STRUCTURES)
    frames |= {str(frame.info["id"]): frame for _, frame in pairs if frame is not None}
    final = add_descendants(relaxed, born, frames, unique)
    write_frames(structures, [frames[name] for name in final["id"]])
    write_table(table, final, UNIQUE)
    print(f"{pressure:g} GPa: {len(relaxed)} sound structures, {len(final)} unique")


def sound_structures(tables: list[Path]) -> tuple[pd.DataFrame, dict[str, Atoms]]:
    """Rows with a structure from several tables, and id -> frame.

    Raises:
        UserError: a table and the structures beside it do not belong together.
    """
    parts: list[pd.DataFrame] = []
    frames: dict[str, Atoms] = {}
    for path in tables:
        part = read_table(path, STRUCTURES)
        part = part[part["status"].isin(SOUND)]
        own = {str(frame.info.get("id")): frame for frame in read_frames(path.with_suffix(".extxyz"))}
        if set(own) != set(part["id"]):
            raise UserError(
                f"{path}: its sound rows and the structures in {path.with_suffix('.extxyz')} differ; remake both"
            )
        parts.append(part)
        frames |= own
    joined = pd.concat(parts, ignore_index=True) if parts else as_table([], STRUCTURES)
    order = np.lexsort([joined["id"].to_numpy(dtype=str), joined[ENTHALPY].to_numpy(dtype=float)])
    return check_table(joined.iloc[order], STRUCTURES, "the cell sizes together"), frames


if __name__ == "__main__":
    typer.run(search_unique)
