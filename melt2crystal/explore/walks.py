"""Exploration: molecular dynamics driven by an ensemble in LAMMPS, with the deviation of each written frame."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from ase import Atoms

from melt2crystal.frames import canonical_frame, density_g_per_cm3
from melt2crystal.lammps.endings import incomplete
from melt2crystal.lammps.include import lammps_word
from melt2crystal.lammps.program import Snapshot, dump_command, read_dump, run_lammps, setup_commands, write_data
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.sections.explore import Explore
from melt2crystal.train.deviation import MAX_FORCE_DEVIATION, STEP_COLUMN, read_model_deviation


@dataclass(frozen=True)
class ExplorationWalk:
    """One walk: where it starts and the state it is held at."""

    start: Atoms
    temperature_K: float
    pressure_GPa: float
    seed: int


class ExploredStep(NamedTuple):
    """One step of a walk that left a frame, a deviation, or both."""

    frame: int  # its place among the frames, -1 without one
    step: int
    max_devi_f: float  # eV/Å, NaN without one
    density_g_per_cm3: float


def nearest_state(melt: Sequence[Atoms], pressure_GPa: float, temperature_K: float) -> list[Atoms]:
    """Frames of the nearest (T, p) point: by pressure, then by temperature; of two equally near, the hotter."""

    def distance(frame: Atoms) -> tuple[float, float, float]:
        temperature = float(frame.info["temperature_K"])
        return abs(float(frame.info["pressure_GPa"]) - pressure_GPa), abs(temperature - temperature_K), -temperature

    nearest = min(map(distance, melt), default=None)
    return [frame for frame in melt if distance(frame) == nearest]


def walk_commands(
    index: int, walk: ExplorationWalk, models: Sequence[Path], species: Sequence[str], explore: Explore
) -> str:
    """LAMMPS commands of one NPT walk; all models are evaluated on each written frame, the first one drives.

    A cell that grows to three times its volume ends the walk: the models do not describe it any more.
    """
    steps = round(explore.walk_ps * 1000 / explore.time_step_fs)
    temperature, pressure = walk.temperature_K, walk.pressure_GPa * BAR_PER_GPA
    return (
        setup_commands(f"{index}.data")
        + f"pair_style deepmd {' '.join(map(lammps_word, models))} "
        + f"out_file {index}.model_devi.out out_freq {explore.frame_every_steps}\n"
        + f"pair_coeff * * {' '.join(species)}\n"
        + f"timestep {explore.time_step_fs / 1000:g}\n"
        + "neighbor 1.0 bin\n"
        + f"velocity all create {temperature:g} {walk.seed} mom yes rot no dist gaussian\n"
        + f"fix move all npt temp {temperature:g} {temperature:g} {explore.thermostat_fs / 1000:g} "
        + f"iso {pressure:g} {pressure:g} {explore.barostat_fs / 1000:g}\n"
        + f"variable volume equal vol\nvariable largest equal {3 * walk.start.get_volume():.6f}\n"
        + "fix stop all halt 20 v_volume > ${largest} error hard message no\n"
        + "thermo 100\nthermo_style custom step temp press density pe\n"
        + dump_command("frames", explore.frame_every_steps, f"{index}.dump", "x y z")
        + f"run {steps}\nundump frames\n"
        + f'print "finished {index}" append finished.txt\n'
    )


def run_walks(
    walks: Sequence[ExplorationWalk], models: Sequence[Path], species: Sequence[str], explore: Explore, folder: Path
) -> list[str]:
    """Run walks in as few LAMMPS processes as they allow: one that explodes ends alone, the rest go on anew.

    Returns:
        Status of each walk: "finished" or "exploded: <LAMMPS' error>".

    Raises:
        EngineError: LAMMPS could not work (no explosion: killed, no space, a model that can't be read).
    """
    statuses: list[str] = []
    for index, walk in enumerate(walks):
        write_data(folder / f"{index}.data", walk.start, species)
    finished = folder / "finished.txt"
    finished.unlink(missing_ok=True)
    while len(statuses) < len(walks):
        begin = len(statuses)
        text = "".join(walk_commands(k, walks[k], models, species, explore) for k in range(begin, len(walks)))
        run = run_lammps(text, folder, deepmd=True)
        done = len(finished.read_text().splitlines()) if finished.exists() else 0
        statuses += ["finished"] * done
        finished.unlink(missing_ok=True)
        if len(statuses) < len(walks):
            if run.error is None:
                raise incomplete(folder)
            statuses.append(f"exploded: {run.error}")
    return statuses


def collect_walk(
    index: int, species: Sequence[str], explore: Explore, folder: Path
) -> tuple[list[Atoms], list[ExploredStep]]:
    """Frames of one walk with a row for each; what can't be paired has frame -1 or a NaN deviation."""
    snapshots = {snapshot.step: snapshot for snapshot in read_dump(folder / f"{index}.dump")}
    file = folder / f"{index}.model_devi.out"
    deviations: dict[int, float] = {}
    if file.exists() and file.stat().st_size:  # a walk that explodes at once leaves an empty file or none
        table = read_model_deviation(file)
        pairs = zip(table[STEP_COLUMN], table[MAX_FORCE_DEVIATION], strict=True)
        deviations = {int(step): deviation for step, deviation in pairs if np.isfinite(step)}
    first = explore.skip_ps * 1000 / explore.time_step_fs
    frames: list[Atoms] = []
    visits = []
    for step in sorted(set(snapshots) | set(deviations)):
        if step <= first:  # step 0 is the start, a frame of the training set itself
            continue
        number, density = -1, float("nan")
        if step in snapshots and _finite(snapshots[step]):
            atoms = snapshots[step].atoms(species)
            atoms.wrap()
            frame = canonical_frame(atoms)
            density = density_g_per_cm3(frame)
            number = len(frames)
            frames.append(frame)
        visits.append(ExploredStep(number, step, deviations.get(step, float("nan")), density))
    return frames, visits


def _finite(snapshot: Snapshot) -> bool:
    return bool(np.isfinite(snapshot.cell).all() and np.isfinite(snapshot.vectors("x", "y", "z")).all())
