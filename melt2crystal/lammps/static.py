"""Energies, forces, stresses and minimisations of many structures in one LAMMPS process, classical potential."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from ase import Atoms
from ase.calculators.lammps import Prism
from ase.units import GPa

from melt2crystal.errors import EngineError
from melt2crystal.lammps.endings import incomplete
from melt2crystal.lammps.include import potential_commands
from melt2crystal.lammps.program import (
    dump_command,
    read_dump,
    run_lammps,
    setup_commands,
    write_data,
)

BAR = 1e-4 * GPa  # eV/Å³
BAR_PER_GPA = 1e4


@dataclass(frozen=True)
class Evaluation:
    """Result for one structure in the caller's frame: energy (eV), forces [n, 3] (eV/Å), stress [3, 3] (eV/Å^3, ASE
    sign), the structure itself (moved by a minimisation); or ``error``, and the rest is None."""

    error: str | None = None
    energy: float | None = None
    forces: np.ndarray | None = None
    stress: np.ndarray | None = None
    atoms: Atoms | None = None


def evaluate(frames: Sequence[Atoms], potential: Path, species: Sequence[str], accuracy: float) -> list[Evaluation]:
    """Single points of many frames. A frame that stops LAMMPS gets its error; the others are unaffected."""
    return _batch(frames, potential, species, accuracy, lambda _: "run 0 post no\n")


def minimise(
    frames: Sequence[Atoms],
    potential: Path,
    species: Sequence[str],
    accuracy: float,
    steps: int,
    force_tolerance: float,
    pressure_GPa: float | None = None,
) -> list[Evaluation]:
    """Minimise many frames: ions only, or the whole cell at a pressure (box/relax, three restarts).

    Args:
        force_tolerance: largest force norm of the whole structure at which a minimisation ends, eV/Å.
    """
    minimisation = f"minimize 0.0 {force_tolerance:g} {steps} {10 * steps}\n"

    def commands(_: Atoms) -> str:
        if pressure_GPa is None:
            return "min_style cg\n" + minimisation
        relax = f"fix relax all box/relax tri {pressure_GPa * BAR_PER_GPA:g} vmax 0.002\n"
        # box/relax refers to the cell it began with, so it is begun anew; ions alone polish at the end
        return "min_style cg\n" + 3 * (relax + minimisation + "unfix relax\n") + minimisation

    return _batch(frames, potential, species, accuracy, commands)


def _batch(
    frames: Sequence[Atoms],
    potential: Path,
    species: Sequence[str],
    accuracy: float,
    commands: Callable[[Atoms], str],
) -> list[Evaluation]:
    """Run ``commands`` on each frame in as few processes as the frames allow: one more after each failing frame."""
    if not all(map(is_finite, frames)):
        return _sound_ones(frames, potential, species, accuracy, commands)
    results: list[Evaluation] = []
    with TemporaryDirectory(prefix="lammps-") as temporary:
        folder = Path(temporary)
        while len(results) < len(frames):
            begin = len(results)
            prisms, text = [], ""
            for index, atoms in enumerate(frames[begin:], begin):
                prisms.append(write_data(folder / f"{index}.data", atoms, species))
                text += setup_commands(f"{index}.data") + potential_commands(potential, species, accuracy)
                text += f"thermo_style custom step pe pxx pyy pzz pxy pxz pyz\nthermo 100000\n{commands(atoms)}"
                text += write_result(index)
            (folder / "results.txt").unlink(missing_ok=True)
            run = run_lammps(text, folder)
            finished = read_results(folder, frames, prisms, begin, species)
            results += finished
            if len(results) < len(frames):
                if run.error is None:
                    raise incomplete(folder)
                results.append(Evaluation(error=run.error))
    return results


def try_potential(potential: Path, formula: Mapping[str, int]) -> None:
    """Compute a few atoms, so that a potential that can't work is told before anything has been paid for.

    Raises:
        UserError: LAMMPS' own words, and where its files are looked for.
    """
    symbols = [symbol for symbol, count in formula.items() for _ in range(count)]
    edge = 3 * math.ceil(len(symbols) ** (1 / 3))  # 3 Å apart: far enough for any potential to have an answer
    places = itertools.product(range(0, edge, 3), repeat=3)
    atoms = Atoms(symbols, [place for place, _ in zip(places, symbols, strict=False)], cell=[edge] * 3, pbc=True)
    try:
        evaluate([atoms], potential, list(formula), 1e-4)
    except EngineError as error:
        raise EngineError(
            f"{potential}: {error}. Files named there are looked for beside it, in the folder the study runs in, and "
            "in LAMMPS_POTENTIALS"
        ) from error


def _sound_ones(
    frames: Sequence[Atoms],
    potential: Path,
    species: Sequence[str],
    accuracy: float,
    commands: Callable[[Atoms], str],
) -> list[Evaluation]:
    """Of frames some of which hold numbers that are none: LAMMPS sees the others."""
    sound = [is_finite(atoms) for atoms in frames]
    others = [atoms for atoms, fine in zip(frames, sound, strict=True) if fine]
    results = iter(_batch(others, potential, species, accuracy, commands))
    return [next(results) if fine else Evaluation(error="positions or cell are not finite") for fine in sound]


def is_finite(atoms: Atoms) -> bool:
    """Whether positions and cell are numbers."""
    return bool(np.isfinite(atoms.get_positions()).all() and np.isfinite(atoms.cell.array).all())


def write_result(index: int) -> str:
    """Commands that evaluate the structure in the box and write what it has, for :func:`read_results`."""
    values = " ".join(f"$(v_{name}:%.12g)" for name in ("energy", "sxx", "syy", "szz", "sxy", "sxz", "syz"))
    variables = "variable energy equal pe\n" + "".join(f"variable s{i} equal p{i}\n" for i in _COMPONENTS)
    forces = f"{dump_command('result', 1, f'{index}.dump', 'xu yu zu fx fy fz')}run 0 post no\n"
    return f'{variables}{forces}print "{index} {values}" append results.txt\nundump result\n'


_COMPONENTS = ("xx", "yy", "zz", "xy", "xz", "yz")


def read_results(
    folder: Path, frames: Sequence[Atoms], prisms: Sequence[Prism], begin: int, species: Sequence[str]
) -> list[Evaluation]:
    """Results of frames in their order, as far as LAMMPS came; ``begin``: the first of them."""
    table = folder / "results.txt"
    lines = table.read_text().splitlines() if table.exists() else []
    evaluations = []
    for line, prism in zip(lines, prisms, strict=False):
        index, energy, *pressures = line.split()
        snapshots = read_dump(folder / f"{index}.dump")
        if not snapshots or len(pressures) != len(_COMPONENTS):
            raise incomplete(folder)
        snapshot = snapshots[0]
        xx, yy, zz, xy, xz, yz = (-float(p) * BAR for p in pressures)
        stress = prism.tensor2_to_ase(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
        moved = snapshot.atoms(species)
        atoms = frames[int(index)].copy()
        atoms.set_cell(prism.vector_to_ase(moved.cell.array))
        atoms.set_positions(prism.vector_to_ase(moved.get_positions()))
        forces = prism.vector_to_ase(snapshot.vectors("fx", "fy", "fz"))
        evaluations.append(Evaluation(None, float(energy), forces, stress, atoms))
        if not (np.isfinite(float(energy)) and np.isfinite(forces).all()):
            evaluations[-1] = Evaluation(error="energy or forces are not finite")
    assert len(evaluations) <= len(frames) - begin
    return evaluations
