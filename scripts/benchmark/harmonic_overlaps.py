"""What the harmonic spectra of HP, those of the reference and those from molecular dynamics have in common."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal.benchmark.vdos import baselines, overlap
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.options import SettingsText
from melt2crystal.settings import Settings

TELLING = 1e-4  # share of imaginary modes that is told


@reports_errors
def benchmark_harmonic_overlaps(
    hp: Annotated[Path, typer.Option(help="harmonic spectra of HP (CSV, with .states.csv beside)")],
    reference: Annotated[Path, typer.Option(help="harmonic spectra of the reference (CSV, with .states.csv beside)")],
    out: Annotated[Path, typer.Option(help="one row a polymorph (CSV)")],
    settings: SettingsText,
    walks: Annotated[
        list[Path] | None, typer.Argument(help="spectra from molecular dynamics, .../{hp,reference}/{polymorph}.csv")
    ] = None,
) -> None:
    """Overlap: common area of two spectra of unit area, integral of min(a, b); 1 if equal, 0 if disjoint.

    Beside it the baseline: overlaps of the reference's spectrum of this crystal with those of the other crystals.
    """
    given = Settings(settings)
    harmonic = {"hp": mean_spectra(hp), "reference": mean_spectra(reference)}
    states = {"hp": mean_states(hp), "reference": mean_states(reference)}
    dynamic = {(path.parent.name, path.stem): pd.read_csv(path) for path in walks or []}
    of_crystals = {name: table for name, table in harmonic["reference"].groupby("polymorph")}
    others = baselines(
        {str(name): (t.frequency_THz.to_numpy(), t.vdos_total.to_numpy()) for name, t in of_crystals.items()}
    )
    rows = []
    for name in given.value("polymorphs"):
        spectra = {f"harmonic {who}": table[table.polymorph == name] for who, table in harmonic.items()}
        spectra |= {f"walk {who}": dynamic[who, name] for who in harmonic if (who, name) in dynamic}
        row: dict[str, Any] = {"polymorph": name}
        row["overlap_hp_reference"] = common(spectra, "harmonic hp", "harmonic reference")
        beside = others.get(name)
        row["overlap_others_mean"] = beside.mean if beside else float("nan")
        row["overlap_others_largest"] = beside.largest if beside else float("nan")
        row["most_like"] = beside.nearest if beside else ""
        for who in harmonic:
            row[f"overlap_harmonic_walk_{who}"] = common(spectra, f"harmonic {who}", f"walk {who}")
        for who, table in states.items():
            for column in ("lowest_THz", "imaginary_share", "residual_force_eV_per_A"):
                row[f"{column}_{who}"] = table[column].get(name, float("nan"))
        row["note"] = "; ".join(
            f"{who}: {100 * share:.2g} % of the modes are imaginary, lowest {row[f'lowest_THz_{who}']:.2f} THz"
            for who in ("reference", "hp")
            if (share := row[f"imaginary_share_{who}"]) > TELLING
        )
        row["resolution_THz"] = given.value("benchmark.vdos.resolution_THz")
        rows.append(row)
        said = f"overlap of HP and reference {row['overlap_hp_reference']:.3f}"
        print(f"{name}: {said}; other crystals up to {row['overlap_others_largest']:.3f}; {row['note']}")
    write_csv(out, pd.DataFrame(rows), "%.6g")


def mean_spectra(path: Path) -> pd.DataFrame:
    """Spectra from the mean of the members' forces."""
    table = pd.read_csv(path)
    return table[table.member == -1]


def mean_states(path: Path) -> pd.DataFrame:
    """What is known beside the spectra, by polymorph."""
    table = pd.read_csv(path.with_suffix(".states.csv"))
    return table[table.member == -1].set_index("polymorph")


def common(spectra: dict[str, pd.DataFrame], first: str, second: str) -> float:
    """Overlap of two spectra on the same axis; NaN if one of them was not made."""
    if not all(name in spectra and len(spectra[name]) for name in (first, second)):
        return float("nan")
    a, b = spectra[first], spectra[second]
    return overlap(a.frequency_THz.to_numpy(), a.vdos_total.to_numpy(), b.vdos_total.to_numpy())


if __name__ == "__main__":
    typer.run(benchmark_harmonic_overlaps)
