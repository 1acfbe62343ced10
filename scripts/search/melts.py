"""Bring melts to rest with HP at one pressure: what a search knows of volumes and energies, pieces to start from."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import reports_errors
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.search.melts import around, bounds_of, over_density, quenched, write_bounds
from melt2crystal.search.sanity import Sanity
from melt2crystal.sections.search import Melts, Relaxation, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import RelaxerFactory, member_path


@reports_errors
def search_melts(
    melts: Annotated[list[Path], typer.Argument(help="certified melts of every pressure (extended XYZ)")],
    model: Annotated[list[Path], typer.Option(help="a model of the HP ensemble; several")],
    pressure: Annotated[float, typer.Option(help="pressure of the search, GPa")],
    out: Annotated[Path, typer.Option(help="melts at rest at this pressure (extended XYZ)")],
    bounds: Annotated[Path, typer.Option(help="what they say of volumes and energies (JSON)")],
    settings: SettingsText,
) -> None:
    """Take the melts around the pressure, and relax some of them, evenly chosen over their density."""
    given = Settings(settings)
    relaxation = part_of(given, Relaxation)
    near = around([frame for path in melts for frame in read_frames(path)], pressure)
    distances = given.section("substance", Substance).minimum_distances_A
    at_rest = quenched(
        over_density(near, part_of(given, Melts).melts),
        RelaxerFactory(str(member_path(model, relaxation.relax_member)))(),
        pressure,
        relaxation.relax_steps,
        distances,
        Sanity(relaxation.volume_range_A3_per_atom, None, {}).guard,
    )
    found = bounds_of(near, at_rest)
    write_frames(out, at_rest)
    write_bounds(bounds, found)
    low, high = found.volumes_A3_per_atom
    pressures = ", ".join(f"{value:g}" for value in found.pressures_GPa)
    print(
        f"{found.melts} melts at {pressures} GPa: {low:.2f} to {high:.2f} Å³/atom; {len(at_rest)} at rest at "
        f"{pressure:g} GPa, the lowest at {found.lowest_eV_per_atom:.4f} eV/atom"
    )


if __name__ == "__main__":
    typer.run(search_melts)
