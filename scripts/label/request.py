"""Ask for labels of all certified frames of the melt."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, speaks
from melt2crystal.frames import read_frames, write_frames


@speaks
def label_request(
    certified: Annotated[list[Path], typer.Argument(help="certified frames of each pressure (extended XYZ)")],
    requested: Annotated[Path, typer.Option(help="frames to label (extended XYZ)")],
) -> None:
    """Certified frames of all pressures in the order of the files; a frame that occurs twice is asked for once."""
    by_file = {path: read_frames(path) for path in certified}
    empty = [str(path) for path, frames in by_file.items() if not frames]
    if empty:
        raise UserError(
            f"{requested}: a pressure of the grid has no frame with a certificate of disorder: {', '.join(empty)}. See "
            "the status in walks.csv and the reason in certificate.csv beside it: walks that explode want a shorter "
            "liquid.time_step_fs, melts that crystallise want hotter states; or take the pressure out of the grid"
        )
    frames = {frame.info["frame_id"]: frame for of_file in by_file.values() for frame in of_file}
    write_frames(requested, frames.values())


if __name__ == "__main__":
    typer.run(label_request)
