"""Hot and strained crystals, to train a potential on instead of melts: the ceiling that melts are held against.

``python -m tools.experiments.hot_crystals data/crystals/silica-bks-hot.extxyz.gz --heldout MELTS...``

Each of the paper's eleven crystals is repeated to as many atoms as a melt has, its cell strained at random, and walked
at each pressure and temperature with the classical potential (NPT, cell scaled evenly). Frames say
``split: train``. Held-out melts are copied beside them, so that what a potential of crystals knows of melts is judged
as elsewhere. Nothing here is certified: the study switches the certificate off.
"""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ase import Atoms

from melt2crystal.errors import reports_errors
from melt2crystal.frames import bare_frame, read_frames, write_frames
from melt2crystal.liquid.held import held
from melt2crystal.sections.benchmark import eleven_polymorphs
from melt2crystal.sections.liquid import Liquid
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for
from melt2crystal.structure.crystals import read_crystal

TETRAHEDRAL_GPA, OCTAHEDRAL_GPA = (-2.0, 0.0, 4.0, 8.0), (0.0, 10.0, 40.0, 70.0)
TEMPERATURES_K = (300.0, 900.0, 1500.0)
DENSE_A3_PER_ATOM = 9.0  # silica with six neighbours has less


def strained(crystal: Atoms, least_atoms: int, largest_strain: float, random: np.random.Generator) -> Atoms:
    """A supercell of at least so many atoms whose cell is strained: each of the six components drawn evenly."""
    repeats = np.ones(3, dtype=int)
    while len(crystal) * repeats.prod() < least_atoms:
        repeats[np.argmin(crystal.cell.lengths() * repeats)] += 1
    atoms = bare_frame(crystal.repeat(repeats))
    strain = random.uniform(-largest_strain, largest_strain, (3, 3))
    atoms.set_cell(atoms.cell.array @ (np.eye(3) + (strain + strain.T) / 2), scale_atoms=True)
    return atoms


def starts_of(
    files: list[Path], least_atoms: int, largest_strain: float, random: np.random.Generator
) -> list[tuple[str, Atoms]]:
    """Name and strained supercell of each crystal at each of its pressures and temperatures."""
    starts = []
    for path in files:
        crystal = read_crystal(path)
        dense = crystal.get_volume() / len(crystal) < DENSE_A3_PER_ATOM
        for pressure in OCTAHEDRAL_GPA if dense else TETRAHEDRAL_GPA:
            for temperature in TEMPERATURES_K:
                atoms = strained(crystal, least_atoms, largest_strain, random)
                atoms.info = {"temperature_K": temperature, "pressure_GPa": pressure}
                starts.append((path.stem, atoms))
    return starts


@reports_errors
def hot_crystals(
    out: Annotated[Path, typer.Argument(help="frames (extended XYZ)")],
    heldout: Annotated[list[Path], typer.Option(help="melts to be held out (extended XYZ)")],
    potential: Annotated[Path, typer.Option(help="LAMMPS include file")] = Path("data/potentials/silica_bks.lmp"),
    frames: Annotated[int, typer.Option(min=1, help="of each walk")] = 7,
    walk_ps: Annotated[float, typer.Option(help="length of each walk, ps")] = 1.0,
    largest_strain: Annotated[float, typer.Option(help="of each component of the cell's strain")] = 0.03,
    least_atoms: Annotated[int, typer.Option(help="atoms in a supercell, at least")] = 72,
    seed: Annotated[int, typer.Option(help="of strains and velocities")] = 1,
) -> None:
    """Walk each of the paper's eleven crystals at each state; write the frames and the melts to be held out."""
    files = [Path(polymorph.file) for polymorph in eleven_polymorphs().values()]
    starts = starts_of(files, least_atoms, largest_strain, generator_for(seed, "strain"))
    liquid, species = Liquid(potential=str(potential)), Substance().species
    made = []
    for (name, start), walk in zip(
        starts, held([s for _, s in starts], liquid, species, walk_ps, frames, seed), strict=True
    ):
        for number, frame in enumerate(walk):
            state = f"p{start.info['pressure_GPa']:g}/T{start.info['temperature_K']:g}"
            frame.info |= {"origin": f"crystal/{name}/{state}/frame{number}", "split": "train"}
            made.append(frame)
    melts = [melt for path in heldout for melt in read_frames(path)]
    for melt in melts:
        melt.info = {key: melt.info[key] for key in ("temperature_K", "pressure_GPa", "origin")} | {"split": "heldout"}
    write_frames(out, made + melts)
    atoms = sum(map(len, made))
    print(f"{out}: {len(made)} frames of {len(files)} crystals ({atoms} atoms), {len(melts)} melts held out")


if __name__ == "__main__":
    typer.run(hot_crystals)
