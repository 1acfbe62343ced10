"""What a figure says of its origin: study, reference, settings digest, commit, version."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError
from melt2crystal.provenance import read_origin

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal provenance results/laptop/figures/figure1.pdf")
def provenance(
    files: Annotated[list[Path], typer.Argument(help="figures, PNG or PDF: results/laptop/figures/*.pdf")],
) -> None:
    """Print what figure files say of their origin: study, reference, settings digest, commit, version."""
    problems = []
    for path in files:
        try:
            origin = read_origin(path)
        except UserError as error:
            problems.append(str(error))
            continue
        print(f"\n{path}")
        for name, value in asdict(origin).items():
            print(f"  {name.replace('_', ' '):<16} {value}")
    if problems:
        raise UserError("\n".join(problems))
