"""The certificate of disorder for a substance of your own: what its checks find in hot crystals and in melts.

Limits come with the program for silica. Before you trust them for another substance, look at both sides.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal import markdown
from melt2crystal.errors import UserError
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.liquid.held import held
from melt2crystal.liquid.margins import MEASURES, margins, measures_of
from melt2crystal.liquid.packing import random_packing
from melt2crystal.liquid.walks import run_walks
from melt2crystal.sections.substance import PressureRow
from melt2crystal.seeds import generator_for, seed_for
from melt2crystal.structure.crystals import read_crystal
from melt2crystal.study.load import the_study
from melt2crystal.study.model import Study

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=__doc__,
    epilog="Example: melt2crystal certificate check --study laptop --crystal-k 1500 --melt-k 5000",
)


@app.callback()
def certificate() -> None:
    """Look at the certificate of disorder."""


@app.command(
    short_help="Hot crystals and melts through the same checks.",
    epilog="Example: melt2crystal certificate check --study laptop --melt-k 5000 data/polymorphs/*.cif",
)
def check(
    crystals: Annotated[
        list[Path] | None, typer.Argument(help="CIF files of the substance; without, those of data/polymorphs")
    ] = None,
    study: Annotated[
        str, typer.Option("--study", help="a file of config/studies: substance, potential, certificate")
    ] = "",
    crystal_k: Annotated[float, typer.Option(help="temperature the crystals are held at, K")] = 1500.0,
    melt_k: Annotated[float, typer.Option(help="temperature of the melts, far above melting, K")] = 5000.0,
    pressure: Annotated[list[float], typer.Option(help="GPa; melts are made at each")] = [0.0],  # noqa: B006
    melts: Annotated[Path | None, typer.Option(help="melts to take instead of making them (extended XYZ)")] = None,
    frames: Annotated[int, typer.Option(min=1, help="frames of each crystal and of each melt")] = 10,
    out: Annotated[Path | None, typer.Option(help="what was found in every frame (CSV)")] = None,
) -> None:
    """Hold every crystal hot, make melts, and print what each measure is on both sides, with limits between."""
    given = the_study(study)
    library = crystals or sorted(Path("data/polymorphs").glob("*.cif"))
    hot = _hot_crystals(library, given, crystal_k, frames)
    molten = read_frames(melts) if melts else _melts(given, melt_k, pressure, frames)
    if not hot or not molten:
        side = "crystals of this composition" if not hot else "melts (all exploded, or the file is empty)"
        raise UserError(f"certificate check: there are no {side}; name CIF files, or another temperature")
    found = [
        measures_of(some, library, given.certificate, given.substance.formula, Path(given.liquid.potential)).assign(
            side=side
        )
        for side, some in (("crystal", hot), ("melt", molten))
    ]
    table = pd.concat(found, ignore_index=True)
    if out:
        write_csv(out, table, "%.4g")
    print(f"{len(hot)} frames of hot crystals, {len(molten)} of melts; {', '.join(map(str, library))}\n")
    print(markdown.records(MEASURES, margins(table, given.certificate)))


def _hot_crystals(files: list[Path], study: Study, temperature_K: float, frames: int) -> list[Atoms]:
    """Frames of every crystal of the study's composition, in a cell as large as its melts, held hot at 0 GPa."""
    formula, starts = study.substance.formula, []
    for path in files:
        atoms = read_crystal(path)
        symbols = atoms.get_chemical_symbols()
        units = len(symbols) / sum(formula.values())
        if any(symbols.count(species) != count * units for species, count in formula.items()):
            continue
        repeats = np.ones(3, dtype=int)
        while len(atoms) * repeats.prod() < study.liquid.formula_units * sum(formula.values()):
            repeats[np.argmin(atoms.cell.lengths() * repeats)] += 1
        starts.append(atoms.repeat(repeats))
        starts[-1].info |= {"temperature_K": temperature_K, "pressure_GPa": 0.0}
    walks = held(starts, study.liquid, study.substance.species, 0.1 * frames, frames, study.seed)
    return [frame for walk in walks for frame in walk]


def _melts(study: Study, temperature_K: float, pressures_GPa: list[float], frames: int) -> list[Atoms]:
    """Frames of a fresh melt at each pressure, half a picosecond apart."""
    liquid, substance, found = study.liquid, study.substance, []
    liquid = liquid.model_copy(update={"walk_ps": 0.5 * frames})
    for pressure in pressures_GPa:
        packing = random_packing(
            substance.formula,
            liquid.formula_units,
            liquid.packing_density_g_per_cm3,
            substance.minimum_distances_A,
            generator_for(study.seed, "check", f"{pressure:g}"),
        )
        row = PressureRow(pressure_GPa=pressure, temperatures_K=[temperature_K])
        with TemporaryDirectory(prefix="check-") as folder:
            number = seed_for(study.seed, "check", f"{pressure:g}")
            (walk,) = run_walks(packing, liquid, substance.species, row, frames, number, Path(folder))
        if walk.status != "ok":
            typer.echo(f"{pressure:g} GPa, {temperature_K:g} K: {walk.status}", err=True)
        found += walk.frames
    return found
