"""Universal potentials beside those that learnt from melts alone: the table of docs/results/universal.md.

``python -m tools.released.universal_table results/universal-chgnet results/universal-sevennet results/released``

One column for each study, one row for each quantity, as far as the studies are finished; page and CSV are written anew.
"""

import datetime
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.structure.energies import HP, REFERENCE
from melt2crystal.train.agreement import pearson, rmse
from melt2crystal.train.calculators import is_calculator, read_calculator
from tools.results.cells import FOLDER, PAGES, Cell, Origin, Table, write_cells
from tools.results.write_page import this_machine

PAGE = PAGES / "universal.md"
BEGIN = "<!-- written by 'python -m tools.released.universal_table' from here -->"
END = "<!-- to here -->"
MPTRJ = 1_580_395  # configurations of MPtrj: B. Deng et al., Nat. Mach. Intell. 5, 1031 (2023)
LEARNT = {"chgnet.model.dynamics:CHGNetCalculator": MPTRJ, "sevenn.calculator:SevenNetCalculator": MPTRJ}
CURVES = {
    "raw": "raw_meV_per_atom",
    "after one constant": "shifted_meV_per_atom",
    "each after a constant of its own": "own_shift_meV_per_atom",
}
Row = tuple[str, Cell]


def rows_of(folder: Path) -> Iterator[Row]:
    """Rows of one study, as far as its files exist."""
    yield from _learnt(folder)
    if (path := folder / "train/hp/heldout.json").exists():
        errors = json.loads(path.read_text(encoding="utf-8"))
        low_high = errors.get("energy_interval_meV_per_atom") or (None, None)
        yield "held-out melt: energy RMSE, meV/atom", Cell(errors["energy_rmse_meV_per_atom"], 1, *low_high)
        low_high = errors.get("force_interval_eV_per_A") or (None, None)
        yield "held-out melt: force RMSE, eV/Å", Cell(errors["force_rmse_eV_per_A"], 3, *low_high)
    if (path := folder / "benchmark/energy_volume_errors.json").exists():
        groups = json.loads(path.read_text(encoding="utf-8"))["hp"]
        for group in [name for name in ("tetrahedral", "octahedral") if name in groups]:
            for words, key in CURVES.items():
                yield f"curves, {group}, {words}: RMS, meV/atom", Cell(groups[group][key], 1)
    yield from _relaxed(folder / "benchmark/relaxed")
    if (path := folder / "benchmark/harmonic/overlaps.csv").exists():
        for row in pd.read_csv(path).to_dict("records"):
            name = f"harmonic spectrum, {row['polymorph']}: overlap"
            yield name, Cell(row["overlap_hp_reference"], 3)
            yield f"{name} of PBE's with another crystal's, at most", Cell(row["overlap_others_largest"], 3)
    if (path := folder / "search/found.csv").exists():
        found = pd.read_csv(path)
        model, reference = found[HP].to_numpy(float), found[REFERENCE].to_numpy(float)
        error = rmse(model, reference)
        yield "structures found: Pearson r of energies", Cell(pearson(model, reference), 3)
        yield "structures found: energy RMSE, meV/atom", Cell(None if error is None else 1000 * error, 1)
        yield "structures found: with an energy by PBE", Cell(int(found[REFERENCE].notna().sum()))


def _learnt(folder: Path) -> Iterator[Row]:
    models = [path for path in sorted(folder.glob("models/hp/[0-9]*")) if not path.stem.endswith("-input")]
    manifest = folder / "models/hp/manifest.json"
    if models and is_calculator(models[0]):
        member = read_calculator(models[0])
        zero = member.zero
        error = zero.standard_error_eV_per_atom
        yield "labels it learnt from", Cell(LEARNT.get(member.calculator))
        yield "constant of its energies, eV/atom", Cell(zero.constant_eV_per_atom, 3)
        yield "standard error of it, meV/atom", Cell(None if error is None else 1000 * error, 1)
    elif manifest.exists():
        yield "labels it learnt from", Cell(json.loads(manifest.read_text(encoding="utf-8"))["number_of_frames"])


def _relaxed(folder: Path) -> Iterator[Row]:
    if not (folder / "crystals.csv").exists():
        return
    (total, *_) = json.loads((folder / "totals.json").read_text(encoding="utf-8"))["hp"]
    yield "relaxed crystals: kept by every member", Cell(total["kept_by_all_members"])
    yield "relaxed crystals: kept by PBE", Cell(total["kept_by_reference"])
    yield "relaxed crystals: RMS error of volume, %", Cell(total["volume_rms_percent"], 1)
    for row in pd.read_csv(folder / "crystals.csv").query("potential == 'hp' and pressure_GPa == 0").to_dict("records"):
        yield f"{row['polymorph']}, relaxed: error of volume, %", Cell(row["volume_error_percent"], 1)
        yield f"{row['polymorph']}, relaxed: kept?", Cell(text=row["verdict"])


def beside_each_other(studies: dict[str, dict[str, Cell]]) -> Table:
    """One column for each study."""
    table = Table("Melt-only against universal", [f"`{name}`" for name in studies])
    for quantity in dict.fromkeys(quantity for cells in studies.values() for quantity in cells):
        table.add(quantity, *(cells.get(quantity, Cell()) for cells in studies.values()))
    return table


def origin_of(folders: list[Path], machine: str | None) -> Origin:
    """Of all studies together; a study that has not come to its summary has no digest yet."""
    digests, commits, newest = [], [], 0.0
    for folder in folders:
        where = ["git", "-C", str(folder), "rev-parse", "--short=12", "HEAD"]
        commits.append(subprocess.run(where, capture_output=True, text=True).stdout.strip() or "unknown")
        told: dict[str, Any] = {}
        if (path := folder / "summary.json").exists():
            told = json.loads(path.read_text(encoding="utf-8"))
        digests.append(told.get("settings_digest", "not finished")[:16])
        newest = max(newest, *(path.stat().st_mtime for path in (folder / "models/hp").iterdir()))
    names = ", ".join(folder.resolve().name for folder in folders)
    day = datetime.date.fromtimestamp(newest).isoformat()
    return Origin(names, ", ".join(digests), ", ".join(dict.fromkeys(commits)), day, machine or this_machine())


def block(table: Table, origin: Origin) -> str:
    """What stands between the two lines of the page."""
    told = (origin.study, origin.settings_digest, origin.commit, origin.date, origin.machine)
    return f"## {table.name}\n\n<!-- measured: {' | '.join(told)} -->\n\n{table.in_markdown()}"


@reports_errors
def universal_table(
    folders: Annotated[list[Path], typer.Argument(help="results of studies, results/universal-chgnet ...")],
    page: Annotated[Path, typer.Option(help="the page; its CSV stands in tables/ beside it")] = PAGE,
    machine: Annotated[str | None, typer.Option(help="where they ran; default: this machine")] = None,
) -> None:
    """Write table and CSV from what these studies have finished."""
    before, after = markdown.around(page, BEGIN, END)
    studies = {folder.resolve().name: dict(rows_of(folder)) for folder in folders}
    if empty := [name for name, cells in studies.items() if not cells]:
        raise UserError(f"{', '.join(empty)}: no results of a study; run it first")
    table, origin = beside_each_other(studies), origin_of(folders, machine)
    cells = page.parent / FOLDER.name / f"{page.stem}.csv"
    cells.parent.mkdir(exist_ok=True)
    write_cells(cells, [(table, origin)])
    write_text(page, before + block(table, origin) + after)
    print(f"{page}, {cells}: {len(table.rows)} rows")


if __name__ == "__main__":
    typer.run(universal_table)
