"""Join the shards of one batch of labels."""

import csv
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_table
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.store import one_digest
from melt2crystal.options import SettingsText
from melt2crystal.sections.label import Label as LabelSettings
from melt2crystal.settings import Settings


@reports_errors
def label_collect(
    shards: Annotated[list[Path], typer.Argument(help="labelled frames of the shards")],
    requested: Annotated[Path, typer.Option(help="frames that were asked for")],
    out: Annotated[Path, typer.Option(help="all labelled frames, in the order they were asked for")],
    table: Annotated[Path, typer.Option(help="status and reason of every frame (CSV)")],
    settings: SettingsText,
) -> None:
    """Every requested frame must have a row; more failures than the study tolerates stop the run."""
    tolerance = Settings(settings).section("label", LabelSettings).failure_tolerance
    frames = [frame for shard in shards for frame in read_frames(shard)]
    tables = [_table(shard.with_suffix(".csv")) for shard in shards]
    columns, rows = tables[0][0], [row for _, of_shard in tables for row in of_shard]
    one_digest(frames, str(requested.parent))
    asked = [frame.info["frame_id"] for frame in read_frames(requested)]
    missing = set(asked) - {row["frame_id"] for row in rows}
    if missing:
        raise UserError(f"{requested}: {len(missing)} frames have no status, the first is {sorted(missing)[0]}")
    failed = [row for row in rows if row["status"] != "ok"]
    if len(failed) > tolerance * len(rows):
        reasons = "; ".join("{frame_id}: {status}: {reason}".format_map(row) for row in failed[:3])
        raise UserError(
            f"{requested}: {len(failed)} of {len(rows)} labels failed, label.failure_tolerance allows "
            f"{tolerance:.0%}. {reasons}. The good labels are kept; mend the cause and ask again for what crashed or "
            "timed out (snakemake --forcerun label_shard), or raise the tolerance"
        )
    by_name = {frame.info["frame_id"]: frame for frame in frames}
    lost = [row["frame_id"] for row in rows if row["status"] == "ok" and row["frame_id"] not in by_name]
    if lost:
        raise UserError(
            f"{requested.parent}: {len(lost)} frames have a label by the tables of the shards, and none in their files "
            f"(the first is {lost[0]}): one was cut off. Delete the files shard-* there and run again: the labels are "
            "in the label store"
        )
    position = {name: number for number, name in enumerate(asked)}
    write_frames(out, [by_name[name] for name in dict.fromkeys(asked) if name in by_name])
    rows.sort(key=lambda row: position.get(row["frame_id"], len(asked)))
    write_table(table, columns, [[row[name] for name in columns] for row in rows])


def _table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows; a batch may have no frames at all (a search that found nothing)."""
    with open(path, encoding="utf-8", newline="") as handle:
        reader = csv.DictReader(handle)
        return list(reader.fieldnames or ()), list(reader)


if __name__ == "__main__":
    typer.run(label_collect)
