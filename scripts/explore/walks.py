"""Molecular dynamics at one pressure, driven by the ensemble, with deviations."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from melt2crystal.errors import reports_errors
from melt2crystal.explore.walks import ExplorationWalk, ExploredStep, collect_walk, nearest_state, run_walks
from melt2crystal.files import write_table
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.explore import Explore
from melt2crystal.sections.substance import PressureRow, Substance
from melt2crystal.seeds import generator_for, seed_for
from melt2crystal.settings import Settings


@reports_errors
def explore_walks(
    models: Annotated[list[Path], typer.Argument(help="models of the ensemble; the first drives")],
    starts: Annotated[Path, typer.Option(help="certified melt; a walk starts from the state nearest to its own")],
    iteration: Annotated[str, typer.Option(help="iteration, part of the seed")],
    frames: Annotated[Path, typer.Option(help="explored frames (extended XYZ)")],
    deviations: Annotated[Path, typer.Option(help="deviation of each frame (CSV)")],
    walks: Annotated[Path, typer.Option(help="status of each walk (CSV)")],
    settings: SettingsText,
) -> None:
    """One walk for each temperature of the row; an exploding walk ends alone and is recorded."""
    given = Settings(settings)
    explore, substance = given.section("explore", Explore), given.section("substance", Substance)
    row = given.section("row", PressureRow)
    melt = read_frames(starts)
    planned, skipped = [], []
    for temperature in row.temperatures_K:
        near = nearest_state(melt, row.pressure_GPa, temperature)
        key = ("explore", iteration, f"{row.pressure_GPa:g}", f"{temperature:g}")
        if not near:
            skipped.append((row.pressure_GPa, temperature, "never started: there is no certified melt"))
            continue
        start = near[int(generator_for(given.value("seed"), *key).integers(len(near)))]
        planned.append(ExplorationWalk(start, temperature, row.pressure_GPa, seed_for(given.value("seed"), *key)))
    found, visits, statuses = [], [], []
    with TemporaryDirectory(prefix="explore-") as folder:
        statuses = run_walks(planned, models, substance.species, explore, Path(folder)) if planned else []
        for index, (walk, status) in enumerate(zip(planned, statuses, strict=True)):
            of_walk, visited = collect_walk(index, substance.species, explore, Path(folder))
            for visit in visited:
                number = visit.frame + len(found) if visit.frame >= 0 else -1
                visits.append((index, walk.pressure_GPa, walk.temperature_K, number, *visit[1:]))
            steps = [visit.step for visit in visited if visit.frame >= 0]
            for frame, step in zip(of_walk, steps, strict=True):
                frame.info["temperature_K"], frame.info["pressure_GPa"] = walk.temperature_K, walk.pressure_GPa
                frame.info["origin"] = f"explore/{iteration}/p{walk.pressure_GPa:g}/T{walk.temperature_K:g}/{step:08d}"
            found += of_walk
            print(f"{walk.pressure_GPa:g} GPa, {walk.temperature_K:g} K: {status}, {len(of_walk)} frames", flush=True)
    write_frames(frames, found)
    write_table(deviations, ["walk", "pressure_GPa", "temperature_K", *ExploredStep._fields], visits)
    rows = [(w.pressure_GPa, w.temperature_K, status) for w, status in zip(planned, statuses, strict=True)] + skipped
    write_table(walks, ["pressure_GPa", "temperature_K", "status"], rows)


if __name__ == "__main__":
    typer.run(explore_walks)
