"""Label one shard of the requested frames with the reference engine."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.engines.base import Label
from melt2crystal.errors import EngineError, reports_errors
from melt2crystal.files import write_table
from melt2crystal.frames import write_frames
from melt2crystal.label.store import GIVEN, LabelStore, engine_and_digest, label_frames, labelled
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.frame_check import checked_frames, identity_problem, structure_problem


@reports_errors
def label_shard(
    requested: Annotated[Path, typer.Option(help="frames to label")],
    shard: Annotated[int, typer.Option(help="number of this shard, from 0")],
    shards: Annotated[int, typer.Option(help="how many shards share the frames")],
    store: Annotated[Path, typer.Option(help="folder of the label store")],
    writer: Annotated[str, typer.Option(help="name of this job's journal in the store")],
    out: Annotated[Path, typer.Option(help="labelled frames (extended XYZ)")],
    table: Annotated[Path, typer.Option(help="status and reason of every frame (CSV)")],
    settings: SettingsText,
    places: PlacesText = "{}",
) -> None:
    """Give every frame of the shard a label or a reason; finished labels survive a kill, none is computed twice."""
    given = Settings(settings)
    largest_force, released = given.value("label.largest_force_eV_per_A"), given.value("label.known")
    substance = given.section("substance", Substance)
    engine, digest = engine_and_digest(given.value("reference"), substance.species, places)
    frames = checked_frames(requested, structure_problem, identity_problem)[shard::shards]
    theirs = given.value("reference").get("labels", []) if engine.name == GIVEN else []
    known = LabelStore(store, digest, writer, [Path(name) for name in released], [Path(name) for name in theirs])
    known.seal()
    for warning in known.warnings:
        print(f"WARNING: {warning}", flush=True)
    rows, results, starved = [], {}, []
    limits, compute = substance.minimum_distances_A, given.value("label.compute") and engine.name != GIVEN
    for frame, label, was_known in label_frames(frames, engine, known, largest_force, limits, compute):
        name = frame.info["frame_id"]
        rows.append((name, label.status, label.reason, round(label.seconds, 3), engine.name, digest))
        if label.short_of:
            starved.append(label)
        if label.status == "ok":
            results[name] = labelled(frame, label, digest)
        else:
            print(f"{name}: {label.status}: {label.reason}", flush=True)
        if len(rows) % 100 == 0 or (not was_known and label.seconds > 5):
            print(f"{len(rows)} of {len(frames)} frames, {label.seconds:.1f} s for this one", flush=True)
    if starved:
        raise EngineError(for_want_of(starved, len(frames)))
    order = {frame.info["frame_id"]: position for position, frame in enumerate(frames)}
    rows.sort(key=lambda row: order[row[0]])
    columns = ["frame_id", "status", "reason", "seconds", "engine", "settings_digest"]
    write_frames(out, [results[name] for name in order if name in results])
    write_table(table, columns, rows)
    print(f"{len(results)} of {len(frames)} frames have a label of {engine.name}, settings digest {digest}")


def for_want_of(starved: list[Label], frames: int) -> str:
    """What to say of frames that have no label for want of memory or space, which is no property of theirs."""
    mend = {
        "memory": "`retries` of the profile give the job more; otherwise raise jobs.label_MB_per_rank, or run fewer "
        "jobs at once",
        "space": "make room, or name another folder in TMPDIR or reference.scratch",
    }
    lacking = sorted({label.short_of for label in starved})
    return (
        f"{len(starved)} of {frames} frames have no label for want of {' and '.join(lacking)}: {starved[0].reason}. "
        f"The labels of the others are kept. {'; '.join(mend[what] for what in lacking)}; and run again"
    )


if __name__ == "__main__":
    typer.run(label_shard)
