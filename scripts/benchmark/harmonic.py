"""Harmonic spectra with one potential, from its forces on the displaced supercells."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.benchmark.harmonic import HarmonicDensity, displaced_crystal, harmonic_density, supercells
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.benchmark import HarmonicSpectrum, VibrationalSpectrum
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings

MEAN = -1  # member whose forces are the ensemble's mean, or the reference's


@reports_errors
def benchmark_harmonic(
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    requested: Annotated[Path, typer.Option(help="supercells that were asked for (extended XYZ)")],
    spectra: Annotated[Path, typer.Option(help="densities of states (CSV); member -1 is the ensemble's mean")],
    states: Annotated[Path, typer.Option(help="lowest frequency, share of imaginary modes, ... (CSV)")],
    settings: SettingsText,
    models: Annotated[list[Path] | None, typer.Argument(help="models of the potential, member 0 first")] = None,
    labels: Annotated[Path | None, typer.Option(help="the reference's labels instead (extended XYZ)")] = None,
) -> None:
    """Density of states of each polymorph on the axis of benchmark.vdos, with the same broadening."""
    given = Settings(settings)
    rules = given.section("benchmark.harmonic", HarmonicSpectrum)
    axis = given.section("benchmark.vdos", VibrationalSpectrum)
    species = given.section("substance", Substance).species
    crystals = {atoms.info["polymorph"]: atoms for atoms in read_frames(structures)}
    frames = read_frames(requested)
    forces = of_reference(labels) if labels else of_models(models or [], frames)
    tables, rows = [], []
    for name in given.value("polymorphs"):
        mine = checked(name, crystals[name], [atoms for atoms in frames if atoms.info["polymorph"] == name], rules)
        missing = [atoms.info["frame_id"] for atoms in mine if atoms.info["frame_id"] not in forces]
        if missing:
            print(f"{name}: {len(missing)} of {len(mine)} supercells have no label (see labels.csv); left out")
            continue
        of_members = np.array([forces[atoms.info["frame_id"]] for atoms in mine])  # [supercells, members, atoms, 3]
        members = {MEAN: of_members.mean(axis=1)}
        members |= {k: of_members[:, k] for k in range(of_members.shape[1])} if labels is None else {}
        for member, of_cells in members.items():
            phonons = displaced_crystal(crystals[name], rules.width_A, rules.displacement_A)
            found = harmonic_density(
                phonons, list(of_cells), axis.resolution_THz, axis.largest_frequency_THz, rules.mesh_length_A
            )
            tables.append(table_of(name, member, found, species))
            residual = float(np.linalg.norm(of_cells[0], axis=1).max())
            rows.append((name, member, len(mine[0]), len(mine) - 1, residual, found.lowest_THz, found.imaginary_share))
            if member == MEAN:
                print(f"{name}: lowest {found.lowest_THz:.2f} THz, {100 * found.imaginary_share:.1f} % imaginary")
    columns = ["polymorph", "member", "atoms", "displacements", "residual_force_eV_per_A", "lowest_THz"]
    write_csv(states, pd.DataFrame(rows, columns=[*columns, "imaginary_share"]), "%.6g")
    empty = pd.DataFrame(columns=columns_of(species))
    write_csv(spectra, pd.concat(tables) if tables else empty, "%.6g")


def of_reference(path: Path) -> dict[str, np.ndarray]:
    """Frame id -> forces [1, atoms, 3], eV/Å."""
    return {atoms.info["frame_id"]: atoms.get_forces()[None] for atoms in read_frames(path)}


def of_models(paths: list[Path], frames: list[Atoms]) -> dict[str, np.ndarray]:
    """Frame id -> forces [members, atoms, 3], eV/Å."""
    from melt2crystal.train.models import Ensemble

    found = Ensemble(paths).evaluate(frames)[1]
    return {atoms.info["frame_id"]: forces for atoms, forces in zip(frames, found, strict=True)}


def checked(name: str, crystal: Atoms, frames: list[Atoms], rules: HarmonicSpectrum) -> list[Atoms]:
    """The frames in the order of their displacements, if they are the crystal's displaced supercells."""
    mine = sorted(frames, key=lambda atoms: atoms.info["displacement"])
    wanted = supercells(displaced_crystal(crystal, rules.width_A, rules.displacement_A))
    if [atoms.info["frame_id"] for atoms in mine] != [atoms.info["frame_id"] for atoms in wanted]:
        raise UserError(
            f"label/harmonic/requested.extxyz: the supercells of {name} are not those of benchmark/structures.extxyz; "
            "delete the former and run snakemake again"
        )
    return mine


def columns_of(species: list[str]) -> list[str]:
    """Columns of the table of spectra."""
    return ["polymorph", "member", "frequency_THz", *(f"vdos_{symbol}" for symbol in species), "vdos_total"]


def table_of(name: str, member: int, found: HarmonicDensity, species: list[str]) -> pd.DataFrame:
    """One spectrum as rows of the table."""
    table: dict[str, object] = {"polymorph": name, "member": member, "frequency_THz": found.frequency_THz}
    nothing = np.zeros_like(found.frequency_THz)
    table |= {f"vdos_{symbol}": found.density.get(symbol, nothing) for symbol in species}
    return pd.DataFrame(table | {"vdos_total": found.density["total"]}, columns=columns_of(species))


if __name__ == "__main__":
    typer.run(benchmark_harmonic)
