"""Figure of the harmonic spectra, with those from molecular dynamics where there are any."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.figures.harmonic import draw_harmonic
from melt2crystal.figures.style import publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.settings import Settings


@reports_errors
def figures_harmonic(
    hp: Annotated[Path, typer.Option(help="harmonic spectra of HP (CSV)")],
    reference: Annotated[Path, typer.Option(help="harmonic spectra of the reference (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
    walks: Annotated[
        list[Path] | None, typer.Argument(help="spectra from molecular dynamics, .../{hp,reference}/{polymorph}.csv")
    ] = None,
) -> None:
    """Draw the harmonic densities of states of HP and of the reference."""
    given = Settings(settings)
    titles = {name: polymorph["title"] for name, polymorph in given.value("polymorphs").items()}
    tables = {"reference": pd.read_csv(reference), "hp": pd.read_csv(hp)}
    harmonic = {
        name: {who: mine for who, table in tables.items() if len(mine := table[table.polymorph == name])}
        for name in titles
    }
    dynamic: dict[str, dict[str, pd.DataFrame]] = {}
    for path in walks or []:
        spectrum = pd.read_csv(path)
        if path.stem in titles and len(spectrum):  # empty where the walk failed
            dynamic.setdefault(path.stem, {})[path.parent.name] = spectrum
    publish_for(given, pdf, png, "Harmonic vibrational densities of states", draw_harmonic, titles, harmonic, dynamic)


if __name__ == "__main__":
    typer.run(figures_harmonic)
