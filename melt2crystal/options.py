"""Command-line options that many programs in scripts/ share."""

from pathlib import Path
from typing import Annotated

import typer

SettingsText = Annotated[str, typer.Option(help="canonical settings (JSON text or @file)")]
PlacesText = Annotated[str, typer.Option(help="how the reference is called here: command, ranks, ... (JSON text)")]
PdfFile = Annotated[Path, typer.Option(help="figure, PDF")]
PngFile = Annotated[Path, typer.Option(help="figure, PNG")]
