"""Give each frame of the melt its certificate of disorder, or say why not."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.liquid.certificate import certify, diffuses
from melt2crystal.options import SettingsText
from melt2crystal.sections.liquid import Certificate
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def liquid_certify(
    library: Annotated[list[Path], typer.Argument(help="CIF files of the known crystals")],
    frames: Annotated[Path, typer.Option(help="frames of the walks (extended XYZ)")],
    potential: Annotated[Path, typer.Option(help="cheap classical potential for the quench (LAMMPS include file)")],
    table: Annotated[Path, typer.Option(help="what was found in each frame (CSV)")],
    certified: Annotated[Path, typer.Option(help="frames that passed (extended XYZ)")],
    settings: SettingsText,
    walks: Annotated[
        Path | None, typer.Option(help="table of the walks, for their diffusion (CSV); without it diffusion is unknown")
    ] = None,
) -> None:
    """Check diffusion, symmetry, likeness to known crystals, repetition and order of each species of every frame.

    Frames of walks follow each other in time, from hot to cold: where order begins to rise, all later ones are cut.
    """
    given = Settings(settings)
    certificate, substance = given.section("certificate", Certificate), given.section("substance", Substance)
    flows: dict[float, bool | None] = {}
    for row in [] if walks is None else pd.read_csv(walks).to_dict("records"):
        measured = {name: row[f"diffusion_{name}_A2_per_ps"] for name in substance.species}
        flows[row["temperature_K"]] = diffuses(measured, row["walk_ps"], certificate)
    melt = read_frames(frames)
    of_frames = [None if walks is None else flows[frame.info["temperature_K"]] for frame in melt]
    findings, passed = certify(melt, library, certificate, substance, potential, of_frames, walks is not None)
    for position, name in enumerate(("pressure_GPa", "temperature_K", "origin"), 1):
        findings.insert(position, name, [frame.info[name] for frame in melt])
    write_csv(table, findings)
    write_frames(certified, passed)
    disordered, cut = int(findings["would_pass"].sum()), int(findings["cut"].sum())
    print(f"{len(passed)} of {len(melt)} frames pass; {disordered} are disordered, {cut} cut where order rises")


if __name__ == "__main__":
    typer.run(liquid_certify)
