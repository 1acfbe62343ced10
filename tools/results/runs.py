"""The table of a study that was run with several seeds: what ``melt2crystal replicates`` combined."""

from pathlib import Path

import pandas as pd

from melt2crystal.sections.jobs import QUANTITIES
from melt2crystal.summary.part import number
from tools.results.cells import Cell, Table

RUNS = "Runs with other seeds"
SECTION = (
    "The whole study repeated: each run has seeds of its own. Mean: over the runs, in brackets its 95 % interval "
    "(Student's t). An aim is met or missed where the whole interval lies on one side of it. All other tables of this "
    "page are of run 1."
)
DECIMALS = {"meV/atom": 1, "eV/Å": 3, "%": 1}  # by unit
DECIMALS_OF = {"spectra_overlap": 3, "crystals_kept": 1, "structures_found": 0}  # without a unit


def runs_table(study: Path) -> Table | None:
    """From ``replicates.csv`` of the study's folder; None if there is none, or only one run is finished."""
    path = study / "replicates.csv"
    if not path.is_file():
        return None
    rows = pd.read_csv(path)
    runs = [name for name in rows if str(name).startswith("run_") and rows[name].notna().any()]
    if len(runs) < 2:
        return None
    table = Table(RUNS, ["mean", *(name.replace("_", " ") for name in runs), "aim for HP", "verdict"])
    for row in rows.to_dict("records"):
        quantity = QUANTITIES[row["quantity"]]
        decimals = DECIMALS_OF.get(row["quantity"], DECIMALS.get(quantity.unit, 0))
        name = f"{row['potential'].upper()}: {quantity.with_unit}"
        mean = Cell(row["mean"], decimals, number(row["low"]), number(row["high"]))
        aim = "" if pd.isna(row["aim"]) else f"{row['aim']:g}"
        said = "" if pd.isna(row["verdict"]) else str(row["verdict"])
        table.add(name, mean, *(Cell(number(row[run]), decimals) for run in runs), aim, said)
    return table
