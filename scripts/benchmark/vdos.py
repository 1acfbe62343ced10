"""Vibrational spectra of a few polymorphs with one potential: several walks in one LAMMPS process."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from melt2crystal.benchmark.force_fields import model_commands, reference_commands
from melt2crystal.benchmark.vdos import vibrational_density
from melt2crystal.benchmark.vibrational_walk import StartingState, VibrationalWalk, run_walks
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.benchmark import VibrationalSpectrum
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import seed_for
from melt2crystal.settings import Settings
from melt2crystal.structure.coordination import mean_coordination
from melt2crystal.structure.crystals import compact_supercell, conventional_cell, formula_units


@reports_errors
def benchmark_vdos(
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    spectra: Annotated[Path, typer.Option(help="spectra of these polymorphs (CSV)")],
    states: Annotated[Path, typer.Option(help="status, mean temperature, pressure, ... of each walk (CSV)")],
    settings: SettingsText,
    model: Annotated[Path | None, typer.Option(help="DeePMD model that drives; default: the reference drives")] = None,
) -> None:
    """NPT, NVT, then NVE; spectrum of the mass-weighted velocity autocorrelation under a Gaussian window."""
    given = Settings(settings)
    rules = given.section("benchmark.vdos", VibrationalSpectrum)
    substance = given.section("substance", Substance)
    crystals = {atoms.info["polymorph"]: atoms for atoms in read_frames(structures)}
    tasks = {}
    for state in given.value("states"):
        name = state["name"]
        if name not in crystals:
            raise UserError(f"{structures}: has no polymorph {name!r}; make it again from the same study")
        cell = compact_supercell(conventional_cell(crystals[name]), rules.atoms)
        seed = seed_for(given.value("seed"), "vdos", name)
        tasks[name] = StartingState(cell, state["temperature_K"], state["pressure_GPa"], seed)
    force_field = (
        model_commands(model, substance.species)
        if model
        else reference_commands(given.value("reference"), substance.species, "benchmark.vdos.reference")
    )
    walks = run_walks(list(tasks.values()), force_field, substance.species, rules, deepmd=model is not None)
    tables, rows = [], []
    for (name, task), walk in zip(tasks.items(), walks, strict=True):
        tables.append(table_of(name, task, walk, substance.species, rules))
        rows.append({"polymorph": name, **row_of(task, walk, substance)})
        row = rows[-1]
        print(
            f"{name}: {len(task.atoms)} atoms, {walk.status}, {row['mean_temperature_K']:.0f} K, "
            f"{row['mean_pressure_GPa']:.2f} GPa, drift {row['drift_meV_per_atom_per_ps']:.3f} meV/atom/ps"
        )
    write_csv(spectra, pd.concat(tables), "%.6g")
    write_csv(states, pd.DataFrame(rows), "%.6g")


def table_of(
    name: str, task: StartingState, walk: VibrationalWalk, species: list[str], rules: VibrationalSpectrum
) -> pd.DataFrame:
    """The spectrum of a walk, and those of its first and second half (how well it is known); empty if it failed."""
    columns = ["polymorph", "frequency_THz", *(f"vdos_{symbol}" for symbol in species)]
    columns += ["vdos_total", "vdos_first_half", "vdos_second_half"]
    if walk.status != "ok":
        return pd.DataFrame(columns=columns)

    of_atoms = task.atoms.get_masses(), task.atoms.get_chemical_symbols()
    axis = rules.spacing_ps, rules.resolution_THz, rules.largest_frequency_THz
    frequency, whole = vibrational_density(walk.velocities, *of_atoms, *axis)
    middle = len(walk.velocities) // 2
    parts = walk.velocities[:middle], walk.velocities[middle:]
    halves = [vibrational_density(part, *of_atoms, *axis)[1]["total"] for part in parts]
    table = {"polymorph": name, "frequency_THz": frequency}
    table |= {f"vdos_{symbol}": whole.get(symbol, np.zeros_like(frequency)) for symbol in species}
    table |= {"vdos_total": whole["total"], "vdos_first_half": halves[0], "vdos_second_half": halves[1]}
    return pd.DataFrame(table, columns=columns)


def row_of(task: StartingState, walk: VibrationalWalk, substance: Substance) -> dict[str, object]:
    """What the walk was: asked and found state, volume, energy drift, coordination at the end."""
    around = (substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    units = formula_units(task.atoms, substance.formula)
    return {
        "status": walk.status,
        "atoms": len(task.atoms),
        "temperature_K": task.temperature_K,
        "pressure_GPa": task.pressure_GPa,
        "mean_temperature_K": walk.temperature_K,
        "mean_pressure_GPa": walk.pressure_GPa,
        "volume_A3_per_formula": walk.last.get_volume() / units if walk.last else float("nan"),
        "drift_meV_per_atom_per_ps": walk.drift_meV_per_atom_per_ps,
        "coordination": mean_coordination(walk.last, *around) if walk.last else float("nan"),
    }


if __name__ == "__main__":
    typer.run(benchmark_vdos)
