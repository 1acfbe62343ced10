"""Errors and deviations of one ensemble on held-out melt."""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import complete, write_text
from melt2crystal.frames import read_frames
from melt2crystal.liquid.melts_from_files import walk_of
from melt2crystal.train.agreement import parity_errors
from melt2crystal.train.calculators import is_calculator, read_calculator
from melt2crystal.train.deviation import largest_force_deviation
from melt2crystal.train.models import Ensemble


@reports_errors
def train_heldout(
    models: Annotated[list[Path], typer.Argument(help="models of the ensemble")],
    heldout: Annotated[Path, typer.Option(help="labelled melt that no model was trained on")],
    arrays: Annotated[Path, typer.Option(help="energies, forces and deviations (NPZ)")],
    errors: Annotated[Path, typer.Option(help="root-mean-square errors (JSON)")],
    seen: Annotated[
        str, typer.Option(help="frames the ensemble was trained on elsewhere (JSON); '': trained here")
    ] = "",
) -> None:
    """Evaluate every member on every held-out frame, of all pressures, but those it was trained on elsewhere."""
    frames = read_frames(heldout)
    if not frames:
        raise UserError(f"{heldout}: no held-out frames; see certificate.csv of the held-out melt for the reason")
    if seen:
        known = {row["frame_id"] for row in json.loads(Path(seen).read_text())["frames"]}
        frames = [frame for frame in frames if frame.info["frame_id"] not in known]
        if not frames:
            raise UserError(f"{seen}: the potential was trained on every held-out frame; hold other melts out")
    energies, forces, _ = Ensemble(models).evaluate(frames)
    reference = np.array([frame.get_potential_energy() for frame in frames])
    values = {
        "energy_reference": reference,
        "energy_model": energies,
        "atoms": np.array([len(frame) for frame in frames]),
        "forces_reference": np.concatenate([frame.get_forces() for frame in frames]),
        "forces_model": np.concatenate(forces, axis=1),
        "deviation": np.array([largest_force_deviation(force) for force in forces]),
        "pressure_GPa": np.array([float(frame.info["pressure_GPa"]) for frame in frames]),
        "temperature_K": np.array([float(frame.info["temperature_K"]) for frame in frames]),
    }
    with complete(arrays) as beside:
        np.savez(beside, **values)
    walks = [walk_of(frame) for frame in frames]
    zero = {"zero": read_calculator(models[0]).zero.words()} if is_calculator(models[0]) else {}
    write_text(errors, json.dumps({**parity_errors(values, walks), **zero}, indent=1, sort_keys=True))


if __name__ == "__main__":
    typer.run(train_heldout)
