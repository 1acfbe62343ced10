"""Is everything there that the reference engine needs? Asked before the first melt, on a machine that makes labels."""

import json
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import EngineError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.lammps.include import check_potential
from melt2crystal.lammps.static import try_potential
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def label_check(
    store: Annotated[Path, typer.Option(help="folder of the label store")],
    out: Annotated[Path, typer.Option(help="engine and settings digest (JSON)")],
    settings: SettingsText,
    places: PlacesText = "{}",
    melting: Annotated[Path | None, typer.Option(help="potential of the melts and quenches (LAMMPS include)")] = None,
) -> None:
    """End with the engine's message if a program or a file is missing; with labels at hand that is only a warning.

    With ``label.compute: false`` the engine is not asked: it will not be called. The melting potential has to work.
    """
    given = Settings(settings)
    if melting is not None:
        substance = given.section("substance", Substance)
        check_potential(melting, substance.species)
        try_potential(melting, substance.formula)
    engine = reference_engine(given.value("reference"), given.section("substance", Substance).species, places)
    digest, missing = settings_digest(engine), ""
    try:
        if given.value("label.compute"):
            engine.check()
    except EngineError as error:
        if not given.value("label.known") and not any((store / digest).glob("*.jsonl")):
            raise
        missing = str(error)
        print(f"Only labels of label.known and of the label store can be had here: {missing}")
    said = {"engine": engine.name, "settings_digest": digest, "missing": missing}
    write_text(out, json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(label_check)
