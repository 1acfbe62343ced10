"""Universal potentials beside those that learnt from melts alone: the table of docs/results/universal.md.

``python -m tools.released.universal_table results/universal-chgnet results/universal-sevennet results/released``

Takes over what is finished in each study's folder into ``docs/results/universal.csv`` (its former rows are replaced,
rows of other studies stay) and writes the table of the page from all of it.
"""

import json
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv, write_text
from melt2crystal.provenance import ROOT
from melt2crystal.structure.energies import HP, REFERENCE
from melt2crystal.train.agreement import pearson, rmse
from melt2crystal.train.calculators import is_calculator, read_calculator

PAGE, TABLE = ROOT / "docs" / "results" / "universal.md", ROOT / "docs" / "results" / "universal.csv"
BEGIN = "<!-- written by 'python -m tools.released.universal_table' from here -->"
END = "<!-- to here -->"
COLUMNS = ["study", "quantity", "value", "low", "high", "note", "commit", "date"]
MPTRJ = 1_580_395  # configurations of MPtrj: B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023)
LEARNT = {"chgnet.model.dynamics:CHGNetCalculator": MPTRJ, "sevenn.calculator:SevenNetCalculator": MPTRJ}
NOTHING = "–"


def rows_of(folder: Path) -> Iterator[dict[str, Any]]:
    """Rows of one study, as far as its files exist."""
    yield from _learnt(folder)
    if (path := folder / "train/hp/heldout.json").exists():
        errors = json.loads(path.read_text(encoding="utf-8"))
        for name, key, interval in (
            ("melt: energy RMSE, meV/atom", "energy_rmse_meV_per_atom", "energy_interval_meV_per_atom"),
            ("melt: force RMSE, eV/Å", "force_rmse_eV_per_A", "force_interval_eV_per_A"),
        ):
            low, high = errors.get(interval) or (None, None)
            yield {"quantity": name, "value": errors[key], "low": low, "high": high, "note": errors.get("zero", "")}
    if (path := folder / "benchmark/energy_volume_errors.json").exists():
        groups = json.loads(path.read_text(encoding="utf-8"))["hp"]
        for group in ("tetrahedral", "octahedral"):
            for kind, key in (
                ("raw", "raw_meV_per_atom"),
                ("after one constant", "shifted_meV_per_atom"),
                ("after one constant for each curve", "own_shift_meV_per_atom"),
            ):
                if group in groups:
                    yield {"quantity": f"curves, {group}: RMS {kind}, meV/atom", "value": groups[group][key]}
    yield from _relaxed(folder / "benchmark/relaxed")
    if (path := folder / "benchmark/harmonic/overlaps.csv").exists():
        for row in pd.read_csv(path).to_dict("records"):
            note = f"other crystals up to {row['overlap_others_largest']:.3f}"
            name = f"harmonic spectrum of {row['polymorph']}: overlap with PBE"
            yield {"quantity": name, "value": row["overlap_hp_reference"], "note": note}
    if (path := folder / "search/found.csv").exists():
        found = pd.read_csv(path)
        model, reference = found[HP].to_numpy(float), found[REFERENCE].to_numpy(float)
        error = rmse(model, reference)
        yield {"quantity": "structures found: Pearson's r of energies", "value": pearson(model, reference)}
        yield {
            "quantity": "structures found: energy RMSE, meV/atom",
            "value": None if error is None else 1000 * error,
            "note": f"{int(found[REFERENCE].notna().sum())} structures",
        }


def _learnt(folder: Path) -> Iterator[dict[str, Any]]:
    models = sorted(folder.glob("models/hp/[0-9]*"))
    calculators = [path for path in models if is_calculator(path) and not path.stem.endswith("-input")]
    manifest = folder / "models/hp/manifest.json"
    if calculators:
        name = read_calculator(calculators[0]).calculator
        note = f"{name}, MPtrj" if name in LEARNT else name
        yield {"quantity": "labels it learnt from", "value": LEARNT.get(name), "note": note}
    elif manifest.exists():
        frames = json.loads(manifest.read_text(encoding="utf-8"))["number_of_frames"]
        yield {"quantity": "labels it learnt from", "value": frames, "note": "melts of 72 atoms"}


def _relaxed(folder: Path) -> Iterator[dict[str, Any]]:
    if not (folder / "crystals.csv").exists():
        return
    (total, *_) = json.loads((folder / "totals.json").read_text(encoding="utf-8"))["hp"]
    kept = total["kept_by_all_members"]
    yield {"quantity": "relaxed crystals: kept", "value": kept, "note": f"of {total['kept_by_reference']}"}
    yield {"quantity": "relaxed crystals: RMS of volumes, %", "value": total["volume_rms_percent"]}
    for row in pd.read_csv(folder / "crystals.csv").query("potential == 'hp' and pressure_GPa == 0").to_dict("records"):
        verdict = "" if row["verdict"] == "kept" else row["verdict"]
        name = f"relaxed {row['polymorph']}: volume error, %"
        yield {"quantity": name, "value": row["volume_error_percent"], "note": verdict}


def page_table(table: pd.DataFrame) -> str:
    """One row for each quantity, one column for each study; what follows it: where each number comes from."""
    studies, quantities = list(dict.fromkeys(table.study)), list(dict.fromkeys(table.quantity))
    cells = {(row["study"], row["quantity"]): row for row in table.to_dict("records")}
    rows = [[name, *(_cell(cells.get((study, name))) for study in studies)] for name in quantities]
    first = table.drop_duplicates("study").set_index("study")
    made = [f"`{study}`: {first.loc[study, 'date']}, commit {first.loc[study, 'commit']}" for study in studies]
    return markdown.table(["", *(f"`{study}`" for study in studies)], rows) + "\n\n" + "; ".join(made) + "."


def _cell(row: dict[str, Any] | None) -> str:
    if row is None or row["value"] is None or row["value"] != row["value"]:
        return NOTHING
    value, unit = float(row["value"]), row["quantity"]
    digits = (
        0 if unit.startswith("labels") or unit.endswith("kept") else 3 if "overlap" in unit or "'s r" in unit else 2
    )
    text = f"{value:,.{digits}f}" if not unit.endswith("volume error, %") else f"{value:+.1f}"
    if row["low"] == row["low"] and row["low"] is not None:
        text += f" ({float(row['low']):.2f} to {float(row['high']):.2f})"
    note = row["note"] if isinstance(row["note"], str) else ""
    if unit.endswith("kept"):
        return f"{text} {note}"
    return f"{text}, {note}" if note and not unit.startswith("melt") else text


def with_table(page: str, table: pd.DataFrame) -> str:
    """The page with the table between its comments.

    Raises:
        UserError: the page lacks them.
    """
    if BEGIN not in page or END not in page:
        raise UserError(f"{PAGE}: has no {BEGIN} and {END}; put them where the table belongs")
    before, after = page[: page.index(BEGIN)], page[page.index(END) :]
    return f"{before}{BEGIN}\n\n{page_table(table)}\n\n{after}"


@reports_errors
def universal_table(
    folders: Annotated[list[Path], typer.Argument(help="results of studies, results/universal-chgnet ...")],
) -> None:
    """Take over what these studies have finished, and write the table."""
    known = pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=COLUMNS)
    for folder in folders:
        rows = list(rows_of(folder))
        if not rows:
            raise UserError(f"{folder}: holds no results of a study; run it first")
        where = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
        commit = subprocess.run(where, capture_output=True, text=True).stdout.strip() or "unknown"
        told = pd.DataFrame(rows).assign(study=folder.resolve().name, commit=commit, date=date.today().isoformat())
        known = pd.concat([known[known.study != folder.resolve().name], told.reindex(columns=COLUMNS)])
        print(f"{folder}: {len(rows)} numbers")
    write_csv(TABLE, known, "%.6g")
    write_text(PAGE, with_table(PAGE.read_text(encoding="utf-8"), pd.read_csv(TABLE)))


if __name__ == "__main__":
    typer.run(universal_table)
