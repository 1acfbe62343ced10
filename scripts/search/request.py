"""Ask for reference energies of the lowest unique structures of one pressure, and of others spread above them."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.search.found.table import UNIQUE, as_table, read_table, write_table
from melt2crystal.search.phases.sample import insane_row, spread
from melt2crystal.sections.search import Sample, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import formula_units
from melt2crystal.structure.energies import ENERGY


@reports_errors
def search_request(
    table: Annotated[Path, typer.Option(help="unique structures (CSV)")],
    structures: Annotated[Path, typer.Option(help="unique structures (extended XYZ)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    out: Annotated[Path, typer.Option(help="frames to be labelled")],
    sampled: Annotated[Path, typer.Option(help="the insane structures among them (CSV)")],
    sampled_structures: Annotated[Path, typer.Option(help="the same (extended XYZ)")],
    settings: SettingsText,
    insane: Annotated[list[Path] | None, typer.Argument(help="refused structures of each cell size")] = None,
) -> None:
    """Write a batch for the label rules."""
    given = Settings(settings)
    rules, formula = part_of(given, Sample), given.section("substance", Substance).formula
    rows, frames = read_table(table, UNIQUE), read_frames(structures)
    if [str(frame.info.get("id")) for frame in frames] != list(rows["id"]):
        raise UserError(f"{structures}: not the structures of {table}, row by row; remake both")
    refused = [frame for path in insane or [] for frame in read_frames(path)]
    lowest = frames[: rules.labelled_structures]
    rest = [*frames[rules.labelled_structures :], *refused]
    energies = [*rows[ENERGY].iloc[rules.labelled_structures :], *(one.info["energy_eV_per_atom"] for one in refused)]
    begins = float(min(rows[ENERGY] if len(rows) else energies, default=0.0))
    chosen = spread(energies, rules.sampled_structures, rules.sample_range_eV_per_atom, begins)
    write_frames(out, [canonical_frame(frame) for frame in (*lowest, *(rest[k] for k in chosen))])
    of_insane = [rest[k] for k in chosen if k >= len(rest) - len(refused)]
    insane_rows = [insane_row(one, pressure, formula_units(one, formula, one.info["id"])) for one in of_insane]
    write_frames(sampled_structures, of_insane)
    write_table(sampled, as_table(insane_rows, UNIQUE), UNIQUE)
    print(f"{len(lowest)} lowest, {len(chosen)} spread above, {len(of_insane)} of these insane")


if __name__ == "__main__":
    typer.run(search_request)
