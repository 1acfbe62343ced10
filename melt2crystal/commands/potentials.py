"""Train a potential where the workflow doesn't run, and bring it back.

``python -m melt2crystal.commands.potentials export work/hp --study mine``
``work/hp/train.sh`` on the machine with the GPU
``python -m melt2crystal.commands.potentials import work/hp work/hp-given``, then ``release: {hp: {given: ...}}``
"""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.commands.training_elsewhere import send_out, take_back
from melt2crystal.errors import UserError, speaks
from melt2crystal.study.load import load_study

ROOT = Path(__file__).resolve().parents[2]
app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
Folder = Annotated[Path, typer.Argument(help="the exported folder")]


@app.command()
@speaks
def export(
    folder: Folder,
    study: Annotated[str, typer.Option(help="a file of config/studies: its network, training and seed")],
    results: Annotated[
        Path | None, typer.Option(help="results of the study whose training data are taken; default: of that study")
    ] = None,
    potential: Annotated[str, typer.Option(help="lp or hp")] = "hp",
) -> None:
    """Write training data, an input a member and train.sh, which needs DeePMD-kit alone."""
    if potential not in ("lp", "hp"):
        raise UserError(f"--potential {potential}: is no potential; allowed: lp, hp")
    given = load_study({"study": study}, ROOT)
    members = send_out(given, potential, results or Path("results") / given.name, folder)
    print(f"{members} members in {folder}; call {folder}/train.sh where the GPU is")


@app.command("import")
@speaks
def take(
    folder: Folder,
    out: Annotated[Path, typer.Argument(help="folder of potentials, for release.lp.given or release.hp.given")],
) -> None:
    """Make a folder of potentials of what was trained elsewhere."""
    print(f"{take_back(folder, out)} members in {out}")


if __name__ == "__main__":
    app()
