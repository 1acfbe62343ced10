"""Give each polymorph its spectra, and compare the model's with the reference's."""

from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer

from melt2crystal.benchmark.vdos import Baseline, baselines, overlap
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.options import SettingsText
from melt2crystal.settings import Settings

HALVES = ["vdos_first_half", "vdos_second_half"]
REFERENCE = "reference"


@reports_errors
def benchmark_overlaps(
    spectra: Annotated[list[Path], typer.Argument(help="{potential}-{chunk}.csv with .states.csv beside")],
    out: Annotated[
        Path,
        typer.Option(
            help="overlap of each polymorph's spectra (CSV); spectra go to {potential}/{polymorph}.csv beside it"
        ),
    ],
    settings: SettingsText,
) -> None:
    """Overlap: common area of two spectra of unit area, integral of min(a, b); 1 if equal, 0 if disjoint.

    Beside each stands its baseline: the overlap of this crystal with the *other* crystals, of the reference's spectra
    (HP's where there are none). An overlap no larger says nothing of this crystal.
    """
    given = Settings(settings)
    names: list[str] = given.value("polymorphs")
    tables, states = {}, {}
    for potential in dict.fromkeys(path.name.rsplit("-", 1)[0] for path in spectra):
        chunks = [path for path in spectra if path.name.rsplit("-", 1)[0] == potential]
        tables[potential] = pd.concat([pd.read_csv(path) for path in chunks])
        states[potential] = pd.concat([pd.read_csv(path.with_suffix(".states.csv")) for path in chunks])
        states[potential] = states[potential].set_index("polymorph")
        for name in names:
            of_crystal = tables[potential][tables[potential].polymorph == name]
            write_csv(out.parent / potential / f"{name}.csv", of_crystal.drop(columns=["polymorph", *HALVES]), "%.6g")
    resolution = given.value("benchmark.vdos.resolution_THz")
    others = baselines(spectra_of(tables[REFERENCE if REFERENCE in tables else next(iter(tables))], names))
    rows = [
        {"polymorph": name, **compared(name, tables, states, others.get(name)), "resolution_THz": resolution}
        for name in names
    ]
    write_csv(out, pd.DataFrame(rows), "%.6g")
    for row in rows:
        others_said = f"other crystals up to {row['overlap_others_largest']:.3f}"
        print(f"{row['polymorph']}: overlap {row['overlap']:.3f}; {others_said}")


def spectra_of(table: pd.DataFrame, names: list[str]) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Crystal -> frequencies and density, of those whose walk ended well."""
    of_crystals = {name: table[table.polymorph == name] for name in names}
    return {name: (t.frequency_THz.to_numpy(), t.vdos_total.to_numpy()) for name, t in of_crystals.items() if len(t)}


def compared(
    name: str, tables: dict[str, pd.DataFrame], states: dict[str, pd.DataFrame], others: Baseline | None
) -> dict[str, object]:
    """Overlap of model and reference, and of the two halves of each walk (how well it can be known)."""
    parts = {potential: table[table.polymorph == name] for potential, table in tables.items()}
    model = next(potential for potential in tables if potential != REFERENCE)
    row: dict[str, object] = {"overlap": float("nan")}
    if REFERENCE in parts and len(parts[REFERENCE]) and len(parts[model]):
        axis = parts[model].frequency_THz.to_numpy()
        row["overlap"] = overlap(axis, parts[model].vdos_total.to_numpy(), parts[REFERENCE].vdos_total.to_numpy())
    row["overlap_others_mean"] = others.mean if others else float("nan")
    row["overlap_others_largest"] = others.largest if others else float("nan")
    row["most_like"] = others.nearest if others else ""
    asked = states[model].loc[name]
    row |= {"temperature_K": asked.temperature_K, "pressure_GPa": asked.pressure_GPa}
    for potential, part in parts.items():
        found = states[potential].loc[name]
        row[f"overlap_halves_{potential}"] = (
            overlap(*(part[column].to_numpy() for column in ["frequency_THz", *HALVES])) if len(part) else float("nan")
        )
        row[f"mean_temperature_K_{potential}"] = found.mean_temperature_K
        row[f"volume_A3_per_formula_{potential}"] = found.volume_A3_per_formula
        row[f"coordination_{potential}"] = found.coordination
        row[f"status_{potential}"] = found.status
    return row


if __name__ == "__main__":
    typer.run(benchmark_overlaps)
