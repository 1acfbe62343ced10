"""Unique structures of all pressures with HP's energies and the reference's."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.frames import read_frames
from melt2crystal.search.found.table import FOUND, UNIQUE, read_table, with_reference, write_table


@reports_errors
def search_found(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    insane: Annotated[list[Path], typer.Option(help="sampled.csv of each pressure, the extxyz beside it")],
    labels: Annotated[list[Path], typer.Option(help="labels.extxyz of each pressure, in the same order")],
    model: Annotated[list[Path], typer.Option(help="a model of the HP ensemble; several")],
    out: Annotated[Path, typer.Option(help="the joined table (CSV)")],
) -> None:
    """Join by frame id; a structure without a label says why. The insane ones that were sampled keep their status."""
    from melt2crystal.train.models import Ensemble

    if not len(labels) == len(tables) == len(insane):
        numbers = f"{len(tables)} tables, {len(insane)} of insane structures and {len(labels)} label files"
        raise UserError(f"{numbers} were given; give one for each pressure")
    ensemble = Ensemble(model)
    parts = []
    for table, refused, path in zip(tables, insane, labels, strict=True):
        frames = [frame for one in (table, refused) for frame in read_frames(one.with_suffix(".extxyz"))]
        rows = pd.concat([read_table(table, UNIQUE), read_table(refused, UNIQUE)], ignore_index=True)
        energies = ensemble.evaluate(frames)[0] if frames else None
        try:
            statuses = pd.read_csv(path.with_suffix(".csv"), dtype="string", keep_default_na=False)
        except (OSError, ValueError) as error:
            raise UserError(f"{path.with_suffix('.csv')}: can't be read as CSV ({error})") from error
        parts.append(with_reference(rows, frames, energies, read_frames(path), statuses))
    write_table(out, pd.concat(parts, ignore_index=True), FOUND)


if __name__ == "__main__":
    typer.run(search_found)
