"""The melt walked with one potential, or with the classical reference: density, diffusion, radial distributions."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.benchmark.force_fields import model_commands, reference_commands
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.explore.walks import nearest_state
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.liquid.properties import MeltState, properties, radial_distributions, run_melts
from melt2crystal.options import SettingsText
from melt2crystal.sections.benchmark import MeltWalks
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import seed_for
from melt2crystal.settings import Settings


@reports_errors
def benchmark_melt(
    melts: Annotated[list[Path], typer.Argument(help="certified melts to start from (extended XYZ)")],
    whose: Annotated[str, typer.Option(help="hp, lp, reference, or again: the reference with other velocities")],
    states: Annotated[Path, typer.Option(help="one row for each state (CSV)")],
    distributions: Annotated[Path, typer.Option(help="radial distribution functions (CSV)")],
    settings: SettingsText,
    model: Annotated[Path | None, typer.Option(help="DeePMD model that drives; default: the reference drives")] = None,
) -> None:
    """Walk the melt at each state from the certified frame that is nearest to it."""
    given = Settings(settings)
    rules, substance = given.section("benchmark.melt", MeltWalks), given.section("substance", Substance)
    frames = [frame for path in melts for frame in read_frames(path)]
    if not frames:
        raise UserError(f"{', '.join(map(str, melts))}: no certified frames to start from; see certificate.csv beside")
    tasks = []
    for pressure, temperature in given.value("states"):
        start = nearest_state(frames, pressure, temperature)[0]
        # members and reference begin alike; only 'again' has velocities of its own
        seed = seed_for(given.value("seed"), "melt", "again" if whose == "again" else "", f"{pressure:g}")
        tasks.append(MeltState(start, temperature, pressure, seed))
    if model:
        force_field = model_commands(model, substance.species)
    else:
        force_field = reference_commands(given.value("reference"), substance.species, "benchmark.melt.enabled")
    rows, curves = [], []
    for task, walk in zip(
        tasks, run_melts(tasks, force_field, substance.species, rules, deepmd=model is not None), strict=True
    ):
        state = {"whose": whose, "pressure_GPa": task.pressure_GPa, "temperature_K": task.temperature_K}
        rows.append(state | {"status": walk.status} | properties(walk, rules))
        curves.append(radial_distributions(walk, substance.species, rules).assign(**state))
        print(f"{whose}, {task.pressure_GPa:g} GPa, {task.temperature_K:g} K: {walk.status}")
    write_csv(states, pd.DataFrame(rows), "%.6g")
    write_csv(distributions, pd.concat(curves), "%.5g")


if __name__ == "__main__":
    typer.run(benchmark_melt)
