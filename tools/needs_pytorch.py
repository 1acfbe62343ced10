"""Whether a study can do without PyTorch: ``python -m tools.needs_pytorch released-messages || make env-pytorch``."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from melt2crystal.config import load_study
from melt2crystal.errors import UserError

ROOT = Path(__file__).resolve().parent.parent


def needs_pytorch(
    study: Annotated[
        str | None, typer.Argument(help="file of config/studies; without it, the one of config.yaml")
    ] = None,
) -> None:
    """End with status 1 if it can't; a study with mistakes is left to the run itself, which names them."""
    chosen = {"study": study} if study else yaml.safe_load((ROOT / "config" / "config.yaml").read_text())
    try:
        network = load_study(chosen, ROOT).train.network
    except UserError:
        return
    raise typer.Exit(int(network.passes_messages))


if __name__ == "__main__":
    typer.run(needs_pytorch)
