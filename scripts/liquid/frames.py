"""Take the melt from files instead of melting: frames for training, and held-out ones from other walks."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import bare_frame, canonical_frame, density_g_per_cm3, write_frames
from melt2crystal.liquid.melts_from_files import complaint, each_once, held_out, walk_of
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.frame_check import checked_frames, number_problem
from melt2crystal.structure.pressure import ideal_gas_pressure_GPa, static_pressure_GPa

KEPT = ("temperature_K", "pressure_GPa", "origin")


@reports_errors
def liquid_frames(
    files: Annotated[list[Path], typer.Argument(help="melts (extended XYZ) with temperature_K and pressure_GPa")],
    train: Annotated[Path, typer.Option(help="frames for training (extended XYZ)")],
    heldout: Annotated[Path, typer.Option(help="frames of other walks, never trained on (extended XYZ)")],
    table: Annotated[Path, typer.Option(help="one row per frame: purpose, state, walk, density, label (CSV)")],
    settings: SettingsText,
) -> None:
    """Split by walks (melt2crystal/liquid/melts_from_files.py); a frame that occurs twice, also wrapped
    otherwise, counts once. Labels are not
    taken along: the label stage looks them up, and checks that they belong to the study's reference."""
    given = Settings(settings)
    formula = given.section("substance", Substance).formula
    melts: list[Atoms] = []
    for path in files:
        melts += checked_frames(path, lambda atoms: complaint(atoms, formula))
    frames, odd = each_once(melts)
    for words in odd:
        print(f"WARNING: {words}")
    chosen = held_out(frames, given.value("heldout_share"), given.value("seed"))
    for path, wanted in ((train, False), (heldout, True)):
        write_frames(path, [bare(atoms) for atoms, held in zip(frames, chosen, strict=True) if held is wanted])
    rows = [described(atoms, held) for atoms, held in zip(frames, chosen, strict=True)]
    write_csv(table, pd.DataFrame(rows), "%.8g")
    walks = len({walk_of(atoms) for atoms in frames})
    print(f"{len(frames)} frames of {walks} walks; {sum(chosen)} held out, {len(frames) - sum(chosen)} for training")


def bare(atoms: Atoms) -> Atoms:
    """The frame as the other stages know it: structure, state and origin, no label."""
    frame = bare_frame(atoms)
    for name in KEPT:
        if name in atoms.info:
            value = atoms.info[name]
            frame.info[name] = str(value) if name == "origin" else float(value)
    frame.info.setdefault("origin", "given")
    return frame


def described(atoms: Atoms, held: bool) -> dict[str, object]:
    """A row of the table; the label's energy and pressure are empty where the file has no label.

    The label's pressure is that of the forces plus that of an ideal gas at the state's temperature.
    """
    pressure, temperature, walk = walk_of(atoms)
    row = {
        "frame_id": canonical_frame(atoms).info["frame_id"],
        "purpose": "heldout" if held else "train",
        "pressure_GPa": pressure,
        "temperature_K": temperature,
        "walk": walk,
        "atoms": len(atoms),
        "density_g_per_cm3": density_g_per_cm3(atoms),
    }
    labels = atoms.calc.results if atoms.calc is not None else {}
    told = "energy" in labels and not number_problem("energy", labels["energy"])
    row["label_energy_eV_per_atom"] = labels["energy"] / len(atoms) if told else np.nan
    static = static_pressure_GPa(atoms) if "stress" in labels else np.nan
    row["label_pressure_GPa"] = static + ideal_gas_pressure_GPa(atoms, temperature)
    return row


if __name__ == "__main__":
    typer.run(liquid_frames)
