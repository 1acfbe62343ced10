"""Quench melts to given densities with a potential: as dense and nearly as cold as crystals, as disordered as melts.

``python -m tools.experiments.quench_melts melts.extxyz --model .../hp/0.pb --density 4.0 --out quenched.extxyz``

Each frame is scaled to each density and kept at a low temperature for a picosecond (Langevin, constant volume): long
enough to lose the melt's heat, too short to order. Its forces are small, so the loop's force deviation calls such a
frame accurate; what it teaches is the energy. Every frame is certified where it is trained on, as every melt is.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ase import Atoms, units
from ase.calculators.calculator import Calculator
from ase.constraints import FixCom
from ase.md.langevin import Langevin
from ase.md.velocitydistribution import thermalize_momenta

from melt2crystal.errors import reports_errors
from melt2crystal.frames import bare_frame, density_g_per_cm3, read_frames, write_frames
from melt2crystal.seeds import generator_for
from melt2crystal.structure.pressure import ideal_gas_pressure_GPa, static_pressure_GPa
from melt2crystal.train.models import Ensemble

TIME_STEP_FS = 1.5
FRICTION_PER_FS = 0.02


def quenched(
    melt: Atoms,
    calculator: Calculator,
    density_g_cm3: float,
    temperature_K: float,
    walk_ps: float,
    random: np.random.Generator,
) -> Atoms:
    """The last frame of a walk at constant volume, with what it is in ``info``.

    ``pressure_GPa`` is the potential's: that of the forces, and of an ideal gas at ``temperature_K``. ``split`` says
    train, so that it moves no melt of a study to the held-out ones or away from them.
    """
    atoms = bare_frame(melt)
    atoms.set_cell(atoms.cell * (density_g_per_cm3(melt) / density_g_cm3) ** (1 / 3), scale_atoms=True)
    atoms.calc = calculator
    thermalize_momenta(atoms, temperature_K, rng=random)
    atoms.set_constraint(FixCom())
    friction = FRICTION_PER_FS / units.fs
    motion = Langevin(
        atoms, TIME_STEP_FS * units.fs, temperature_K=temperature_K, friction=friction, fixcm=False, rng=random
    )
    motion.run(round(1000 * walk_ps / TIME_STEP_FS))
    pressure = static_pressure_GPa(atoms) + ideal_gas_pressure_GPa(atoms, temperature_K)
    atoms.wrap()
    frame = bare_frame(atoms)
    frame.info |= {
        "temperature_K": temperature_K,
        "pressure_GPa": round(pressure, 2),
        "origin": f"quench/{density_g_cm3:g}/{melt.info.get('origin') or melt.info['frame_id']}",
        "split": "train",
    }
    return frame


@reports_errors
def quench_melts(
    melts: Annotated[Path, typer.Argument(help="melts to begin with (extended XYZ)")],
    model: Annotated[Path, typer.Option(help="potential that drives the walks")],
    density: Annotated[list[float], typer.Option(help="g/cm3; each melt is quenched to each of them")],
    out: Annotated[Path, typer.Option(help="extended XYZ, written anew")],
    temperature_k: Annotated[list[float], typer.Option(help="K; several are taken in turn")] = [300.0],  # noqa: B006
    walk_ps: Annotated[float, typer.Option(min=0.01, help="length of each walk, ps")] = 1.0,
    seed: Annotated[int, typer.Option(help="of velocities and thermostat")] = 1,
) -> None:
    """Quench melts to given densities, one frame each."""
    calculator = Ensemble([model]).calculator()
    jobs = [(melt, value) for melt in read_frames(melts) for value in density]
    frames = []
    with typer.progressbar(jobs, label="quenching") as bar:
        for k, (melt, value) in enumerate(bar):
            temperature = temperature_k[k % len(temperature_k)]
            random = generator_for(seed, "quench", k)
            frames.append(quenched(melt, calculator, value, temperature, walk_ps, random))
    write_frames(out, frames)
    print(f"{out}: {len(frames)} frames")


if __name__ == "__main__":
    typer.run(quench_melts)
