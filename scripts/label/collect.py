"""Join the shards of one batch of labels."""

import csv
from math import ceil
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_table
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.collecting import failures_allowed, what_is_it
from melt2crystal.label.store import one_digest

COLUMNS = ["frame_id", "status", "reason", "seconds", "engine", "settings_digest"]


@reports_errors
def label_collect(
    shards: Annotated[list[Path], typer.Argument(help="labelled frames of the shards")],
    requested: Annotated[Path, typer.Option(help="frames that were asked for")],
    out: Annotated[Path, typer.Option(help="all labelled frames, in the order they were asked for")],
    table: Annotated[Path, typer.Option(help="what each frame is, its status and reason (CSV)")],
    tolerance: Annotated[float, typer.Option(help="share of the frames that may fail; 1: labels that judge")],
    least: Annotated[int, typer.Option(help="labels that there must be, if any were asked for")] = 1,
) -> None:
    """Every requested frame must have a row; more failures than the study tolerates stop the run."""
    frames = [frame for shard in shards for frame in read_frames(shard)]
    rows = [row for shard in shards for row in _rows(shard.with_suffix(".csv"))]
    one_digest(frames, str(requested.parent))
    of_frame = {str(frame.info["frame_id"]): what_is_it(frame) for frame in read_frames(requested)}
    missing = set(of_frame) - {row["frame_id"] for row in rows}
    if missing:
        raise UserError(f"{requested}: {len(missing)} frames have no status, the first is {sorted(missing)[0]}")
    failed = [row for row in rows if row["status"] != "ok"]
    good = len(rows) - len(failed)
    if len(failed) > failures_allowed(tolerance, len(rows)) or (rows and good < least):
        raise UserError(_stopped(requested, failed, len(rows), tolerance, good < least))
    for row in failed:
        print("no label: {}: {status}: {reason}".format(of_frame.get(row["frame_id"], row["frame_id"]), **row))
    by_name = {frame.info["frame_id"]: frame for frame in frames}
    lost = [row["frame_id"] for row in rows if row["status"] == "ok" and row["frame_id"] not in by_name]
    if lost:
        raise UserError(
            f"{requested.parent}: {len(lost)} frames have a label by the tables of the shards, and none in their files "
            f"(the first is {lost[0]}): one was cut off. Delete the files shard-* there and run again: the labels are "
            "in the label store"
        )
    position = {name: number for number, name in enumerate(of_frame)}
    write_frames(out, [by_name[name] for name in of_frame if name in by_name])
    rows.sort(key=lambda row: position.get(row["frame_id"], len(of_frame)))
    columns = [COLUMNS[0], "what", *COLUMNS[1:]]
    rows = [{**row, "what": of_frame.get(row["frame_id"], "")} for row in rows]
    write_table(table, columns, [[row[name] for name in columns] for row in rows])


def _stopped(requested: Path, failed: list[dict[str, str]], asked: int, tolerance: float, none_left: bool) -> str:
    """Why the run stops here, and what to do about it, the cheapest first."""
    reasons = "; ".join("{frame_id}: {status}: {reason}".format_map(row) for row in failed[:3])
    allowed = "none is left" if none_left else f"label.failure_tolerance allows a share of {tolerance:g}"
    again = sum(row["status"] in ("crashed", "timed out", "not known") for row in failed)
    said = (
        f"{requested}: {len(failed)} of {asked} labels failed, {allowed}. {reasons}. The good labels are kept. Mend "
        f"the cause, delete {requested.parent}/shard-* and run again: only labels that crashed, timed out or were not "
        f"known ({again} of these) are asked for anew"
    )
    if none_left:
        return said
    return (
        f"{said}. Or raise label.failure_tolerance to {ceil(100 * len(failed) / asked) / 100:g}: that runs this step "
        "alone again, no label and no training of what is finished; the dataset then lacks these frames"
    )


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a shard's table; a batch may have no frames at all (a search that found nothing)."""
    with open(path, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


if __name__ == "__main__":
    typer.run(label_collect)
