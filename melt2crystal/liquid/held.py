"""Hold structures at a temperature and a pressure with the classical potential: crystals made hot, melts walked on."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ase import Atoms

from melt2crystal.lammps.include import potential_commands
from melt2crystal.lammps.program import dump_command, read_dump, run_lammps, setup_commands, write_data
from melt2crystal.lammps.static import BAR_PER_GPA
from melt2crystal.sections.liquid import Liquid
from melt2crystal.seeds import seed_for


def held(
    starts: Sequence[Atoms], liquid: Liquid, species: Sequence[str], walk_ps: float, frames: int, seed: int
) -> list[list[Atoms]]:
    """Equally spaced frames of a walk (NPT, cell scaled evenly) from each start; a walk that explodes leaves fewer.

    Args:
        starts: each says ``temperature_K`` and ``pressure_GPa`` in ``info``; its frames say them too.
        liquid: potential, time step, thermostat and barostat.
        walk_ps: length of each walk, ps.
        frames: of each walk, at least.
    """
    every = max(1, int(1000 * walk_ps / liquid.time_step_fs / frames))
    walks = []
    for index, start in enumerate(starts):
        with TemporaryDirectory(prefix="held-") as name:
            folder = Path(name)
            prism = write_data(folder / "start.data", start, species)
            run_lammps(_commands(start, liquid, species, every, frames, seed_for(seed, "held", index)), folder)
            walk = []
            for snapshot in read_dump(folder / "walk.dump")[1:]:
                atoms = snapshot.atoms(species)
                frame = Atoms(atoms.symbols, cell=prism.vector_to_ase(atoms.cell.array), pbc=True)
                frame.set_positions(prism.vector_to_ase(atoms.get_positions()))
                frame.wrap()
                frame.info = {key: start.info[key] for key in ("temperature_K", "pressure_GPa")}
                walk.append(frame)
            walks.append(walk)
    return walks


def _commands(start: Atoms, liquid: Liquid, species: Sequence[str], every: int, frames: int, seed: int) -> str:
    temperature, bar = start.info["temperature_K"], start.info["pressure_GPa"] * BAR_PER_GPA
    thermostat, barostat = liquid.thermostat_fs / 1000, liquid.barostat_fs / 1000
    return (
        setup_commands("start.data")
        + potential_commands(Path(liquid.potential), species, liquid.ewald_accuracy)
        + f"timestep {liquid.time_step_fs / 1000:g}\nneigh_modify every 1 delay 0 check yes\nthermo 10000\n"
        + f"velocity all create {temperature:g} {seed} dist gaussian mom yes\n"
        + f"fix control all npt temp {temperature:g} {temperature:g} {thermostat:g} "
        + f"iso {bar:g} {bar:g} {barostat:g}\n"
        + dump_command("walk", every, "walk.dump", "x y z")
        + f"run {every * frames}\n"
    )
