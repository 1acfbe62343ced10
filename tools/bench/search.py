"""How many relaxations a core does in a minute: in lock step, one by one, and with ASE alone.

The same potential, the same random starts, the same largest force at the end. Relaxations in lock step share their
calls; the cost of a call is divided among them by their evaluations. Times are CPU times of one thread, so that other
programs on the machine hardly matter.
"""

import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ase import Atoms
from ase.filters import FrechetCellFilter
from ase.optimize import BFGS
from ase.units import GPa

from melt2crystal.frames import read_frames
from melt2crystal.provenance import ROOT
from melt2crystal.relaxation.lock_step import LockStep
from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.relaxation.relaxer import Relaxed, Target
from melt2crystal.search.starts.generate import Recipe, origin_of, start
from melt2crystal.sections.search import Starts
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for
from melt2crystal.train.models import Ensemble
from tools.bench.hit_page import tables_of
from tools.bench.hits import CRYSTALS, TABLES

VOLUMES_A3_PER_ATOM = (7.0, 17.0)
STEPS = 300
SAME_EV_PER_ATOM, SAME_VOLUME = 1e-3, 0.01


@dataclass(frozen=True)
class Timed:
    """Core-seconds of each relaxation, and where it ended."""

    core_s: np.ndarray
    ends: Sequence[Relaxed]


def bench_search(
    model: Annotated[Path, typer.Argument(help="a compressed model (.pb) of SiO2")],
    units: Annotated[list[int], typer.Option(help="formula units per cell; several")] = [2, 4, 8],  # noqa: B006
    structures: Annotated[int, typer.Option(help="starts relaxed in lock step")] = 64,
    compared: Annotated[int, typer.Option(help="how many of them are relaxed by the slow paths too")] = 8,
    pressure: Annotated[float, typer.Option(help="pressure, GPa")] = 10.0,
    force: Annotated[float, typer.Option(help="largest force at the end, eV/A")] = 0.005,
) -> None:
    """Print ratios for each cell size, then the committed hit table."""
    ensemble = Ensemble([model])
    target = Target(pressure, force, STEPS)
    for number in units:
        starts, core_s = random_starts(number, structures)
        print(f"{number} formula units: a start {1e3 * core_s:.0f} ms", flush=True)
        LockStep(ensemble.evaluator).relax_all(starts[:2], Target(pressure, force, 2))  # the first calls build buffers
        fast = in_lock_step(ensemble, starts, target)
        few = starts[:compared]
        today, ase = one_by_one(ensemble, few, target), with_ase(ensemble, few, target)
        say("lock step", fast, fast, compared=False)
        say("one by one", today, fast, compared=True)
        say("FrechetCellFilter, BFGS", ase, fast, compared=True)
    if (TABLES / CRYSTALS).is_file():
        print("\n" + "\n\n".join(f"{table.name}\n{table.in_markdown()}" for table, _ in tables_of(TABLES)))


def random_starts(formula_units: int, structures: int) -> tuple[list[Atoms], float]:
    """Starts in the shares of a study, and core-seconds of one."""
    substance, shares = Substance(), Starts()
    melts = tuple(read_frames(ROOT / "tests/data/melts.extxyz")[:4])
    recipe = Recipe(
        substance.formula,
        formula_units,
        VOLUMES_A3_PER_ATOM,
        substance.minimum_distances_A,
        (shares.melt_share, shares.symmetric_share, shares.rattled_share),
        shares.rattle_A,
        melts,
    )
    begun = time.process_time()
    made = [
        start(recipe, origin_of(index, recipe.shares), generator_for(1, "bench", formula_units, index))
        for index in range(structures)
    ]
    return made, (time.process_time() - begun) / structures


def in_lock_step(ensemble: Ensemble, starts: list[Atoms], target: Target) -> Timed:
    """All of them at once."""
    begun = time.process_time()
    ends = LockStep(ensemble.evaluator).relax_all(starts, target)
    evaluations = np.array([end.evaluations for end in ends], dtype=float)
    return Timed((time.process_time() - begun) * evaluations / evaluations.sum(), ends)


def one_by_one(ensemble: Ensemble, starts: list[Atoms], target: Target) -> Timed:
    """As potentials are relaxed that know no batches: UnitCellFilter, two stages."""
    relaxer, ends, core_s = OneByOne(ensemble.calculator(0)), [], []
    for atoms in starts:
        begun = time.process_time()
        ends += relaxer.relax_all([atoms], target)
        core_s.append(time.process_time() - begun)
    return Timed(np.array(core_s), ends)


def with_ase(ensemble: Ensemble, starts: list[Atoms], target: Target) -> Timed:
    """As ASE's documentation does it, with its own settings."""
    ends, core_s = [], []
    for atoms in starts:
        begun = time.process_time()
        moving = atoms.copy()
        moving.calc = ensemble.calculator(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            filtered = FrechetCellFilter(moving, scalar_pressure=target.pressure_GPa * GPa)
            optimiser = BFGS(filtered, logfile=None)  # type: ignore[arg-type]
            converged = bool(optimiser.run(fmax=target.force_eV_per_A, steps=target.steps))
        energy = float(moving.get_potential_energy())
        core_s.append(time.process_time() - begun)
        ends.append(Relaxed(moving, energy, converged, optimiser.nsteps + 1))
    return Timed(np.array(core_s), ends)


def say(name: str, timed: Timed, fast: Timed, compared: bool) -> None:
    """One line: cost, evaluations, and how many times as much as in lock step, on the same starts."""
    number = len(timed.ends)
    evaluations = np.mean([end.evaluations for end in timed.ends])
    words = f"  {name:24s} {1e3 * timed.core_s.mean():7.0f} ms a relaxation, {evaluations:5.1f} evaluations, "
    words += f"{sum(end.converged for end in timed.ends)} of {number} converged"
    if compared:
        words += f"; lock step {timed.core_s.sum() / fast.core_s[:number].sum():.1f} times as fast"
        alike = sum(same(one, other) for one, other in zip(timed.ends, fast.ends, strict=False))
        words += f", {alike} of {number} end in the same minimum"
    else:
        words += f", {60 / timed.core_s.mean():.0f} a core-minute"
    print(words, flush=True)


def same(one: Relaxed, other: Relaxed) -> bool:
    """Whether two ends are one minimum: 1 meV/atom and 1 % of the volume."""
    energies = abs(one.energy_eV - other.energy_eV) / len(one.atoms)
    volumes = abs(one.atoms.get_volume() / other.atoms.get_volume() - 1)
    return bool(energies < SAME_EV_PER_ATOM and volumes < SAME_VOLUME)


if __name__ == "__main__":
    typer.run(bench_search)
