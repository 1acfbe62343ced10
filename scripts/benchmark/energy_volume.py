"""Energies of all members of one potential at every volume of every polymorph, in one process."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import formula_units
from melt2crystal.train.models import Ensemble

LARGEST_FORCE = 0.01  # eV/Å, where a relaxation of the ions ends
MOST_STEPS = 200


@reports_errors
def benchmark_energy_volume(
    models: Annotated[list[Path], typer.Argument(help="models of the potential, member 0 first")],
    requested: Annotated[Path, typer.Option(help="scaled polymorphs (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="energies (CSV); member -1 is the ensemble's mean")],
    settings: SettingsText,
) -> None:
    """Write energies per atom of each member and of the mean, at the volumes the reference is labelled at."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    frames = read_frames(requested)
    ensemble = Ensemble(models)
    if given.value("benchmark.energy_volume.ions") == "relaxed":
        energies = np.array([[relaxed_energy(ensemble, k, atoms) for atoms in frames] for k in range(len(ensemble))])
    else:
        energies = ensemble.evaluate(frames)[0]
    rows = []
    for index, atoms in enumerate(frames):
        volume = atoms.get_volume() / formula_units(atoms, substance.formula, f"{requested}, frame {index}")
        point = (atoms.info["polymorph"], float(atoms.info["volume_scale"]), volume)
        for member, energy in [(-1, energies[:, index].mean()), *enumerate(energies[:, index])]:
            rows.append((*point, member, energy / len(atoms)))
    columns = ["polymorph", "volume_scale", "volume_A3_per_formula", "member", "energy_eV_per_atom"]
    write_csv(out, pd.DataFrame(rows, columns=columns), "%.9g")
    print(f"{len(frames)} points, {len(ensemble)} members")


def relaxed_energy(ensemble: Ensemble, member: int, atoms: Atoms) -> float:
    """Energy, eV, after the ions have relaxed in the fixed cell; NaN if the model loses itself on the way."""
    from ase.optimize import BFGS

    moving = atoms.copy()
    moving.calc = ensemble.calculator(member)
    try:
        BFGS(moving, logfile=None).run(fmax=LARGEST_FORCE, steps=MOST_STEPS)
    except (FloatingPointError, np.linalg.LinAlgError, ValueError) as error:
        print(f"{atoms.info['polymorph']} at {atoms.info['volume_scale']}: member {member} failed: {error}")
        return float("nan")
    return float(moving.get_potential_energy())


if __name__ == "__main__":
    typer.run(benchmark_energy_volume)
