"""Figure of the harmonic spectra, with those from molecular dynamics where there are any."""

import math
from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.figures.harmonic import draw_harmonic
from melt2crystal.figures.style import publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.settings import Settings

TELLING = 1e-4  # share of imaginary modes that is told


@reports_errors
def figures_harmonic(
    hp: Annotated[Path, typer.Option(help="harmonic spectra of HP (CSV)")],
    reference: Annotated[Path, typer.Option(help="harmonic spectra of the reference (CSV)")],
    overlaps: Annotated[Path, typer.Option(help="their overlaps and baselines (CSV)")],
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
    words = {str(row["polymorph"]): in_words(row) for row in pd.read_csv(overlaps).to_dict("records")}
    drawn = titles, harmonic, dynamic, words
    publish_for(given, pdf, png, "Harmonic vibrational densities of states", draw_harmonic, *drawn)


def in_words(row: dict[Hashable, Any]) -> str:
    """Overlap of HP and the reference, its baseline, and imaginary modes."""
    lines = [] if math.isnan(row["overlap_hp_reference"]) else [f"overlap {row['overlap_hp_reference']:.2f}"]
    if lines and not math.isnan(row["overlap_others_largest"]):
        lines.append(f"other crystals: up to {row['overlap_others_largest']:.2f}")
    for who, name in (("reference", "reference"), ("hp", "HP")):
        if row[f"imaginary_share_{who}"] > TELLING:
            lines.append(f"{name}: imaginary modes")
    return "\n".join(lines)


if __name__ == "__main__":
    typer.run(figures_harmonic)
