"""Relax cell and ions of each polymorph from a rattled start, with each member of one potential or the reference."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.benchmark.relaxed_crystals import RELAXED, SYMMETRY_KEPT, UNFINISHED, guard_of, measures, rattled
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.relaxation.one_by_one import enthalpy, relax
from melt2crystal.sections.benchmark import RelaxedCrystals
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for
from melt2crystal.settings import Settings

NO_ENERGY = float("nan")
End = tuple[Atoms | None, float, str]  # structure, energy (eV), state
COLUMNS = [
    "polymorph", "potential", "pressure_GPa", "member", "start", "state", "volume_A3_per_formula", "c_over_a",
    "bridging_angle_deg", "coordination", "space_group", "energy_eV_per_atom", "enthalpy_eV_per_atom",
]  # fmt: skip


@reports_errors
def benchmark_relaxed(
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="what became of each (CSV)")],
    ends: Annotated[Path, typer.Option(help="the structures reached (extended XYZ)")],
    settings: SettingsText,
    models: Annotated[
        list[Path] | None, typer.Argument(help="models of the potential, member 0 first; none: the reference")
    ] = None,
    curve: Annotated[
        Path | None, typer.Option(help="the reference's curve (CSV): energies of crystals that it does not relax")
    ] = None,
    places: PlacesText = "{}",
) -> None:
    """The same starts for all potentials and the reference, so that a different end is a different potential."""
    given = Settings(settings)
    rules, substance = given.section("benchmark.relaxed", RelaxedCrystals), given.section("substance", Substance)
    crystals = read_frames(structures)
    potential = given.value("potential")
    if models:
        found = of_models(crystals, models, rules, given.value("seed"))
    elif "reference" in given.values:
        found = of_reference(crystals, given, rules, places)
    else:
        found = as_they_are(crystals, curve)
    around = (substance.formula, substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    rows: list[dict[str, Any]] = []
    frames = []
    for crystal, pressure, member, start, (end, energy, state) in found:
        row = {"polymorph": crystal.info["polymorph"], "potential": potential, "pressure_GPa": pressure}
        row |= {"member": member, "start": start, "state": state}
        if end is not None:
            row |= asdict(measures(crystal, end, *around, rules.symprec_A))
            row["energy_eV_per_atom"] = energy / len(end)
            row["enthalpy_eV_per_atom"] = enthalpy(energy, end.get_volume(), pressure) / len(end)
            end.info = {key: row[key] for key in ("polymorph", "pressure_GPa", "member", "start")}
            frames.append(end)
        rows.append(row)
        said = f"{row['polymorph']} at {pressure:g} GPa, member {member}, start {start}: {state}"
        print(f"{said}, {row.get('volume_A3_per_formula', NO_ENERGY):.3f} A^3, SG {row.get('space_group')}", flush=True)
    write_frames(ends, frames)
    write_csv(out, pd.DataFrame(rows, columns=COLUMNS), "%.9g")


def start_of(crystal: Atoms, rules: RelaxedCrystals, seed: int, start: int) -> Atoms:
    """The rattled crystal."""
    name = crystal.info["polymorph"]
    return rattled(crystal, rules.rattle_A, generator_for(seed, "benchmark.relaxed", name, start))


def of_models(
    crystals: list[Atoms], models: list[Path], rules: RelaxedCrystals, seed: int
) -> Iterator[tuple[Atoms, float, int, int, End]]:
    """Each member from the first start."""
    from melt2crystal.train.models import Ensemble

    ensemble = Ensemble(models)
    for member in range(len(ensemble)):
        calculator = ensemble.calculator(member)
        for crystal in crystals:
            for pressure in rules.pressures_GPa:
                begin = start_of(crystal, rules, seed, 0)
                try:
                    done = relax(
                        begin, calculator, pressure, rules.force_eV_per_A, rules.steps, guard=guard_of(crystal)
                    )
                except (FloatingPointError, np.linalg.LinAlgError, ValueError) as error:  # ASE's and numpy's words
                    yield crystal, pressure, member, 0, (None, NO_ENERGY, f"failed: {error}")
                    continue
                state = RELAXED if done.converged else done.complaint or UNFINISHED
                yield crystal, pressure, member, 0, (done.atoms, done.energy_eV, state)


def of_reference(
    crystals: list[Atoms], given: Settings, rules: RelaxedCrystals, places: str
) -> Iterator[tuple[Atoms, float, int, int, End]]:
    """The reference from every start."""
    from melt2crystal.engines.registry import reference_engine

    engine = reference_engine(given.value("reference"), given.section("substance", Substance).species, places)
    engine.check()
    for crystal in crystals:
        for pressure in rules.pressures_GPa:
            for start in range(rules.starts):
                (end,) = engine.relax([start_of(crystal, rules, given.value("seed"), start)], pressure)
                energy = float(end.get_potential_energy())
                end.calc = None
                yield crystal, pressure, -1, start, (end, energy, RELAXED)


def as_they_are(crystals: list[Atoms], curve: Path | None) -> Iterator[tuple[Atoms, float, int, int, End]]:
    """The crystals of the curves, which had no chance to break their symmetry; energies at volume scale 1."""
    table = pd.DataFrame(columns=["polymorph", "volume_scale", "energy_eV_per_atom"])
    if curve is not None:
        table = pd.read_csv(curve)
    at_rest = table[np.isclose(table["volume_scale"].astype(float), 1.0)]
    energies = dict(zip(at_rest["polymorph"], at_rest["energy_eV_per_atom"], strict=True))
    for crystal in crystals:
        energy = energies.get(crystal.info["polymorph"], NO_ENERGY) * len(crystal)
        yield crystal, 0.0, -1, 0, (crystal.copy(), energy, SYMMETRY_KEPT)


if __name__ == "__main__":
    typer.run(benchmark_relaxed)
