"""Input and output of pw.x: a configuration and settings in; a label or the first telling line out."""

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read
from ase.io.espresso import get_atomic_positions, get_cell_parameters, write_espresso_in
from ase.units import Rydberg

from melt2crystal.engines.base import KBAR_PER_GPA, Label, Status
from melt2crystal.engines.espresso.bands import number_of_bands, too_few_bands
from melt2crystal.engines.espresso.told import unreadable_part
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.engines.process import Ended
from melt2crystal.sections.reference import EspressoRecipe, EspressoReference

# Relaxed, in Ry and Ry/bohr: soft frameworks creep for dozens of steps below that, at energies no curve can show.
RELAXED = {"etot_conv_thr": 3e-5, "forc_conv_thr": 5e-4}
ROUTINE_ERROR = re.compile(r"%{20,}\s*\n\s*Error in routine\s+(\S+)\s*\(\s*(-?\d+)\s*\)\s*:?\s*\n\s*(.*)")
# ends of a diagonalisation that another recipe may survive
NUMERICAL = (
    "too many bands are not converged",
    "cholesky",
    "not positive definite",
    "eigenvectors failed to converge",
    "charge is wrong",
    "dexx is negative",
)
TELLING = re.compile(
    r"error|no space|killed|cannot|can't|not found|out of memory|signal|abort|not enough", re.IGNORECASE
)


@dataclass(frozen=True)
class Calculation:
    """What pw.x does with a configuration.

    Attributes:
        kind: scf, relax (ions), vc-relax (ions and cell) or md (``dynamics.py``).
        pressure_GPa: target of vc-relax.
        variables: namelist -> further variables, or other values of those that every input has.
        cards: text at the end of the input.
    """

    kind: str = "scf"
    pressure_GPa: float | None = None
    variables: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    cards: str = ""


SINGLE_POINT = Calculation()


def write_input(
    path: Path,
    atoms: Atoms,
    reference: EspressoReference,
    recipe: EspressoRecipe,
    calculation: Calculation = SINGLE_POINT,
) -> None:
    """Write the input of pw.x."""
    settings: dict[str, dict[str, object]] = {
        "control": {
            "calculation": calculation.kind,
            "pseudo_dir": str(Path(reference.pseudopotential_folder).resolve()),
            "outdir": "./scratch",
            "disk_io": "none",
            "tprnfor": True,
            "tstress": True,
            **RELAXED,
            "nstep": 200,
        },
        "system": {
            "ecutwfc": reference.ecutwfc_Ry,
            "ecutrho": reference.ecutrho_Ry,
            "occupations": "smearing",
            "smearing": reference.smearing,
            "degauss": reference.degauss_eV / Rydberg,
        },
        "electrons": {
            "conv_thr": reference.conv_thr_Ry,
            "mixing_beta": recipe.mixing_beta,
            "mixing_mode": recipe.mixing_mode,
            "mixing_ndim": recipe.mixing_ndim,
            "diagonalization": recipe.diagonalisation,
            "diago_david_ndim": recipe.david_ndim,
            "electron_maxstep": recipe.steps,
        },
    }
    points: tuple[int, int, int] | np.ndarray | None = k_mesh(atoms, reference.k_points)
    if reference.k_points.mode == "baldereschi":
        points = np.array([[0.25, 0.25, 0.25, 1.0]])
        settings["system"]["nosym"] = True  # else pw.x adds the points that the lattice, not the melt, makes equal
    if isinstance(points, tuple):  # FFT grid commensurate with every screw axis: fewer k-points
        settings["system"]["use_all_frac"] = True
    large = points is None or len(atoms) >= reference.k_points.gamma_from_atoms
    if large and recipe.empty_bands is not None:
        folder = Path(reference.pseudopotential_folder)
        files = {symbol: folder / name for symbol, name in reference.pseudopotentials.items()}
        bands = number_of_bands(atoms, files, recipe.empty_bands)
        if bands is not None:
            settings["system"]["nbnd"] = bands
    if calculation.pressure_GPa is not None:
        settings["cell"] = {"press": calculation.pressure_GPa * KBAR_PER_GPA, "press_conv_thr": 0.2}
    for namelist, values in calculation.variables.items():
        settings.setdefault(namelist, {}).update(values)
    bare = Atoms(atoms.symbols, positions=atoms.get_positions(), cell=atoms.cell, pbc=True)
    offset = (1, 1, 1) if reference.k_points.mode == "shifted-mesh" else (0, 0, 0)
    pseudopotentials = reference.pseudopotentials
    with open(path, "w", encoding="utf-8") as handle:
        write_espresso_in(
            handle, bare, input_data=settings, pseudopotentials=pseudopotentials, kpts=points, koffset=offset
        )
        handle.write(calculation.cards)


def verdict(ended: Ended) -> tuple[Status, str]:
    """Status and the first telling line of a run that was not cut off by the time limit."""
    told = ROUTINE_ERROR.search(ended.output) or ROUTINE_ERROR.search(ended.errors)
    if told:
        routine, _, message = told.groups()
        reason = f"{routine}: {message.strip()}"
        if any(text in message.lower() for text in NUMERICAL):
            return "unconverged", reason
        return "crashed", reason
    for line in ended.output.splitlines():
        if "convergence NOT achieved" in line:
            return "unconverged", line.strip()
    if ended.status == 0 and "JOB DONE." in ended.output:
        few = too_few_bands(ended.output)
        return ("unconverged", few) if few else ("ok", "")
    lines = [line.strip() for line in ended.errors.splitlines() if line.strip(" -\t")]
    telling = [line for line in lines if TELLING.search(line)] or lines
    if telling:
        return "crashed", telling[0]
    if ended.status < 0:
        return "crashed", f"pw.x was killed by signal {-ended.status}"
    return "crashed", f"pw.x ended with status {ended.status}, its output is not complete"


def label_of(ended: Ended, frame: Atoms) -> Label:
    """The label in the output of an SCF; energy eV (-TS included), forces eV/Å, stress eV/Å^3 with ASE's sign."""
    status, reason = verdict(ended)
    if status != "ok":
        return Label(status, reason)
    try:
        result = _last_image(ended.output)
        if list(result.symbols) != list(frame.symbols):
            return Label("crashed", "the output of pw.x is about other atoms")
        return Label("ok", "", result.get_potential_energy(), result.get_forces(), result.get_stress(voigt=False))
    except Exception:  # the parser raises many kinds on numbers that are no numbers
        return Label("crashed", f"the output of pw.x can't be read: {unreadable_part(ended.output)}")


def _last_image(output: str) -> Atoms:
    found = read(io.StringIO(output), format="espresso-out", index=-1)
    assert isinstance(found, Atoms)  # one index, one structure
    return found


def last_structure(ended: Ended, given: Atoms) -> tuple[Label, Atoms | None]:
    """The relaxed structure of a relax or vc-relax, and how it ended.

    Read from the final coordinates, which have enough digits for the symmetry to survive.
    """
    status, reason = verdict(ended)
    lines = ended.output.splitlines()
    marks = [number for number, line in enumerate(lines) if line.startswith(("Begin final", "End final"))]
    if status == "ok" and len(marks) != 2:
        status, reason = "unconverged", "the relaxation of pw.x did not come to an end"
    if status != "ok":
        return Label(status, reason), None
    final = lines[marks[0] : marks[1]]
    cell, _ = get_cell_parameters(final)
    cell = given.cell.array if cell is None else np.array(cell)  # pw.x writes no cell when only ions moved
    positions = [entry[1] for entry in get_atomic_positions(final, len(given), cell)]
    return Label("ok"), Atoms(given.symbols, positions=positions, cell=cell, pbc=True)
