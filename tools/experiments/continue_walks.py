"""Walk on from certified frames: how many crystallise within some picoseconds.

``python -m tools.experiments.continue_walks results/laptop/liquid/train/p40/certified.extxyz --temperature-k 5000``

The certificate judges a frame; this asks what becomes of it. Each start walks on at its own pressure and temperature
(NPT, classical potential), gives a frame each picosecond, and every frame is judged as the frames of any walk are. A
walk counts as crystallised if none of its last three frames is disordered: nuclei come and go. It costs what the
walks cost: 0.7 ms of CPU a step of 72 atoms, 14 s for 20 ps, and as many certificates as frames.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.liquid.certificate import certify
from melt2crystal.liquid.held import held
from melt2crystal.sections.liquid import Certificate, Liquid
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for


def judged(frames: list[Atoms], library: list[Path], liquid: Liquid, substance: Substance) -> dict[str, object]:
    """What became of a walk: frames, the first one that is ordered, evidence of order at both ends."""
    table, _ = certify(frames, library, Certificate(), substance, Path(liquid.potential))
    bad = np.flatnonzero(~table["would_pass"].to_numpy(bool))
    crystallised = len(table) >= 3 and not table["would_pass"].iloc[-3:].any()
    return {
        "ps": len(frames),
        "crystallised": crystallised,
        "first_ordered_ps": int(bad[0]) + 1 if len(bad) else None,
        "order_nats_first": table["order_nats"].iloc[0] if len(table) else None,
        "order_nats_last": table["order_nats"].iloc[-1] if len(table) else None,
        "space_group_last": int(table["space_group"].iloc[-1]) if len(table) else None,
        "match_last": table["crystal_match"].iloc[-1] if len(table) else "",
        "crystal_fraction_last": table["crystal_fraction"].iloc[-1] if len(table) else None,
    }


@reports_errors
def continue_walks(
    certified: Annotated[Path, typer.Argument(help="certified frames with temperature_K and pressure_GPa")],
    out: Annotated[Path, typer.Option(help="one row per walk (CSV)")],
    number: Annotated[int, typer.Option(min=1, help="how many of the frames, drawn at random")] = 5,
    walk_ps: Annotated[float, typer.Option(min=1, help="length of each walk, ps")] = 20,
    from_k: Annotated[float | None, typer.Option(help="only frames of this temperature, K")] = None,
    temperature_k: Annotated[
        float | None, typer.Option(help="walk at this temperature instead of the frame's, K")
    ] = None,
    library: Annotated[Path, typer.Option(help="folder of the known crystals (CIF)")] = Path("data/polymorphs"),
    potential: Annotated[Path, typer.Option(help="LAMMPS include file")] = Path("data/potentials/silica_bks.lmp"),
    seed: Annotated[int, typer.Option(help="of the draw and the velocities")] = 1,
) -> None:
    """Walk on, and count how many crystallise."""
    frames = [frame for frame in read_frames(certified) if from_k in (None, frame.info["temperature_K"])]
    if not frames:
        raise UserError(f"{certified}: holds no frame of {from_k:g} K" if from_k else f"{certified}: holds no frames")
    drawn = generator_for(seed, "draw").choice(len(frames), min(number, len(frames)), replace=False)
    starts = [frames[index] for index in sorted(drawn)]
    for start in starts:
        start.info["temperature_K"] = temperature_k or start.info["temperature_K"]
    liquid, substance = Liquid(potential=str(potential)), Substance()
    files, rows = sorted(library.glob("*.cif")), []
    walks = held(starts, liquid, substance.species, walk_ps, round(walk_ps), seed)
    for start, walk in zip(starts, walks, strict=True):
        state = {name: start.info.get(name) for name in ("frame_id", "origin", "pressure_GPa", "temperature_K")}
        rows.append(state | judged(walk, files, liquid, substance))
    table = pd.DataFrame(rows)
    write_csv(out, table, "%.4g")
    print(table.to_string(index=False))
    print(f"{int(table['crystallised'].sum())} of {len(table)} walks crystallise within {walk_ps:g} ps")


if __name__ == "__main__":
    typer.run(continue_walks)
