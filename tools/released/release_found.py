"""Release the structures a study's search found, with the reference's labels, each once.

``python -m tools.released.release_found results/open data/labels/silica-pbe-found.extxyz.gz``

The structures are those of ``search/p*/unique.extxyz``, the labels those of the label store beside the study's results
(so a study whose labels are not all there can be released from too). A study takes the file through ``search.found``
and ``label.known``. Writes a card beside it.
"""

import json
import re
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from ase import Atoms

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.frames import bare_frame, read_frames, write_frames
from melt2crystal.label.store import LabelStore, labelled, one_digest
from melt2crystal.marks import FOUND_SPLIT
from melt2crystal.search.found.table import UNIQUE, read_table

_FOLDER = re.compile(r"p(-?\d+(\.\d+)?)$")


def digest_of(study: Path) -> str:
    """Settings digest of the study's reference."""
    path = study / "label/reference.json"
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["settings_digest"])
    except (OSError, ValueError, KeyError) as error:
        raise UserError(f"{path}: does not tell the settings digest ({error}); name the results of a study") from error


def found_frames(study: Path, store: LabelStore) -> tuple[list[Atoms], int]:
    """Structures with labels, lowest enthalpy of each pressure first, and how many have none.

    Ids get the study's name in front: those of several studies can be released together.
    """
    frames, without = [], 0
    folders = sorted(
        (float(match[1]), path) for path in (study / "search").glob("p*") if (match := _FOLDER.fullmatch(path.name))
    )
    for pressure, folder in folders:
        rows = read_table(folder / "unique.csv", UNIQUE).to_dict("records")
        for row, atoms in zip(rows, read_frames(folder / "unique.extxyz"), strict=True):
            frame = bare_frame(atoms)
            label = store.find(frame)
            if label is None or label.status != "ok":
                without += 1
                continue
            frame.info |= {
                "id": f"{study.name}-{row['id']}",
                "split": FOUND_SPLIT,
                "found_by": study.name,
                "pressure_GPa": pressure,
                "space_group": int(row["space_group"]),
                "is_minimum": "unknown" if pd.isna(row["is_minimum"]) else "yes" if row["is_minimum"] else "no",
                "seconds": round(label.seconds, 1),
            }
            frames.append(labelled(frame, label, store.digest))
    return frames, without


def card(name: str, frames: list[Atoms], digest: str) -> str:
    """What is in the file."""
    rows = [(a.info["pressure_GPa"], str(a.info["found_by"]), a.info["seconds"]) for a in frames]
    table = pd.DataFrame(rows, columns=["pressure", "study", "seconds"])
    counted = [
        (f"{pressure:g}", study, len(group), f"{group['seconds'].sum() / 3600:.1f}")
        for (pressure, study), group in table.groupby(["pressure", "study"])
    ]
    return "\n".join(
        [
            f"# Released found structures: `{name}`",
            "",
            "Written by `python -m tools.released.release_found`. Structures that a search with a study's own HP",
            "found, at exactly the geometry in which that HP relaxed them, with the reference's energy, forces and",
            f"stress (settings digest `{digest}`; energies eV, forces eV/Å, stress eV/Å³ in ASE's sign).",
            f"**Own split (`split: {FOUND_SPLIT}`), never for training**: `train_assemble` refuses them. Which",
            "structures there are depends on the model that searched: they judge another model's energies, not its",
            "search.",
            "",
            markdown.table(("pressure (GPa)", "found by study", "structures", "CPU hours"), counted),
            "",
            "`space_group` and `is_minimum` are what that search said. Licence: CC BY 4.0; cite as in `CITATION.cff`.",
            "",
        ]
    )


@reports_errors
def release_found(
    study: Annotated[Path, typer.Argument(help="results of a study, its search done: results/open")],
    released: Annotated[Path, typer.Argument(help="released structures (extended XYZ), extended in place")],
    store: Annotated[Path | None, typer.Option(help="label store; default: label-store beside the results")] = None,
) -> None:
    """Extend a file of found structures; labels of another settings digest are refused."""
    digest = digest_of(study)
    frames, without = found_frames(study, LabelStore(store or study.parent / "label-store", digest, "release"))
    if not frames:
        raise UserError(f"{study}: none of its {without} found structures has a label; let the study label them first")
    known = {frame.info["frame_id"]: frame for frame in (read_frames(released) if released.exists() else [])}
    before = len(known)
    for frame in frames:
        known.setdefault(frame.info["frame_id"], frame)
    one_digest(known.values(), str(released))
    write_frames(released, known.values())
    write_text(released.with_suffix(".md"), card(released.name, list(known.values()), digest))
    print(f"{released}: {len(known)} structures, {len(known) - before} of them new; {without} without a label left out")


if __name__ == "__main__":
    typer.run(release_found)
