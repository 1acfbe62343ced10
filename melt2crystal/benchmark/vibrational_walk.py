"""Molecular dynamics of crystals for vibrational spectra: LAMMPS inputs of several walks, and what they left behind."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase import Atoms

from melt2crystal.lammps.endings import incomplete
from melt2crystal.lammps.program import dump_command, read_dump, run_lammps, setup_commands, write_data
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.sections.benchmark import VibrationalSpectrum

THERMOSTAT_PS = 0.1
BAROSTAT_PS = 0.2  # short for a crystal of 100 atoms, so that half a picosecond settles the cell
LARGEST_DRIFT = 10.0  # meV per atom and ps; sound walks stay below 1
LARGEST_HEATING = 0.2  # share by which an NVE walk may miss its temperature, beside two canonical fluctuations
CELL = ("lx", "ly", "lz", "xy", "xz", "yz")


@dataclass(frozen=True)
class StartingState:
    """One crystal to be set in motion: supercell, temperature (K), pressure (GPa), seed of the velocities."""

    atoms: Atoms
    temperature_K: float
    pressure_GPa: float
    seed: int


@dataclass(frozen=True)
class VibrationalWalk:
    """What a walk left behind.

    Attributes:
        status: ok, or LAMMPS's error, or why the walk is no motion of a crystal in the state that was asked for.
        velocities: [samples, atoms, 3], Å/ps; empty if LAMMPS stopped.
        temperature_K, pressure_GPa: means over the NVE walk.
        drift_meV_per_atom_per_ps: change of the total energy from the first to the last step, over the length.
        last: configuration at the end (LAMMPS frame).
    """

    status: str
    velocities: np.ndarray
    temperature_K: float = float("nan")
    pressure_GPa: float = float("nan")
    drift_meV_per_atom_per_ps: float = float("nan")
    last: Atoms | None = None


def run_walks(
    tasks: Sequence[StartingState], force_field: str, species: Sequence[str], rules: VibrationalSpectrum, deepmd: bool
) -> list[VibrationalWalk]:
    """One walk per task, in one LAMMPS process as long as none fails; a failing walk hurts no other.

    Args:
        tasks: crystals and states.
        force_field: LAMMPS commands after the atoms exist (pair_style, pair_coeff, ...).
        species: chemical symbols in type order.
        rules: lengths and time step.
        deepmd: the force field needs the DeePMD plugin.

    Raises:
        EngineError: LAMMPS could not work (no explosion: killed, no space, a model that can't be read).
    """
    walks: list[VibrationalWalk] = []
    with TemporaryDirectory(prefix="walks-") as temporary:
        folder = Path(temporary)
        while len(walks) < len(tasks):
            begin = len(walks)
            text = ""
            for index, task in enumerate(tasks[begin:], begin):
                write_data(folder / f"{index}.data", task.atoms, species)
                text += walk_commands(index, task, force_field, rules)
            run = run_lammps(text, folder, deepmd)
            for index in range(begin, len(tasks)):
                if not (folder / f"{index}.txt").exists():
                    break
                walks.append(_read_walk(folder, index, species, rules, tasks[index].temperature_K))
            if len(walks) < len(tasks):
                if run.error is None:
                    raise incomplete(folder)
                print(run.error, flush=True)
                walks.append(VibrationalWalk(run.error, np.empty((0, 0, 3))))
    return walks


def _steps(rules: VibrationalSpectrum, picoseconds: float) -> int:
    return max(1, round(1000 * picoseconds / rules.time_step_fs))


def walk_commands(index: int, task: StartingState, force_field: str, rules: VibrationalSpectrum) -> str:
    """LAMMPS commands of one walk: NPT (settle; measure the mean cell), NVT in the mean cell, NVE with velocities kept.

    A cell without tilt keeps its right angles (aniso); others relax all six degrees of freedom (tri).
    """
    settle, measure = (_steps(rules, 0.4 * rules.equilibrate_ps) for _ in range(2))
    thermalise, walk = _steps(rules, 0.2 * rules.equilibrate_ps), _steps(rules, rules.walk_ps)
    temperature, pressure = f"{task.temperature_K:g}", f"{task.pressure_GPa * BAR_PER_GPA:g}"
    right_angles = np.allclose(task.atoms.cell.angles(), 90.0, atol=1e-3)
    coupling = "aniso" if right_angles else "tri"
    box = " ".join(f"v_cell_{name}" for name in CELL)
    final = [f"f_cell[{k}]" for k in range(1, 7)]
    return (
        setup_commands(f"{index}.data")
        + force_field
        + f"neighbor 1.0 bin\nneigh_modify every 1 delay 0 check yes\ntimestep {rules.time_step_fs / 1000:g}\n"
        + "reset_timestep 0\nthermo 1000\nthermo_style custom step temp press vol etotal\nthermo_modify lost error\n"
        + f"velocity all create {2 * task.temperature_K:g} {task.seed} mom yes rot no dist gaussian\n"
        + f"fix npt all npt temp {temperature} {temperature} {THERMOSTAT_PS} "
        + f"{coupling} {pressure} {pressure} {BAROSTAT_PS}\n"
        + f"run {settle}\nreset_timestep 0\n"
        + "".join(f"variable cell_{name} equal {name}\n" for name in CELL)
        + f"fix cell all ave/time 1 {measure} {measure} {box}\nrun {measure}\n"
        + "".join(f"variable mean_{name} equal $({value}:%.10f)\n" for name, value in zip(CELL, final, strict=True))
        + "unfix cell\nunfix npt\n"
        + "change_box all x final 0.0 ${mean_lx} y final 0.0 ${mean_ly} z final 0.0 ${mean_lz} "
        + "xy final ${mean_xy} xz final ${mean_xz} yz final ${mean_yz} remap units box\n"
        + f"fix nvt all nvt temp {temperature} {temperature} {THERMOSTAT_PS}\nrun {thermalise}\nunfix nvt\n"
        + f"velocity all zero linear\nvelocity all scale {temperature}\nfix nve all nve\nreset_timestep 0\nrun 0\n"
        + "variable total equal etotal\nvariable start equal $(v_total:%.10f)\n"
        + f"fix mean all ave/time 1 {walk} {walk} c_thermo_temp c_thermo_press\n"
        + dump_command("walk", rules.sample_every_steps, f"{index}.velocities", "vx vy vz")
        + f"run {walk}\nvariable end equal $(v_total:%.10f)\n"
        + f'print "$(f_mean[1]:%.8g) $(f_mean[2]:%.8g) ${{start}} ${{end}}" file {index}.txt\n'
        + f"write_dump all custom {index}.last id type x y z modify sort id\n"
    )


def nve_status(temperature_K: float, asked_K: float, drift_meV_per_atom_per_ps: float, atoms: int) -> str:
    """'ok' if an NVE walk conserved its energy and kept its temperature, otherwise what is wrong with it."""
    if not abs(drift_meV_per_atom_per_ps) <= LARGEST_DRIFT:
        return f"energy drifts by {drift_meV_per_atom_per_ps:.3g} meV/atom/ps"
    allowed = LARGEST_HEATING + 2 * np.sqrt(2 / (3 * atoms))
    if not abs(temperature_K - asked_K) <= allowed * asked_K:
        return f"mean temperature is {temperature_K:.0f} K, not {asked_K:.0f} K: the crystal transformed or exploded"
    return "ok"


def _read_walk(
    folder: Path, index: int, species: Sequence[str], rules: VibrationalSpectrum, asked_K: float
) -> VibrationalWalk:
    told = (folder / f"{index}.txt").read_text().split()
    snapshots, end_of_walk = read_dump(folder / f"{index}.velocities"), read_dump(folder / f"{index}.last")
    if (
        len(told) != 4
        or not end_of_walk
        or len(snapshots) != _steps(rules, rules.walk_ps) // rules.sample_every_steps + 1
    ):
        raise incomplete(folder)
    temperature, pressure, start, end = map(float, told)
    velocities = np.stack([snapshot.vectors("vx", "vy", "vz") for snapshot in snapshots])
    last = end_of_walk[0].atoms(species)
    drift = 1000 * (end - start) / len(last) / rules.walk_ps
    status = (
        nve_status(temperature, asked_K, drift, len(last))
        if np.isfinite(velocities).all()
        else "velocities are not finite"
    )
    return VibrationalWalk(status, velocities, temperature, pressure / BAR_PER_GPA, drift, last)
