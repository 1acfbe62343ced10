"""Whether a study can do without PyTorch.

``python -m melt2crystal.train.needs_pytorch released-messages || make env-pytorch``
"""

from typing import Annotated

import typer

from melt2crystal.commands.labels import the_study
from melt2crystal.errors import UserError


def needs_pytorch(
    study: Annotated[str, typer.Argument(help="file of config/studies; default: that of config/config.yaml")] = "",
) -> None:
    """End with status 1 if it can't; a study with mistakes is left to the run itself, which names them."""
    try:
        network = the_study(study).train.network
    except UserError:
        return
    raise typer.Exit(int(network.passes_messages))


if __name__ == "__main__":
    typer.run(needs_pytorch)
