"""Walks of a melt at one pressure: random packing, fresh melt, then temperature by temperature, hot to cold, NPT.

One LAMMPS process walks through all temperatures. If a walk explodes the process ends; it is begun anew from the last
good state with the next temperature, and the walk is recorded as exploded.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.lammps.endings import incomplete
from melt2crystal.lammps.include import potential_commands
from melt2crystal.lammps.program import (
    dump_command,
    read_dump,
    run_lammps,
    setup_commands,
    write_data,
)
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.liquid.diffusion import species_diffusion
from melt2crystal.sections.liquid import Liquid
from melt2crystal.sections.substance import PressureRow

SAMPLES = 100  # positions per walk for the diffusion coefficient, at least
THERMO = ("temperature_K", "pressure_GPa", "density_g_per_cm3", "potential_energy_eV_per_atom", "volume_A3")


@dataclass(frozen=True)
class MeltWalk:
    """One walk: its state, status ('ok' or why it ended), frames, diffusion (Å^2/ps by species), time series."""

    temperature_K: float
    status: str
    frames: list[Atoms]
    diffusion: dict[str, float]
    thermo: pd.DataFrame


@dataclass(frozen=True)
class Schedule:
    """Lengths in steps: melt, equilibration, walk; ``every`` between samples, ``each`` samples make one frame."""

    melt: int
    equilibrate: int
    walk: int
    every: int
    each: int


def schedule(liquid: Liquid, frames: int) -> Schedule:
    """Step counts of a walk that yields ``frames`` equally spaced frames (the walk is rounded to whole intervals)."""

    def steps(picoseconds: float) -> int:
        return max(1, round(1000 * picoseconds / liquid.time_step_fs))

    each = -(-SAMPLES // frames)
    every = max(1, round(steps(liquid.walk_ps) / (frames * each)))
    return Schedule(steps(liquid.melt_ps), steps(liquid.equilibrate_ps), every * each * frames, every, each)


def hot_to_cold(temperatures_K: Sequence[float]) -> list[float]:
    """The order of the walks: cooling only, so that nothing can freeze in one walk and be heated in the next."""
    return sorted(temperatures_K, reverse=True)


def _control(liquid: Liquid, temperature: float, pressure: float) -> str:
    """NPT at one state, and a halt as soon as the walk is no liquid any more (explosion, evaporation)."""
    thermostat, barostat = liquid.thermostat_fs / 1000, liquid.barostat_fs / 1000
    bar = pressure * BAR_PER_GPA
    return (
        f"fix control all npt temp {temperature:g} {temperature:g} {thermostat:g} iso {bar:g} {bar:g} {barostat:g}\n"
        f"fix too_hot all halt 10 v_hot > {4 * temperature:g} error hard\n"
        "fix evaporated all halt 10 v_volume > ${volume_limit} error hard\n"
    )


_RELEASE = "unfix too_hot\nunfix evaporated\nunfix control\n"


def _begin(liquid: Liquid, species: Sequence[str], volume_limit: float) -> str:
    """Potential, time step and the variables that are watched and recorded."""
    atoms = potential_commands(Path(liquid.potential), species, liquid.ewald_accuracy)
    return (
        f"{atoms}timestep {liquid.time_step_fs / 1000:g}\nneigh_modify every 1 delay 0 check yes\nthermo 1000\n"
        f"variable volume_limit string {volume_limit:g}\n"
        "variable hot equal temp\nvariable volume equal vol\nvariable gcc equal density\n"
        f"variable gpa equal press/{BAR_PER_GPA:g}\nvariable energy equal pe/atoms\n"
    )


def melt_commands(
    liquid: Liquid,
    species: Sequence[str],
    row: PressureRow,
    plan: Schedule,
    seed: int,
    volume_limit: float,
) -> str:
    """From the random packing (``start.data``) to a melt above every state of this pressure (``good.restart``)."""
    hottest_K = row.hottest_melt_K
    gentle = max(1, round(200 / liquid.time_step_fs))
    return (
        setup_commands("start.data")
        + _begin(liquid, species, volume_limit)
        + "min_style cg\nminimize 0.0 1.0 200 2000\nreset_timestep 0\n"
        + f"velocity all create {hottest_K:g} {seed} dist gaussian mom yes\n"
        # until the packing has forgotten its worst contacts no atom may move further than 0.05 Å in a step
        + f"fix limit all nve/limit 0.05\nfix bath all langevin {hottest_K:g} {hottest_K:g} 0.05 {seed}\n"
        + f"run {gentle}\nunfix bath\nunfix limit\nvelocity all zero linear\n"
        + _control(liquid, hottest_K, row.pressure_GPa)
        + f"run {plan.melt}\n{_RELEASE}"
        + "write_restart good.restart\n"
    )


def resume_commands(liquid: Liquid, species: Sequence[str], volume_limit: float) -> str:
    """From the last good state."""
    setup = "clear\nunits metal\natom_style charge\natom_modify map array\nbox tilt large\nread_restart good.restart\n"
    return setup + _begin(liquid, species, volume_limit)


def walk_commands(liquid: Liquid, temperature_K: float, pressure_GPa: float, plan: Schedule, index: int) -> str:
    """Equilibrate and walk at one state; writes ``walk-k.dump``, ``thermo-k.txt`` and the new ``good.restart``."""
    columns = " ".join("v_" + name for name in ("hot", "gpa", "gcc", "energy", "volume"))
    return (
        "reset_timestep 0\n"
        + f"velocity all scale {temperature_K:g}\n"
        + _control(liquid, temperature_K, pressure_GPa)
        + f"run {plan.equilibrate}\nreset_timestep 0\n"
        + dump_command("walk", plan.every, f"walk-{index}.dump", "xu yu zu")
        + f"fix record all ave/time 1 {plan.every} {plan.every} {columns} file thermo-{index}.txt\n"
        + f"run {plan.walk}\nundump walk\nunfix record\n{_RELEASE}"
        + f"write_restart good.restart\nprint {index} append finished.txt\n"
    )


def run_walks(
    start: Atoms,
    liquid: Liquid,
    species: Sequence[str],
    row: PressureRow,
    frames: int,
    seed: int,
    folder: Path,
) -> list[MeltWalk]:
    """Melt ``start`` and walk through the temperatures of one pressure from hot to cold.

    Args:
        start: random packing, Å.
        row: the pressure, the temperatures, and the temperature of the fresh melt.
        frames: frames per walk.
        seed: of the velocities, from ``seeds.seed_for``.
        folder: empty working folder; LAMMPS' inputs and outputs stay there.

    Returns:
        One walk per temperature, hot to cold; an exploded one has its reason as status, no frames, and does not
        touch the others. If the melt itself explodes, all walks carry its reason.

    Raises:
        EngineError: LAMMPS could not work (no explosion: killed, no space, a potential that can't be read).
    """
    order = hot_to_cold(row.temperatures_K)
    plan = schedule(liquid, frames)
    volume_limit = 6 * start.get_volume()
    write_data(folder / "start.data", start, species)
    failed: dict[int, str] = {}
    text = melt_commands(liquid, species, row, plan, seed, volume_limit)
    at = 0
    while True:
        for index in range(at, len(order)):
            text += walk_commands(liquid, order[index], row.pressure_GPa, plan, index)
        run = run_lammps(text, folder)
        finished = _finished(folder)
        missing = [index for index in range(at, len(order)) if index not in finished]
        if not missing:
            break
        if run.error is None:
            raise incomplete(folder)
        if not (folder / "good.restart").exists():
            failed = dict.fromkeys(missing, f"the fresh melt exploded: {run.error}")
            break
        failed[missing[0]] = f"exploded: {run.error}"
        at = missing[0] + 1
        if at == len(order):
            break
        text = resume_commands(liquid, species, volume_limit)
    return [_read_walk(folder, index, order[index], species, liquid, plan, failed) for index in range(len(order))]


def _finished(folder: Path) -> set[int]:
    marks = folder / "finished.txt"
    return {int(line) for line in marks.read_text().split()} if marks.exists() else set()


def _read_walk(
    folder: Path, index: int, temperature: float, species: Sequence[str], liquid: Liquid, plan: Schedule, failed: dict
) -> MeltWalk:
    thermo = read_thermo(folder / f"thermo-{index}.txt", liquid.time_step_fs)
    if index in failed:
        return MeltWalk(temperature, failed[index], [], {}, thermo)
    snapshots = read_dump(folder / f"walk-{index}.dump")
    if len(snapshots) != plan.walk // plan.every + 1:
        raise incomplete(folder)
    configurations = [snapshot.atoms(species) for snapshot in snapshots]
    first = configurations[0]
    diffusion = species_diffusion(
        np.array([atoms.get_positions() for atoms in configurations]),
        np.array([atoms.cell.array for atoms in configurations]),
        np.array(first.get_chemical_symbols()),
        first.get_masses(),
        plan.every * liquid.time_step_fs / 1000,
    )
    frames = configurations[plan.each :: plan.each]  # the first snapshot is the equilibration's last
    for atoms in frames:
        atoms.wrap()
    return MeltWalk(temperature, "ok", frames, diffusion, thermo)


def read_thermo(path: Path, time_step_fs: float) -> pd.DataFrame:
    """Time series of one walk (block averages): time_ps and the columns of ``THERMO``; empty if there is none."""
    rows = []
    if path.exists():
        for line in path.read_text().splitlines():
            values = line.split()
            if not line.startswith("#") and len(values) == len(THERMO) + 1 and values[0] != "0":
                rows.append([float(values[0]) * time_step_fs / 1000, *map(float, values[1:])])
    return pd.DataFrame(rows, columns=["time_ps", *THERMO])
