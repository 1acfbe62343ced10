"""Certify released melts anew, and move those that are not disordered into a file of their own.

``python -m tools.released.ordered_labels data/labels/silica-pbe-melt-quenched.extxyz.gz``

No label is changed or lost: frames keep what they hold and gain ``certificate``, the reason. The table of all verdicts
(``data/labels/certificates.csv``) is what pages count, and what a test compares with fresh certificates. Frames without
a certificate train in the control study ``ordered`` alone.
"""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.store import one_digest
from melt2crystal.liquid.certificate import certify
from melt2crystal.sections.liquid import Certificate, Liquid
from melt2crystal.sections.substance import Substance

LABELS = Path("data/labels")
ORDERED, VERDICTS = LABELS / "silica-pbe-melt-ordered.extxyz.gz", LABELS / "certificates.csv"
KEPT = ["file", "frame_id", "would_pass", "reason", "space_group", "crystal_match", "crystal_fraction"]
KEPT += ["repeated_fraction", "ordered_species", "ordered_by", "order_nats", "fully_quenched"]


def verdicts(path: Path, library: list[Path]) -> pd.DataFrame:
    """A row for each frame of a released file: its certificate with the default settings, diffusion unknown."""
    frames = read_frames(path)
    table, _ = certify(frames, library, Certificate(), Substance(), Path(Liquid().potential))
    return table.assign(file=path.name)[KEPT]


@reports_errors
def ordered_labels(
    released: Annotated[list[Path], typer.Argument(help="released melts (extended XYZ), written anew without them")],
    ordered: Annotated[Path, typer.Option(help="file of those that are not disordered, extended")] = ORDERED,
    table: Annotated[Path, typer.Option(help="verdicts of all files, rows of these files written anew")] = VERDICTS,
    library: Annotated[Path, typer.Option(help="folder of the known crystals (CIF)")] = Path("data/polymorphs"),
    move: Annotated[bool, typer.Option(help="move them, or only write the table")] = True,
) -> None:
    """Move frames without a certificate; a frame that stands in two files is an error."""
    moved = read_frames(ordered) if ordered.exists() else []
    found = [pd.read_csv(table, keep_default_na=False)] if table.exists() else []
    crystals = sorted(library.glob("*.cif"))
    for path in released:
        frames, rows = read_frames(path), verdicts(path, crystals)
        if not move:
            found.append(rows)
            print(f"{path}: {len(frames)} frames, {int((~rows['would_pass']).sum())} of them without a certificate")
            continue
        reasons = dict(zip(rows["frame_id"], rows["reason"], strict=True))
        out = [frame for frame in frames if reasons[frame.info["frame_id"]]]
        if twice := {frame.info["frame_id"] for frame in moved} & reasons.keys():
            raise UserError(
                f"{path}: {len(twice)} frames stand in {ordered} too, {min(twice)} is one; remove them here"
            )
        one_digest([*out, *moved], str(ordered))
        for frame in out:
            frame.info["certificate"] = reasons[frame.info["frame_id"]]
        moved += out
        write_frames(ordered, moved)
        write_frames(path, [frame for frame in frames if not reasons[frame.info["frame_id"]]])
        rows.loc[rows["reason"] != "", "file"] = ordered.name
        found.append(rows)
        print(f"{path}: {len(frames)} frames, {len(out)} of them moved to {ordered}")
    both = pd.concat(found).drop_duplicates("frame_id", keep="last")
    write_csv(table, both.sort_values(["file", "frame_id"]), "%.4g")


if __name__ == "__main__":
    typer.run(ordered_labels)
