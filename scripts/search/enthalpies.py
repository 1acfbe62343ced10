"""Enthalpies of known and found phases at a ladder of pressures, with one potential: HP, or the reference."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import EngineError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.relaxation.relaxer import Target
from melt2crystal.search.found.table import UNIQUE, read_table, read_with_ids
from melt2crystal.search.phases.enthalpy_curves import (
    CURVES,
    KNOWN,
    Relaxing,
    Track,
    curves,
    found_tracks,
    without_doubles,
)
from melt2crystal.search.phases.library import read_library
from melt2crystal.search.phases.phase import Ruler
from melt2crystal.search.sanity import Sanity
from melt2crystal.sections.phases.enthalpy_curves import Ladder
from melt2crystal.sections.phases.enthalpy_curves import part_of as part_of_curves
from melt2crystal.sections.search import Relaxation, Symmetry, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def search_enthalpies(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    names: Annotated[Path, typer.Option(help="names of the structures found (CSV)")],
    potential: Annotated[str, typer.Option(help="hp or reference")],
    out: Annotated[Path, typer.Option(help="enthalpies over pressure (CSV)")],
    settings: SettingsText,
    model: Annotated[list[Path] | None, typer.Option(help="a model of the HP ensemble; several")] = None,
    crystal: Annotated[list[Path] | None, typer.Option(help="a known crystal (file); several")] = None,
    places: PlacesText = "{}",
) -> None:
    """Known crystals begin at zero pressure, structures found at the pressure of their search."""
    given = Settings(settings)
    rules, substance = part_of_curves(given, Ladder), given.section("substance", Substance)
    ruler = Ruler(substance, given.value("search.names")["symprec_A"], part_of(given, Symmetry).symprecs_A)
    known = read_library(crystal or [], rules.largest_atoms)
    tracks = [Track(name, KNOWN, atoms, 0.0) for name, atoms in known.items()]
    named = read_with_ids(names, {"name": "string", "source": "string"})
    for table in tables:
        rows, frames = read_table(table, UNIQUE), read_frames(table.with_suffix(".extxyz"))
        tracks += found_tracks(rows, frames, named, rules.found, rules.largest_atoms)
    with_model = model_relaxing(given, model or []) if potential == "hp" else None
    relaxing = with_model or reference_relaxing(given, substance.species, places)
    rows = pd.DataFrame(curves(tracks, rules.pressures_GPa, relaxing, ruler))
    rows = rows.assign(potential=potential).reindex(columns=list(CURVES))
    write_csv(out, without_doubles(rows), "%.8g")


def model_relaxing(given: Settings, models: list[Path]) -> Relaxing:
    """Relaxations with the member of HP that drove the search."""
    from melt2crystal.train.models import RelaxerFactory, member_path

    relaxation = part_of(given, Relaxation)
    relaxer = RelaxerFactory(str(member_path(models, relaxation.relax_member)))()
    guard = Sanity(relaxation.volume_range_A3_per_atom, None, {}).guard

    def relaxing(starts: Sequence[Atoms], pressure_GPa: float) -> list[tuple[Atoms, float] | str]:
        target = Target(pressure_GPa, relaxation.relax_force_eV_per_A, relaxation.relax_steps, guard)
        return [
            end.failure or end.complaint or ((end.atoms, end.energy_eV) if end.converged else "unconverged")
            for end in relaxer.relax_all(starts, target)
        ]

    return relaxing


def reference_relaxing(given: Settings, species: list[str], places: str) -> Relaxing:
    """Relaxations with the reference; one that it can't do is no point of its curve."""
    from melt2crystal.engines.registry import reference_engine

    engine = reference_engine(given.value("reference"), species, places)
    engine.check()

    def one(start: Atoms, pressure_GPa: float) -> tuple[Atoms, float] | str:
        try:
            (end,) = engine.relax([start], pressure_GPa)
        except EngineError as error:
            return " ".join(str(error).split())[:200]
        energy = float(end.get_potential_energy())
        end.calc = None
        return end, energy

    return lambda starts, pressure_GPa: [one(start, pressure_GPa) for start in starts]


if __name__ == "__main__":
    typer.run(search_enthalpies)
