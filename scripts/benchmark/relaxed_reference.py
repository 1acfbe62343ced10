"""Relax cell and ions of each polymorph with the reference from rattled starts; or take its crystals as they are."""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.benchmark.elastic import elasticity
from melt2crystal.benchmark.relaxed_crystals import RELAXED, SYMMETRY_KEPT
from melt2crystal.benchmark.relaxed_rows import REFERENCE, End, start_of, write_ends
from melt2crystal.engines.base import ReferenceEngine
from melt2crystal.errors import reports_errors
from melt2crystal.frames import read_frames
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.sections.relaxed_crystals import RattledStarts, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def benchmark_relaxed_reference(
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="what became of each (CSV)")],
    ends: Annotated[Path, typer.Option(help="the structures reached (extended XYZ)")],
    settings: SettingsText,
    curve: Annotated[
        Path | None, typer.Option(help="the reference's curve (CSV): energies of crystals that it does not relax")
    ] = None,
    places: PlacesText = "{}",
) -> None:
    """With ``reference`` among the settings it relaxes; without, its crystals kept their symmetry and are said to."""
    given = Settings(settings)
    rules, substance = part_of(given, RattledStarts), given.section("substance", Substance)
    crystals = read_frames(structures)
    if "reference" in given.values:
        from melt2crystal.engines.registry import reference_engine

        engine = reference_engine(given.value("reference"), substance.species, places)
        engine.check()
        found = relaxed(crystals, engine, rules, given.value("benchmark.relaxed.starts"), given.value("seed"))
    else:
        found = as_they_are(crystals, curve)
    write_ends(found, "reference", rules, substance, out, ends)


def relaxed(
    crystals: list[Atoms], engine: ReferenceEngine, rules: RattledStarts, starts: int, seed: int
) -> Iterator[End]:
    """The end of every start of each crystal, as it comes."""
    for crystal in crystals:
        for pressure in rules.pressures_GPa:
            for start in range(starts):
                (end,) = engine.relax([start_of(crystal, rules, seed, start)], pressure)
                energy = float(end.get_potential_energy())
                end.calc = None
                asked = rules.is_elastic(crystal.info["polymorph"], pressure)
                elastic = elasticity(end, partial(stresses, engine), rules.elastic_strain) if asked else None
                yield End(crystal, pressure, REFERENCE, start, RELAXED, end, energy, elastic)


def stresses(engine: ReferenceEngine, cells: Sequence[Atoms]) -> list[np.ndarray]:
    """Stress of each cell after its ions are relaxed, Voigt's order, eV/A^3."""
    return [np.asarray(atoms.get_stress()) for atoms in engine.relax(cells, None)]


def as_they_are(crystals: list[Atoms], curve: Path | None) -> Iterator[End]:
    """The crystals of the curves, which had no chance to break their symmetry; energies at volume scale 1."""
    energies: dict[str, float] = {}
    if curve is not None:
        table = pd.read_csv(curve)
        at_rest = table[np.isclose(table["volume_scale"].astype(float), 1.0)]
        energies = dict(zip(at_rest["polymorph"], at_rest["energy_eV_per_atom"], strict=True))
    for crystal in crystals:
        energy = energies.get(crystal.info["polymorph"], float("nan")) * len(crystal)
        yield End(crystal, 0.0, REFERENCE, 0, SYMMETRY_KEPT, crystal.copy(), energy)


if __name__ == "__main__":
    typer.run(benchmark_relaxed_reference)
