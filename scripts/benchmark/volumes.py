"""Scale the benchmark's crystals to the volumes of the energy-volume curves and ask for their labels."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import reports_errors
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import scaled_volume


@reports_errors
def benchmark_volumes(
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="frames to label (extended XYZ, info polymorph and volume_scale)")],
    settings: SettingsText,
    places: PlacesText = "{}",
) -> None:
    """Isotropic scaling; with ``ions: relaxed`` the reference moves the ions at each volume first."""
    given = Settings(settings)
    scales: list[float] = given.value("benchmark.energy_volume.volume_scales")
    points = []
    for crystal in read_frames(structures):
        for scale in scales:
            point = scaled_volume(crystal, scale)
            point.info = {"polymorph": crystal.info["polymorph"], "volume_scale": scale}
            points.append(point)
    if given.value("benchmark.energy_volume.ions") == "relaxed":
        from melt2crystal.engines.registry import reference_engine

        engine = reference_engine(given.value("reference"), given.section("substance", Substance).species, places)
        engine.check()
        points = engine.relax(points, None)
    write_frames(out, [canonical_frame(point) for point in points])
    print(f"{len(points)} points, {len(scales)} volumes for each polymorph")


if __name__ == "__main__":
    typer.run(benchmark_volumes)
