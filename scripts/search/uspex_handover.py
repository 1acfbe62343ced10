"""Stop until the results of USPEX are put back: what is to be run, and where."""

import json
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.options import PlacesText
from melt2crystal.search.uspex.folder import lacking
from melt2crystal.search.uspex.running import what_to_do


@reports_errors
def search_uspex_handover(
    inputs: Annotated[list[Path], typer.Argument(help="INPUT.txt of every search")],
    out: Annotated[Path, typer.Option(help="searches whose results are there")],
    places: PlacesText,
) -> None:
    """End with an error that says what to do, or list the searches if nothing is lacking any more."""
    reasons = [(path.parent, lacking(path.parent)) for path in inputs]
    if waiting := [(folder.resolve(), why) for folder, why in reasons if why]:
        raise UserError(what_to_do(waiting, json.loads(places)["command"]))
    write_text(out, "".join(f"{folder}\n" for folder, _ in reasons))


if __name__ == "__main__":
    typer.run(search_uspex_handover)
