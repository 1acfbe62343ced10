"""Ask for labels of all certified frames of the melt."""

from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, speaks
from melt2crystal.frames import read_frames, write_frames


@speaks
def liquid_request(
    certified: Annotated[list[Path], typer.Argument(help="certified frames of each pressure (extended XYZ)")],
    requested: Annotated[Path, typer.Option(help="frames to label (extended XYZ)")],
) -> None:
    """Certified frames of all pressures in the order of the files; a frame that occurs twice is asked for once."""
    frames = {frame.info["frame_id"]: frame for path in certified for frame in read_frames(path)}
    if not frames:
        raise UserError(
            f"{requested}: no frame of the melt has a certificate of disorder, so there is nothing to label. Look at "
            "the column 'reason' of liquid/*/p*/certificate.csv and at liquid/*/p*/walks.csv; hotter states help"
        )
    write_frames(requested, frames.values())


if __name__ == "__main__":
    typer.run(liquid_request)
