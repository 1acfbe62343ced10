"""Ask for reference energies of the lowest unique structures of one pressure."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.search.found.table import UNIQUE, read_table
from melt2crystal.settings import Settings


@reports_errors
def search_request(
    table: Annotated[Path, typer.Option(help="unique structures (CSV)")],
    structures: Annotated[Path, typer.Option(help="unique structures (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="frames to be labelled")],
    settings: SettingsText,
) -> None:
    """Write the lowest structures as a batch for the label rules."""
    wanted = Settings(settings).value("search.labelled_structures")
    rows, frames = read_table(table, UNIQUE), read_frames(structures)
    if [str(frame.info.get("id")) for frame in frames] != list(rows["id"]):
        raise UserError(f"{structures}: not the structures of {table}, row by row; remake both")
    write_frames(out, [canonical_frame(frame) for frame in frames[:wanted]])


if __name__ == "__main__":
    typer.run(search_request)
