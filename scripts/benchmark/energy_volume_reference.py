"""The reference's energy-volume curves, from its labels."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import formula_units


@reports_errors
def benchmark_energy_volume_reference(
    requested: Annotated[Path, typer.Option(help="scaled polymorphs that were asked for (extended XYZ)")],
    labels: Annotated[Path, typer.Option(help="their labels (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="energies (CSV); member is always -1")],
    settings: SettingsText,
) -> None:
    """Write the reference's energies in the form of the models'; a point whose label failed is left out and named."""
    formula = Settings(settings).section("substance", Substance).formula
    energies = {atoms.info["frame_id"]: atoms.get_potential_energy() for atoms in read_frames(labels)}
    rows = []
    for index, atoms in enumerate(read_frames(requested)):
        point = (atoms.info["polymorph"], float(atoms.info["volume_scale"]))
        energy = energies.get(atoms.info["frame_id"])
        if energy is None:
            print(f"{point[0]} at volume scale {point[1]:g} has no label (see labels.csv); left out")
            continue
        volume = atoms.get_volume() / formula_units(atoms, formula, f"{requested}, frame {index}")
        rows.append((*point, volume, -1, energy / len(atoms)))
    columns = ["polymorph", "volume_scale", "volume_A3_per_formula", "member", "energy_eV_per_atom"]
    write_csv(out, pd.DataFrame(rows, columns=columns), "%.9g")


if __name__ == "__main__":
    typer.run(benchmark_energy_volume_reference)
