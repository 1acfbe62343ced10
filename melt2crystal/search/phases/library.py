"""Files of known crystals: as they are published, and as a potential keeps them."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from ase import Atoms

from melt2crystal.frames import read_frames, write_frames
from melt2crystal.search.phases.phase import Phase, Ruler
from melt2crystal.structure.crystals import primitive_cell, read_crystal


def read_library(paths: Sequence[Path], largest_atoms: int) -> dict[str, Atoms]:
    """Name of the file -> primitive cell, where that has no more atoms."""
    found = {path.stem: primitive_cell(read_crystal(path)) for path in paths}
    large = [name for name, atoms in found.items() if len(atoms) > largest_atoms]
    if large:
        print(f"left out, more than {largest_atoms} atoms in the primitive cell: {', '.join(large)}")
    return {name: atoms for name, atoms in found.items() if name not in large}


def write_library(path: Path, kept: Iterable[tuple[Phase, float]]) -> None:
    """Write phases and the pressures they were relaxed at."""
    frames = []
    for phase, pressure in kept:
        frame = Atoms(
            phase.atoms.get_chemical_symbols(), phase.atoms.get_positions(), cell=phase.atoms.cell.array, pbc=True
        )
        frame.info.update(crystal=phase.name, pressure_GPa=pressure, enthalpy_eV_per_atom=phase.enthalpy_eV_per_atom)
        frames.append(frame)
    write_frames(path, frames)


def read_kept(path: Path, ruler: Ruler) -> dict[float, list[Phase]]:
    """Pressure -> phases that :func:`write_library` wrote."""
    found: dict[float, list[Phase]] = {}
    for frame in read_frames(path):
        phase = ruler.phase(str(frame.info["crystal"]), frame, 0.0, 0.0)
        measured = Phase(
            phase.name, phase.atoms, phase.groups, float(frame.info["enthalpy_eV_per_atom"]),
            phase.volume_A3_per_atom, phase.coordination,
        )  # fmt: skip
        found.setdefault(float(frame.info["pressure_GPa"]), []).append(measured)
    return found
