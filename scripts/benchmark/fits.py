"""Birch-Murnaghan fits of every energy-volume curve."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.benchmark.equation_of_state import fit_birch_murnaghan
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def benchmark_fits(
    curves: Annotated[list[Path], typer.Argument(help="energies of the potentials (CSV, named after the potential)")],
    out: Annotated[Path, typer.Option(help="parameters with errors (CSV)")],
    settings: SettingsText,
) -> None:
    """Fit each polymorph, potential and member; column status says which fits to trust."""
    given = Settings(settings)
    atoms = given.section("substance", Substance).atoms_per_formula_unit
    ions = {"fixed": "clamped", "relaxed": "relaxed"}[given.value("benchmark.energy_volume.ions")]
    rows = []
    for path in curves:
        table = pd.read_csv(path)
        for (polymorph, member), curve in table.groupby(["polymorph", "member"], sort=False):
            fit = fit_birch_murnaghan(
                curve.volume_A3_per_formula.to_numpy(), curve.energy_eV_per_atom.to_numpy() * atoms
            )
            rows.append(
                {
                    "polymorph": polymorph,
                    "potential": path.stem,
                    "member": member,
                    "ions": ions,
                    "V0_A3_per_formula": fit.V0_A3,
                    "V0_error": fit.V0_error,
                    "B0_GPa": fit.B0_GPa,
                    "B0_error": fit.B0_error,
                    "B0_prime": fit.B0_prime,
                    "B0_prime_error": fit.B0_prime_error,
                    "E0_eV_per_atom": fit.E0_eV / atoms,
                    "E0_error_meV_per_atom": 1000 * fit.E0_error / atoms,
                    "status": fit.status,
                }
            )
    write_csv(out, pd.DataFrame(rows), "%.8g")


if __name__ == "__main__":
    typer.run(benchmark_fits)
