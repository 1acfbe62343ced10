"""Call the user's USPEX for one search until it is done; a run that was killed goes on."""

import json
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.options import PlacesText
from melt2crystal.search.uspex.folder import INPUT, mark_in
from melt2crystal.search.uspex.running import call_until_done, own_folder, write_finished


@reports_errors
def search_uspex_run(
    inputs: Annotated[Path, typer.Option(help="INPUT.txt; Specific/ lies beside it")],
    finished: Annotated[Path, typer.Option(help="where the results lie, and their digest (JSON)")],
    places: PlacesText,
) -> None:
    """USPEX runs in a folder of its own for these inputs, and keeps its state there."""
    mark = mark_in(inputs)
    if mark is None:
        raise UserError(f"{inputs}: is no {INPUT} written here; remake it (rule search_uspex_inputs)")
    here, folder = json.loads(places), own_folder(inputs.parent, mark)
    print(f"USPEX runs in {folder.resolve()}; what it says: {folder / 'uspex.log'}", flush=True)
    call_until_done(folder, here["command"], here["wait_s"], partial(print, flush=True))
    write_finished(finished, folder)


if __name__ == "__main__":
    typer.run(search_uspex_run)
