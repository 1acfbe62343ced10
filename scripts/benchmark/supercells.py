"""Make the displaced supercells of the harmonic spectra and ask for their labels."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.benchmark.harmonic import displaced_crystal, supercells
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.benchmark import HarmonicSpectrum
from melt2crystal.settings import Settings


@reports_errors
def benchmark_supercells(
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="frames to label (extended XYZ, info polymorph and displacement)")],
    settings: SettingsText,
) -> None:
    """The undisplaced supercell (displacement 0) and the displaced ones of each polymorph."""
    given = Settings(settings)
    rules = given.section("benchmark.harmonic", HarmonicSpectrum)
    crystals = {atoms.info["polymorph"]: atoms for atoms in read_frames(structures)}
    frames = []
    for name in given.value("polymorphs"):
        if name not in crystals:
            raise UserError(f"{structures}: has no polymorph {name!r}; make it again from the same study")
        mine = supercells(displaced_crystal(crystals[name], rules.width_A, rules.displacement_A))
        for frame in mine:
            frame.info["polymorph"] = name
        print(f"{name}: {len(mine) - 1} displacements in a supercell of {len(mine[0])} atoms")
        frames += mine
    write_frames(out, frames)


if __name__ == "__main__":
    typer.run(benchmark_supercells)
