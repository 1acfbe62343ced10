"""Melt a random packing at one pressure and walk through its temperatures with a classical potential."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.liquid.packing import random_packing
from melt2crystal.liquid.walks import MeltWalk, run_walks
from melt2crystal.options import SettingsText
from melt2crystal.sections.liquid import Liquid
from melt2crystal.sections.substance import PressureRow, Substance
from melt2crystal.seeds import generator_for, seed_for
from melt2crystal.settings import Settings


@reports_errors
def liquid_walks(
    purpose: Annotated[str, typer.Option(help="train or heldout: independent melts, each with its own seed")],
    frames: Annotated[Path, typer.Option(help="frames of all walks (extended XYZ)")],
    walks: Annotated[Path, typer.Option(help="one row per walk (CSV)")],
    thermo: Annotated[Path, typer.Option(help="time series of all walks (CSV)")],
    settings: SettingsText,
) -> None:
    """Random packing, fresh melt, then one walk per temperature from hot to cold (NPT)."""
    given = Settings(settings)
    liquid, substance = given.section("liquid", Liquid), given.section("substance", Substance)
    liquid = liquid.model_copy(update={"walk_ps": given.value("walk_ps")})
    row, root = given.section("row", PressureRow), given.value("seed")
    pressure = f"p{row.pressure_GPa:g}"
    try:
        start = random_packing(
            substance.formula,
            liquid.formula_units,
            liquid.packing_density_g_per_cm3,
            substance.minimum_distances_A,
            generator_for(root, "packing", purpose, pressure),
        )
    except ValueError as error:
        raise UserError(f"liquid.packing_density_g_per_cm3: {error}; lower it, or the minimum distances") from error
    with TemporaryDirectory(prefix="liquid-") as folder:
        done = run_walks(
            start,
            liquid,
            substance.species,
            row,
            given.value("frames"),
            seed_for(root, "velocities", purpose, pressure),
            Path(folder),
        )
    write_frames(frames, [frame for walk in done for frame in _named(walk, purpose, row.pressure_GPa)])
    state = {"purpose": purpose, "pressure_GPa": row.pressure_GPa}
    table = pd.DataFrame([{**state, **summary_of(walk, substance.species)} for walk in done])
    series = [walk.thermo.assign(**state, state_temperature_K=walk.temperature_K) for walk in done]
    for path, content, digits in ((walks, table, "%.8g"), (thermo, pd.concat(series), "%.6g")):
        write_csv(path, content, digits)
    print(table.to_string(index=False))


def summary_of(walk: MeltWalk, species: list[str]) -> dict[str, object]:
    """One row of walks.csv; what an exploded walk does not have is left empty."""
    means = walk.thermo.mean()
    return {
        "temperature_K": walk.temperature_K,
        "status": walk.status,
        "frames": len(walk.frames),
        "walk_ps": walk.thermo["time_ps"].max(),
        "mean_temperature_K": means["temperature_K"],
        "mean_pressure_GPa": means["pressure_GPa"],
        "density_g_per_cm3": means["density_g_per_cm3"],
        **{f"diffusion_{name}_A2_per_ps": walk.diffusion.get(name) for name in species},
    }


def _named(walk: MeltWalk, purpose: str, pressure_GPa: float) -> list[Atoms]:
    """Canonical frames that know their state and where they come from."""
    frames = []
    for number, atoms in enumerate(walk.frames):
        frame = canonical_frame(atoms)
        frame.info["temperature_K"] = float(walk.temperature_K)
        frame.info["pressure_GPa"] = float(pressure_GPa)
        frame.info["origin"] = f"liquid/{purpose}/p{pressure_GPa:g}/T{walk.temperature_K:g}/{number:03d}"
        frames.append(frame)
    return frames


if __name__ == "__main__":
    typer.run(liquid_walks)
