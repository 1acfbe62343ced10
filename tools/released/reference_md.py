"""Molecular dynamics of a crystal with the reference: native ``pw.x``, one process for the whole walk, none of it lost.

``python -m tools.released.reference_md results/aimd alpha_cristobalite --picoseconds 1.5``

The relaxed crystal (``--structure``, default ``data/polymorphs/pbe/<polymorph>.cif``) is repeated, its ions are relaxed
once more at Gamma, where the walk is computed, and set in motion with velocities of twice the temperature: a crystal at
rest in its minimum gives half of them away. NVE, Verlet. The same command again goes on after a kill or, with more
picoseconds, further. ``python -m tools.released.release_md results/aimd/<polymorph>`` releases what is there.
"""

import json
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ase import Atoms, units
from ase.build import make_supercell
from ase.md.velocitydistribution import Stationary, thermalize_momenta
from pydantic import BaseModel, ValidationError

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.espresso.walk import EspressoWalk, locked
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import digest_of_file, write_text
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.sections.benchmark import eleven_polymorphs
from melt2crystal.sections.reference import EspressoKPoints, EspressoReference
from melt2crystal.structure.crystals import compact_supercell, conventional_cell, read_crystal

SPECIES = ("Si", "O")
ATOMS = 24  # of a supercell that is not named here
SUPERCELLS = {"alpha_cristobalite": ((1, 1, 0), (-1, 1, 0), (0, 0, 1))}  # of the conventional cell; 7 Å each way
RELAX_S = 6e4  # fifty times this for the relaxation: it may run on idle CPU
SETTINGS, START = "walk.json", "start.extxyz"


class WalkSettings(BaseModel):
    """What a walk was begun with; another value is another walk."""

    polymorph: str
    structure_sha256: str
    temperature_K: float
    time_step_fs: float
    conv_thr_Ry: float
    seed: int


def walk_engine(conv_thr_Ry: float) -> EspressoEngine:
    """The reference at Gamma; ``conv_thr_Ry`` keeps the energy of the walk."""
    # a crystal has a gap: its SCF needs none of the care of a hot melt
    default = EspressoReference()
    recipes = [default.recipes[0].model_copy(update={"mixing_beta": 0.5}), *default.recipes[1:]]
    changes = {"k_points": EspressoKPoints(mode="gamma"), "conv_thr_Ry": conv_thr_Ry, "recipes": recipes}
    return EspressoEngine(default.model_copy(update={**changes, "timeout_s": RELAX_S}), SPECIES)


def supercell(crystal: Atoms, name: str) -> Atoms:
    """The cell of the walk."""
    cell = conventional_cell(crystal)
    if name in SUPERCELLS:
        return make_supercell(cell, np.array(SUPERCELLS[name]))
    return compact_supercell(cell, ATOMS)


def set_in_motion(atoms: Atoms, temperature_K: float, seed: int) -> Atoms:
    """A copy with Gaussian velocities of twice the temperature, exactly, and no momentum of the whole."""
    moving = atoms.copy()
    thermalize_momenta(moving, 2 * temperature_K, rng=np.random.default_rng(seed))
    Stationary(moving, preserve_temperature=False)
    moving.set_momenta(moving.get_momenta() * np.sqrt(2 * temperature_K / temperature_of(moving)))
    return moving


def temperature_of(atoms: Atoms) -> float:
    """K, with three degrees of freedom less than coordinates: the whole does not move."""
    return float(2 * atoms.get_kinetic_energy() / (3 * len(atoms) - 3) / units.kB)


def checked_settings(folder: Path, wanted: WalkSettings) -> bool:
    """Whether the folder has a walk with these settings; False if it has none.

    Raises:
        UserError: it has one with other settings.
    """
    path = folder / SETTINGS
    if not path.is_file():
        return False
    there = read_settings(folder)
    for key, value in wanted.model_dump().items():
        if getattr(there, key) != value:
            raise UserError(
                f"{path}: {key} of this walk is {getattr(there, key)}, not {value}; another walk needs another folder"
            )
    return True


def read_settings(folder: Path) -> WalkSettings:
    """What the walk in a folder was begun with.

    Raises:
        UserError: there is none.
    """
    path = folder / SETTINGS
    try:
        return WalkSettings.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise UserError(
            f"{path}: not the settings of a walk ({error}); name a folder of tools.released.reference_md"
        ) from None


def the_walk(folder: Path) -> EspressoWalk:
    """The walk that was begun in a folder."""
    start = read_frames(folder / START)[0]
    start.calc = None
    return EspressoWalk(folder, start, read_settings(folder).time_step_fs)


def begin(folder: Path, settings: WalkSettings, structure: Path, engine: EspressoEngine) -> None:
    """Relax the ions, give them velocities, write both down."""
    cell = supercell(read_crystal(structure), settings.polymorph)
    cell.info["polymorph"] = settings.polymorph
    relaxed = engine.relax([canonical_frame(cell)], None)[0]
    print(f"relaxed at Gamma: largest force {np.abs(relaxed.get_forces()).max():.4f} eV/Å", flush=True)
    relaxed.calc = None
    write_frames(folder / START, [set_in_motion(canonical_frame(relaxed), settings.temperature_K, settings.seed)])
    write_text(folder / SETTINGS, json.dumps(settings.model_dump(), indent=1) + "\n")


@reports_errors
def reference_md(
    folder: Annotated[Path, typer.Argument(help="walks are kept in <folder>/<polymorph>")],
    polymorph: Annotated[str, typer.Argument(help="one of the eleven")],
    picoseconds: Annotated[float, typer.Option(help="length of the walk")] = 1.5,
    structure: Annotated[Path | None, typer.Option(help="relaxed crystal; default: the released one")] = None,
    temperature: Annotated[float | None, typer.Option(help="K; default: the benchmark's")] = None,
    time_step_fs: Annotated[float, typer.Option(help="time step")] = 2.0,
    conv_thr_ry: Annotated[float, typer.Option(help="energy error at which each SCF has converged, Ry")] = 1e-7,
    seed: Annotated[int, typer.Option(help="of the velocities")] = 20261125,
) -> None:
    """Begin a walk or go on with it."""
    known = eleven_polymorphs()
    if polymorph not in known:
        raise UserError(f"{polymorph!r} is no polymorph; allowed: {', '.join(known)}")
    structure = structure or Path("data/polymorphs/pbe") / f"{polymorph}.cif"
    if not structure.is_file():
        raise UserError(
            f"{structure}: there is no such structure; relax it with the reference "
            f"(python -m tools.released.reference_crystals FOLDER relax:{polymorph}) and name it with --structure"
        )
    settings = WalkSettings(
        polymorph=polymorph,
        structure_sha256=digest_of_file(structure),
        temperature_K=known[polymorph].temperature_K if temperature is None else temperature,
        time_step_fs=time_step_fs,
        conv_thr_Ry=conv_thr_ry,
        seed=seed,
    )
    place, engine = folder.resolve() / polymorph, walk_engine(conv_thr_ry)
    engine.check()
    with locked(place / "beginning"):
        if not checked_settings(place, settings):
            begin(place, settings, structure, engine)
    walk, steps = the_walk(place), round(1000 * picoseconds / time_step_fs) + 1
    print(f"{place}: {len(walk.steps()[0])} of {steps} steps, settings digest {settings_digest(engine)}", flush=True)
    walk.compute(engine, steps)
    print(f"{place}: {steps} steps; python -m tools.released.release_md {place} releases them")


if __name__ == "__main__":
    typer.run(reference_md)
