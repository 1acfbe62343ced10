"""Put the zero of energy of an ASE calculator where the reference has it, by the held-out melt."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.frames import read_frames
from melt2crystal.liquid.melts_from_files import walk_of
from melt2crystal.train.calculators import CalculatorMember, read_calculator, zero_of
from melt2crystal.train.models import Ensemble


@reports_errors
def train_zero(
    calculator: Annotated[Path, typer.Option(help="file of the member (JSON)")],
    heldout: Annotated[Path, typer.Option(help="labelled melt")],
    out: Annotated[Path, typer.Option(help="the same with its constant (JSON)")],
) -> None:
    """One constant per atom, the mean difference over the melt; crystals have no part in it."""
    frames = read_frames(heldout)
    if not frames:
        raise UserError(f"{heldout}: no held-out frames; see certificate.csv of the held-out melt for the reason")
    energies, _, _ = Ensemble([calculator]).evaluate(frames)
    atoms = np.array([len(frame) for frame in frames])
    reference = np.array([frame.get_potential_energy() for frame in frames])
    member = read_calculator(calculator)
    zero = zero_of((reference - energies[0]) / atoms, [walk_of(frame) for frame in frames])
    moved = CalculatorMember.model_validate({**dict(member), "zero": zero})
    write_text(out, moved.model_dump_json(indent=1) + "\n")
    print(f"{member.calculator}: {zero.words()}")


if __name__ == "__main__":
    typer.run(train_zero)
