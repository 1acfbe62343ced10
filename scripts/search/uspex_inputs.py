"""Write what USPEX needs for one search: INPUT.txt, the LAMMPS stages, the model."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import complete, digest_of_file, write_text
from melt2crystal.options import SettingsText
from melt2crystal.search.melts import read_bounds
from melt2crystal.search.uspex.inputs import MODEL, SearchInput, input_text, stages
from melt2crystal.sections.search import Engine, Uspex, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import member_path


@reports_errors
def search_uspex_inputs(
    models: Annotated[list[Path], typer.Argument(help="HP ensemble, compressed or frozen")],
    bounds: Annotated[Path, typer.Option(help="what the melts say of volumes and energies (JSON)")],
    pressure: Annotated[float, typer.Option(help="pressure, GPa")],
    formula_units: Annotated[int, typer.Option(help="formula units per cell")],
    out: Annotated[Path, typer.Option(help="INPUT.txt; Specific/ is written beside it")],
    settings: SettingsText,
) -> None:
    """Random structures begin in the middle of the melts' volumes; the energy is that of search.relax_member."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    model = member_path(models, given.value("search.relax_member"))
    volumes = read_bounds(bounds).volumes_A3_per_atom
    search = SearchInput(
        substance.formula,
        formula_units,
        pressure,
        sum(volumes) / 2,
        substance.minimum_distances_A,
        given.value("search.structures"),
        part_of(given, Engine),
        Uspex(
            version=given.value("search.uspex.version"),
            lammps=given.value("search.uspex.lammps"),
            parallel=given.value("search.uspex.parallel"),
        ),
        digest_of_file(model),
    )
    for number, stage in enumerate(stages(search), 1):
        write_text(out.parent / "Specific" / f"lammps.in_{number}", stage)
    with complete(out.parent / "Specific" / MODEL) as beside:
        shutil.copyfile(model, beside)
    write_text(out, input_text(search))
    volume = f"{search.volume_A3_per_atom:.2f} Å³/atom"
    print(f"{out.parent}: {search.atoms} atoms at {pressure:g} GPa, {volume}; inputs {search.mark}")


if __name__ == "__main__":
    typer.run(search_uspex_inputs)
