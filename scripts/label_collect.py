"""Join the shards of one batch of labels."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import UserError, speaks
from melt2crystal.files import complete
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.labels import one_digest
from melt2crystal.options import SettingsText
from melt2crystal.sections.reference import Label as LabelSettings
from melt2crystal.settings import Settings


@speaks
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
    rows = pd.concat([pd.read_csv(shard.with_suffix(".csv"), keep_default_na=False) for shard in shards])
    one_digest(frames, str(requested.parent))
    asked = [frame.info["frame_id"] for frame in read_frames(requested)]
    missing = set(asked) - set(rows.frame_id)
    if missing:
        raise UserError(f"{requested}: {len(missing)} frames have no status, the first is {sorted(missing)[0]}")
    failed = rows[rows.status != "ok"]
    if len(failed) > tolerance * len(rows):
        reasons = "; ".join(f"{row.frame_id}: {row.status}: {row.reason}" for row in failed.head(3).itertuples())
        raise UserError(
            f"{requested}: {len(failed)} of {len(rows)} labels failed, label.failure_tolerance allows "
            f"{tolerance:.0%}. {reasons}. The good labels are kept; mend the cause and ask again for what crashed or "
            "timed out (snakemake --forcerun label_shard), or raise the tolerance"
        )
    by_name = {frame.info["frame_id"]: frame for frame in frames}
    position = {name: number for number, name in enumerate(asked)}
    write_frames(out, [by_name[name] for name in dict.fromkeys(asked) if name in by_name])
    with complete(table) as beside:
        rows.sort_values("frame_id", key=lambda names: names.map(position)).to_csv(beside, index=False)


if __name__ == "__main__":
    typer.run(label_collect)
