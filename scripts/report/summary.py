"""All results of a study as one JSON file and one readable page."""

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.options import SettingsText
from melt2crystal.provenance import ROOT, commit_of, version_of_code
from melt2crystal.search.found.table import read_with_ids
from melt2crystal.settings import Settings
from melt2crystal.summary.found_parts import search_part
from melt2crystal.summary.parts import (
    certificate_part,
    cost_part,
    dataset_part,
    energy_volume_part,
    fit_part,
    iteration_part,
    labels_part,
    overlap_part,
    relaxed_part,
)
from melt2crystal.summary.schema import EnergyVolume, HeldOut, Summary
from melt2crystal.summary.text import as_markdown

PHASES = ("names", "stability", "known", "transitions")


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UserError(f"{path}: not readable as JSON ({error}); delete it and run snakemake again") from error


def together(paths: list[Path]) -> pd.DataFrame:
    """Tables of equal columns below each other; empty ones count as nothing."""
    tables = [table for path in paths if len(table := read_with_ids(path))]
    return pd.concat(tables, ignore_index=True) if tables else read_with_ids(paths[0])


def texts(path: Path) -> pd.DataFrame:
    """A table whose cells stay as they are written."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def energy_volumes(named: dict[str, list[Path]]) -> dict[str, EnergyVolume]:
    """Errors of HP and LP along the energy-volume curves."""
    totals = read_json(named["energy_volume_errors.json"][0])
    rows = pd.read_csv(named["energy_volume_errors.csv"][0])
    return {
        name: energy_volume_part(rows[rows["potential"] == name], totals[name])
        for name in ("hp", "lp")
        if name in totals
    }


def jobs_measured(folder: Path) -> list[tuple[str, pd.DataFrame]]:
    """(rule, benchmark table) of every job that left one: folder/<rule>/*.tsv."""
    return [(path.parent.name, pd.read_csv(path, sep="\t")) for path in sorted(folder.glob("*/*.tsv"))]


@reports_errors
def summary(
    tables: Annotated[
        list[Path],
        typer.Argument(
            help="train/{potential}/heldout.json, dataset/{iteration}/manifest.json, select/{iteration}/table.csv with "
            "audit.json beside it, "
            "label/{batch}/labels.csv and, with a search, search/.../structures.csv (or relaxed.csv) and "
            "search/.../unique.csv, with energy-volume curves energy_volume_errors.csv, energy_volume_errors.json and "
            "fits.csv, with relaxed polymorphs crystals.csv and totals.json, names.csv, known.csv, stability.csv and "
            "transitions.csv of the search, told apart by their names"
        ),
    ],
    certificate: Annotated[Path, typer.Option(help="certificates of disorder per state (CSV)")],
    costs: Annotated[Path, typer.Option(help="folder of the benchmark files, read as far as they exist")],
    out: Annotated[Path, typer.Option(help="summary (JSON)")],
    text: Annotated[Path, typer.Option(help="summary (Markdown)")],
    settings: SettingsText,
    overlaps: Annotated[Path | None, typer.Option(help="overlaps of the spectra (CSV)")] = None,
    found: Annotated[Path | None, typer.Option(help="structures found, with reference energies (CSV)")] = None,
) -> None:
    """Collect what the stages found into summary.json and summary.md."""
    given = Settings(settings)
    named = {name: sorted(p for p in tables if p.name == name) for name in {path.name for path in tables}}
    curves = "energy_volume_errors.csv" in named
    search = None
    if found is not None:
        relaxed = together(named["structures.csv"]) if "structures.csv" in named else None
        unique, window = together(named["unique.csv"]), given.value("search")["stable_window_eV_per_atom"]
        earlier = together(named["relaxed.csv"]) if "relaxed.csv" in named else None
        tight, found_in = given.value("search")["tight_window_eV_per_atom"], given.value("found_in")
        phases = {name: read_with_ids(named[f"{name}.csv"][0]) for name in PHASES if f"{name}.csv" in named}
        search = search_part(relaxed, unique, read_with_ids(found), window, found_in, earlier, tight, phases)
    result = Summary(
        study=given.value("name"),
        purpose=given.value("purpose"),
        substance=given.value("substance.name"),
        reference=given.value("reference.name"),
        settings_digest=hashlib.sha256(given.text.encode()).hexdigest(),
        commit=commit_of(ROOT),
        version=version_of_code(),
        datasets=[dataset_part(path.parent.name, read_json(path)) for path in named.get("manifest.json", [])],
        iterations=[
            iteration_part(path.parent.name, pd.read_csv(path), read_json(path.with_name("audit.json")))
            for path in named.get("table.csv", [])
        ],
        labels=[labels_part(path.parent.name, texts(path)) for path in named.get("labels.csv", [])],
        melts_from=given.value("melts_from"),
        trained_elsewhere=given.value("trained_elsewhere"),
        certificate_enabled=given.value("certificate")["enabled"],
        certificates=certificate_part(pd.read_csv(certificate)),
        held_out={path.parent.name: HeldOut(**read_json(path)) for path in named["heldout.json"]},
        ions=given.value("benchmark")["energy_volume"]["ions"],
        energy_volume=energy_volumes(named) if curves else {},
        fits=fit_part(pd.read_csv(named["fits.csv"][0])) if curves else [],
        relaxed=relaxed_part(pd.read_csv(named["crystals.csv"][0])) if "crystals.csv" in named else [],
        relaxed_totals=read_json(named["totals.json"][0]) if "totals.json" in named else {},
        vdos_overlaps=None if overlaps is None else overlap_part(pd.read_csv(overlaps)),
        search=search,
        costs=cost_part(jobs_measured(costs)),
    )
    write_text(text, as_markdown(result))
    write_text(out, json.dumps(result.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    typer.run(summary)
