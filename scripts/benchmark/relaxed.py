"""Relax cell and ions of each polymorph from a rattled start, with each member of one potential."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from ase import Atoms
from ase.calculators.calculator import Calculator
from ase.optimize import BFGS

from melt2crystal.benchmark.elastic import Elasticity, elasticity
from melt2crystal.benchmark.relaxed_crystals import RELAXED, UNFINISHED, guard_of
from melt2crystal.benchmark.relaxed_rows import End, start_of, write_ends
from melt2crystal.errors import reports_errors
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.relaxation.one_by_one import relax
from melt2crystal.sections.relaxed_crystals import PotentialRelaxation, RattledStarts, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.train.models import Ensemble


@reports_errors
def benchmark_relaxed(
    models: Annotated[list[Path], typer.Argument(help="models of the potential, member 0 first")],
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    potential: Annotated[str, typer.Option(help="its name in the table")],
    out: Annotated[Path, typer.Option(help="what became of each (CSV)")],
    ends: Annotated[Path, typer.Option(help="the structures reached (extended XYZ)")],
    settings: SettingsText,
) -> None:
    """Each member begins with the first of the reference's starts."""
    given = Settings(settings)
    rules, substance = part_of(given, RattledStarts), given.section("substance", Substance)
    ending, seed = part_of(given, PotentialRelaxation), given.value("seed")
    found = relaxed(read_frames(structures), Ensemble(models), rules, ending, seed)
    write_ends(found, potential, rules, substance, out, ends)


def relaxed(
    crystals: list[Atoms], ensemble: Ensemble, rules: RattledStarts, ending: PotentialRelaxation, seed: int
) -> Iterator[End]:
    """The end of each relaxation, as it comes."""
    for member in range(len(ensemble)):
        calculator = ensemble.calculator(member)
        for crystal in crystals:
            for pressure in rules.pressures_GPa:
                begin, guard = start_of(crystal, rules, seed, 0), guard_of(crystal)
                try:
                    done = relax(begin, calculator, pressure, ending.force_eV_per_A, ending.steps, guard=guard)
                except (FloatingPointError, np.linalg.LinAlgError, ValueError) as error:  # ASE's and numpy's words
                    yield End(crystal, pressure, member, 0, f"failed: {error}", None, float("nan"))
                    continue
                state = RELAXED if done.converged else done.complaint or UNFINISHED
                asked = done.converged and rules.is_elastic(crystal.info["polymorph"], pressure)
                elastic = constants(done.atoms, calculator, rules.elastic_strain, ending) if asked else None
                yield End(crystal, pressure, member, 0, state, done.atoms, done.energy_eV, elastic)


def constants(crystal: Atoms, calculator: Calculator, strain: float, ending: PotentialRelaxation) -> Elasticity | None:
    """Elastic constants, ions relaxed in each strained cell; None if the potential fails there."""

    def stresses(cells: Sequence[Atoms]) -> list[np.ndarray]:
        found = []
        for atoms in cells:
            atoms.calc = calculator
            BFGS(atoms, logfile=None).run(fmax=ending.force_eV_per_A, steps=ending.steps)
            found.append(atoms.get_stress())
        return found

    try:
        return elasticity(crystal, stresses, strain)
    except (FloatingPointError, np.linalg.LinAlgError, ValueError) as error:
        print(f"{crystal.info.get('polymorph', 'crystal')}: no elastic constants: {error}", flush=True)
        return None


if __name__ == "__main__":
    typer.run(benchmark_relaxed)
