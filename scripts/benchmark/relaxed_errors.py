"""What became of the relaxed polymorphs beside the reference: volumes, shapes, order of energies, kept or lost."""

import json
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.benchmark.relaxed_crystals import (
    VOLUME,
    judged,
    measures,
    misplaced_pairs,
    of_reference,
    root_mean_square_percent,
)
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv, write_text
from melt2crystal.frames import read_frames
from melt2crystal.options import SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


@reports_errors
def benchmark_relaxed_errors(
    tables: Annotated[list[Path], typer.Argument(help="relaxations of the potentials (CSV, one a potential)")],
    reference: Annotated[Path, typer.Option(help="those of the reference (CSV)")],
    structures: Annotated[Path, typer.Option(help="the benchmark's crystals (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="a row for each crystal, pressure and potential (CSV)")],
    totals: Annotated[Path, typer.Option(help="totals of each potential and pressure (JSON)")],
    settings: SettingsText,
) -> None:
    """A crystal is lost if its space group, its coordination or its volume is no longer that of the reference's."""
    given = Settings(settings)
    substance, symprec = given.section("substance", Substance), given.value("benchmark.relaxed.symprec_A")
    same = given.value("benchmark.relaxed.same_volume_percent")
    around = (substance.formula, substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    crystals = {atoms.info["polymorph"]: atoms for atoms in read_frames(structures)}
    starts = pd.DataFrame({name: vars(measures(a, a, *around, symprec)) for name, a in crystals.items()}).T
    truth = of_reference(pd.read_csv(reference))
    found = [judged(pd.read_csv(path), truth, starts, same) for path in tables]
    write_csv(out, pd.concat(found), "%.7g")
    summary: dict[str, list[dict[str, object]]] = {}
    for table in found:
        for pressure, rows in table.groupby("pressure_GPa"):
            summary.setdefault(str(rows["potential"].iloc[0]), []).append(total_of(float(pressure), rows))
    write_text(totals, json.dumps(summary, indent=1, sort_keys=True) + "\n")
    for row in pd.concat(found).to_dict("records"):
        print(f"{row['potential']}, {row['polymorph']} at {row['pressure_GPa']:g} GPa: {row['verdict']}")


def total_of(pressure: float, rows: pd.DataFrame) -> dict[str, object]:
    """Counts and errors over the crystals at one pressure; errors over those that the reference keeps."""
    held = rows[rows["reference_keeps"] == True]  # noqa: E712  (None where there is no reference)
    wrong, pairs = misplaced_pairs(rows)
    rms = root_mean_square_percent(held["volume_error_percent"])
    return {
        "pressure_GPa": pressure,
        "crystals": len(rows),
        "with_reference": int(rows[f"{VOLUME}_reference"].notna().sum()),
        "kept_by_reference": len(held),
        "kept_by_all_members": int((held["kept"] == held["members"]).sum()),
        "volume_rms_percent": None if rms != rms else round(rms, 4),
        "misplaced_pairs": wrong,
        "pairs": pairs,
    }


if __name__ == "__main__":
    typer.run(benchmark_relaxed_errors)
