"""Whether a study needs PyTorch: ``make run`` asks before it installs 3 GB."""

from typing import Annotated

import typer

from melt2crystal.errors import UserError
from melt2crystal.study.load import the_study

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal needs-pytorch released-messages || make env-pytorch")
def needs_pytorch(
    study: Annotated[str, typer.Argument(help="a file of config/studies; without, that of config/config.yaml")] = "",
) -> None:
    """End with status 1 if it does; a study with mistakes is left to the run itself, which names them."""
    try:
        network = the_study(study).train.network
    except UserError:
        return
    raise typer.Exit(int(network.passes_messages))
