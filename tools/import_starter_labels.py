"""Turn labels that were computed before this project had an engine into released labels: frame ids and settings digest.

``python tools/import_starter_labels.py silica_melt_72_qe.extxyz data/labels/silica-pbe-melt.extxyz.gz``
"""

from pathlib import Path
from typing import Annotated

import typer
from ase import Atoms

from melt2crystal.engines.base import Label
from melt2crystal.errors import UserError, speaks
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import engine_and_digest, labelled

SETTINGS = "QE-6.7 PBE 45/360Ry Gamma Si.pbe-nl-rrkjus_psl.1.0.0 O.pbe-kjpaw"
REFERENCE = {"engine": "espresso", "ecutwfc_Ry": 45, "ecutrho_Ry": 360, "degauss_eV": 0.05, "conv_thr_Ry": 5e-7}


def released(given: Atoms, digest: str) -> Atoms:
    """One label as the label store reads it; energy eV, forces eV/A, stress eV/A^3 (ASE's sign) as they were.

    Raises:
        UserError: the label was made with other settings than the engine's.
    """
    if given.info.get("dft") != SETTINGS:
        raise UserError(
            f"{given.info.get('id')}: made with {given.info.get('dft')!r}, only {SETTINGS!r} has this digest"
        )
    frame = canonical_frame(Atoms(given.symbols, positions=given.get_positions(), cell=given.cell, pbc=True))
    frame.info["temperature_K"] = float(given.info["temperature_K"])
    frame.info["pressure_GPa"] = float(given.info["pressure_GPa"])
    frame.info["origin"] = f"starter/{given.info['id']}"
    frame.info["seconds"] = float(given.info["seconds"])
    label = Label("ok", "", given.get_potential_energy(), given.get_forces(), given.get_stress(voigt=False))
    return labelled(frame, label, digest)


@speaks
def import_starter_labels(
    source: Annotated[Path, typer.Argument(help="starter labels (extended XYZ)")],
    out: Annotated[Path, typer.Argument(help="released labels (extended XYZ)")],
) -> None:
    """Write the starter labels so that ``label.known`` finds them."""
    _, digest = engine_and_digest(REFERENCE, ["Si", "O"])
    frames = [released(frame, digest) for frame in read_frames(source)]
    write_frames(out, frames)
    print(f"{out}: {len(frames)} labels, settings digest {digest}")


if __name__ == "__main__":
    typer.run(import_starter_labels)
