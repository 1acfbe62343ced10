"""Input of VASP: a configuration and settings in; INCAR, KPOINTS and POSCAR out, written by pymatgen."""

import difflib
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from pymatgen.core import Lattice, Structure
from pymatgen.io.vasp.inputs import Incar, Kpoints, Poscar

from melt2crystal.engines.base import KBAR_PER_GPA
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.errors import EngineError
from melt2crystal.sections.reference import VaspRecipe, VaspReference

RELAXATION_STEPS = 200
LARGEST_FORCE_EV_PER_A = 0.005  # at which a relaxation has come to its end
# tags of the machine, not of the numbers: they must not separate equal labels
PARALLEL = ("KPAR", "LPLANE", "LSCALAPACK", "LSCALU", "NCORE", "NPAR", "NSIM")


def order_of(atoms: Atoms, species: Sequence[str]) -> np.ndarray:
    """Indices that group the atoms by species, in the order of ``species``, as POSCAR and POTCAR need them.

    Raises:
        EngineError: an atom is of none of the species.
    """
    position = {symbol: number for number, symbol in enumerate(species)}
    strange = sorted(set(atoms.get_chemical_symbols()) - set(position))
    if strange:
        raise EngineError(
            f"a frame holds {', '.join(strange)}, substance.formula only {', '.join(species)}; one of them is wrong"
        )
    return np.argsort([position[symbol] for symbol in atoms.get_chemical_symbols()], kind="stable")


def incar_of(
    reference: VaspReference, recipe: VaspRecipe, relax: bool = False, pressure_GPa: float | None = None
) -> Incar:
    """The INCAR of a single point or a relaxation (ions; and cell, if there is a pressure).

    Without symmetry, because VASP stops on structures whose symmetry is almost one; a relaxation keeps it, so that a
    crystal stays in its space group. No wavefunctions and no densities are written.
    """
    tags: dict[str, Any] = {
        "SYSTEM": "melt2crystal",
        "PREC": reference.prec,
        "ENCUT": reference.encut_eV,
        "EDIFF": reference.ediff_eV,
        "ISMEAR": reference.ismear,
        "SIGMA": reference.sigma_eV,
        "ALGO": recipe.algo,
        "NELM": recipe.nelm,
        "LWAVE": False,
        "LCHARG": False,
    }
    if recipe.amix is not None:
        tags["AMIX"] = recipe.amix
    if recipe.bmix is not None:
        tags["BMIX"] = recipe.bmix
    if relax:
        tags |= {"NSW": RELAXATION_STEPS, "IBRION": 2, "EDIFFG": -LARGEST_FORCE_EV_PER_A}
        tags |= {"ISIF": 2 if pressure_GPa is None else 3}
    else:
        tags |= {"NSW": 0, "IBRION": -1, "ISIF": 2, "ISYM": 0}
    if pressure_GPa:
        tags["PSTRESS"] = pressure_GPa * KBAR_PER_GPA
    return Incar({**tags, **reference.incar})


def check_tags(reference: VaspReference) -> None:
    """VASP passes over tags it does not know in silence, so a misspelt one must stop here.

    Raises:
        EngineError: pymatgen's list of INCAR tags has no such tag.
    """
    for tag in reference.incar:
        if tag not in Incar.INCAR_PARAMS:
            near = difflib.get_close_matches(tag, Incar.INCAR_PARAMS, n=1)
            hint = f"did you mean {near[0]}?" if near else "look it up in VASP's manual"
            raise EngineError(f"reference.incar.{tag}: pymatgen knows no such INCAR tag; {hint}")


def tags_of_numbers(reference: VaspReference) -> dict[str, Any]:
    """The study's own INCAR tags that the converged numbers depend on."""
    return {tag: value for tag, value in sorted(reference.incar.items()) if tag not in PARALLEL}


def write_inputs(
    folder: Path,
    atoms: Atoms,
    species: Sequence[str],
    reference: VaspReference,
    recipe: VaspRecipe,
    relax: bool = False,
    pressure_GPa: float | None = None,
) -> None:
    """Write INCAR, KPOINTS and POSCAR.

    Args:
        species: of the substance; its order is the one of POSCAR and POTCAR.
        relax: relax the ions, and the cell if ``pressure_GPa`` is given.

    Raises:
        EngineError: a frame holds other species.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # check_tags has judged the tags
        incar_of(reference, recipe, relax, pressure_GPa).write_file(folder / "INCAR")
    mesh = k_mesh(atoms, reference.k_points) or (1, 1, 1)
    Kpoints.gamma_automatic(mesh, comment="centred at Gamma").write_file(folder / "KPOINTS")
    Poscar(structure_of(atoms, species), comment="melt2crystal").write_file(folder / "POSCAR", significant_figures=16)


def structure_of(atoms: Atoms, species: Sequence[str]) -> Structure:
    """The cell as VASP gets it: atoms grouped by species, basis vectors right-handed (VASP refuses others)."""
    order = order_of(atoms, species)
    cell = atoms.cell.array
    if np.linalg.det(cell) < 0:
        cell = -cell  # the same lattice
    positions, symbols = atoms.get_positions()[order], [atoms.get_chemical_symbols()[index] for index in order]
    return Structure(Lattice(cell), symbols, positions, coords_are_cartesian=True)
