"""Add finished labels of a label store to a released label file, each once.

``python -m tools.released.release_labels results/label-store/<digest> data/labels/<file>.extxyz.gz asked.extxyz ...``

The requested files supply what a journal does not hold: temperature, pressure and origin of each frame, and
``split`` where it is said.
"""

from pathlib import Path
from typing import Annotated

import typer
from ase import Atoms

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import read_lines
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.store import label_in, labelled, one_digest

KEPT = ("frame_id", "temperature_K", "pressure_GPa", "origin", "split")


def released_frame(values: dict, info: dict, digest: str) -> Atoms:
    """A journal line as a labelled frame with what the request knew of it."""
    frame = Atoms(values["symbols"], positions=values["positions"], cell=values["cell"], pbc=True)
    frame.info = {key: info[key] for key in KEPT if key in info} | {"seconds": round(values["seconds"], 1)}
    frame.info["frame_id"] = values["frame_id"]
    return labelled(frame, label_in(values), digest)


@reports_errors
def release_labels(
    journals: Annotated[Path, typer.Argument(help="folder of the label store that is named by the settings digest")],
    released: Annotated[Path, typer.Argument(help="released labels (extended XYZ), extended in place")],
    requested: Annotated[list[Path], typer.Argument(help="frames that were asked for (extended XYZ)")],
) -> None:
    """Extend a released label file; labels of another settings digest are refused."""
    known = {frame.info["frame_id"]: frame for frame in (read_frames(released) if released.exists() else [])}
    before = len(known)
    asked = {frame.info["frame_id"]: frame.info for path in requested for frame in read_frames(path)}
    for path in sorted(journals.glob("*.jsonl")):
        for values in read_lines(path)[0]:
            if values["status"] != "ok" or values["frame_id"] in known:
                continue
            if values["frame_id"] not in asked:
                raise UserError(f"{path}: frame {values['frame_id']} is in none of the requested files; name its file")
            known[values["frame_id"]] = released_frame(values, asked[values["frame_id"]], journals.name)
    one_digest(known.values(), str(released))
    write_frames(released, known.values())
    print(f"{released}: {len(known)} labels, {len(known) - before} of them new")


if __name__ == "__main__":
    typer.run(release_labels)
