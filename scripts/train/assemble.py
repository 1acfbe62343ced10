"""Dataset of one iteration: the former dataset and the new labels."""

import json
from pathlib import Path
from typing import Annotated

import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import digest_of_file, write_text
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.store import one_digest
from melt2crystal.marks import refuse_benchmark_frames
from melt2crystal.train.dataset import check_content


@reports_errors
def train_assemble(
    parts: Annotated[list[Path], typer.Argument(help="labelled frames: the former dataset first, then the new labels")],
    out: Annotated[Path, typer.Option(help="dataset (extended XYZ)")],
    manifest: Annotated[Path, typer.Option(help="what is in it, with a digest of its content (JSON)")],
) -> None:
    """Join labelled frames of one settings digest, each once; frames of the benchmark are refused."""
    frames = {}
    for part in parts:
        if (beside := part.with_name("manifest.json")).exists():
            check_content([part], beside)
        for frame in read_frames(part):
            frames.setdefault(frame.info["frame_id"], frame)
    refuse_benchmark_frames(frames.values(), ", ".join(map(str, parts)))
    digest = one_digest(frames.values(), ", ".join(map(str, parts)))
    if not frames:
        raise UserError(
            f"{out}: no labelled frames at all. See certificate.csv (frames excluded as not disordered) and labels.csv "
            "(labels that failed) of the same study"
        )
    write_frames(out, frames.values())
    rows = [
        {
            "frame_id": name,
            "origin": str(frame.info.get("origin", "")),
            "temperature_K": float(frame.info["temperature_K"]),
            "pressure_GPa": float(frame.info["pressure_GPa"]),
        }
        for name, frame in frames.items()
    ]
    content = {"content": digest_of_file(out), "settings_digest": digest, "number_of_frames": len(rows), "frames": rows}
    write_text(manifest, json.dumps(content, indent=0, sort_keys=True))
    print(f"{len(rows)} frames, settings digest {digest}")


if __name__ == "__main__":
    typer.run(train_assemble)
