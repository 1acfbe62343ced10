"""What a figure says of its origin: study, reference, settings digest, commit, version."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, speaks
from melt2crystal.provenance import read_origin


@speaks
def provenance(
    files: Annotated[list[Path], typer.Argument(help="figures, PNG or PDF: results/laptop/figures/*.pdf")],
) -> None:
    """Print what figure files say of their origin."""
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


if __name__ == "__main__":
    typer.run(provenance)
