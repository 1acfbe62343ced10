"""Transition pressures: where the phase of lowest enthalpy changes, with each potential."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.search.phases.enthalpy_curves import TRANSITIONS, read_curves, transitions


@reports_errors
def search_transitions(
    tables: Annotated[
        list[Path], typer.Argument(help="enthalpies over pressure, of HP and perhaps the reference (CSV)")
    ],
    out: Annotated[Path, typer.Option(help="transition pressures (CSV)")],
) -> None:
    """One row for each crossing of the lowest curves."""
    rows = [{"potential": path.stem, **transition} for path in tables for transition in transitions(read_curves(path))]
    write_csv(out, pd.DataFrame(rows, columns=list(TRANSITIONS)), "%.6g")


if __name__ == "__main__":
    typer.run(search_transitions)
