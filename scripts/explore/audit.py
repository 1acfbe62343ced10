"""True errors of one iteration's ensemble on the frames it had labelled: what its deviations were worth."""

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.explore.audit import force_errors, missed_by_cell, verdict
from melt2crystal.explore.selection import CELL
from melt2crystal.files import write_csv, write_text
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.settings import Settings
from melt2crystal.train.models import Ensemble


@reports_errors
def explore_audit(
    models: Annotated[list[Path], typer.Argument(help="models of the ensemble that chose the frames")],
    labels: Annotated[Path, typer.Option(help="labels of the frames that were chosen (extended XYZ)")],
    chosen: Annotated[Path, typer.Option(help="every frame that was considered for labelling, and why (CSV)")],
    decision: Annotated[Path, typer.Option(help="window and counts of the iteration (JSON)")],
    errors: Annotated[Path, typer.Option(help="deviation and true error of every label (CSV)")],
    cells: Annotated[Path, typer.Option(help="audited frames of each (T, p) cell, and how many were wrong (CSV)")],
    audit: Annotated[Path, typer.Option(help="the same for the iteration as a whole (JSON)")],
    settings: SettingsText,
) -> None:
    """Compare the ensemble's forces with the labels it asked for; audited frames tell what it did not ask for."""
    frames = read_frames(labels)
    told = json.loads(decision.read_text(encoding="utf-8"))
    reasons = pd.read_csv(chosen, dtype={"frame_id": str})
    if "chosen_as" not in reasons:
        raise UserError(f"{chosen}: has no column chosen_as: it was written by an older version; redo the selection")
    rows = pd.DataFrame({"frame_id": [str(frame.info["frame_id"]) for frame in frames]}, dtype=str)
    rows = rows.merge(reasons[["frame_id", "chosen_as", *CELL, "max_devi_f"]], on="frame_id", how="left")
    if frames:
        forces = Ensemble(models).evaluate(frames)[1]
        found = force_errors(forces, [frame.get_forces() for frame in frames])
    else:
        found = force_errors([], [])
    rows = pd.concat([rows, found], axis=1)
    rows.insert(0, "iteration", told["iteration"])
    table = missed_by_cell(rows, [tuple(cell) for cell in Settings(settings).value("cells")], told["eps_hi"])
    write_csv(errors, rows)
    write_csv(cells, table)
    answer = verdict(rows, table, told["eps_hi"])
    write_text(audit, json.dumps({"iteration": told["iteration"], **answer}, indent=1, sort_keys=True))
    print(json.dumps(answer))


if __name__ == "__main__":
    typer.run(explore_audit)
