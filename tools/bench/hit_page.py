"""Write the tables of docs/results/hits.md, and their CSV, from what ``tools.bench.hits`` has collected.

``python -m tools.bench.hit_page``
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.search.phases.known import MINIMUM
from tools.bench.hit_measures import summary
from tools.bench.hits import CRYSTALS, LOWEST, SEARCHES, TABLES
from tools.results.cells import FOLDER, PAGES, Cell, Origin, Table, write_cells

PAGE = PAGES / "hits.md"
BEGIN = "<!-- written by 'python -m tools.bench.hit_page' from here -->"
END = "<!-- to here -->"
TETRAHEDRAL, OCTAHEDRAL = 4.0, 6.0
SAME_COORDINATION = 0.05
Numbered = tuple[Table, Origin]


def tables_of(folder: Path) -> list[Numbered]:
    """All tables of the page.

    Raises:
        UserError: nothing was collected.
    """
    if not (folder / CRYSTALS).is_file():
        raise UserError(f"{folder / CRYSTALS}: nothing was collected yet; run make bench-hits first")
    crystals, searches, lowest = (
        pd.read_csv(folder / name) if (folder / name).is_file() else pd.DataFrame()
        for name in (CRYSTALS, SEARCHES, LOWEST)
    )
    found: list[Numbered] = []
    for name, own in crystals.groupby("potential", sort=True):
        found.append((denominator(str(name), own), _origin(own, own)))
        if not len(searches) or not (of_name := searches[searches["potential"] == name]).size:
            continue
        for minutes, alike in of_name.groupby("core_minutes", sort=True):
            for table in hit_tables(str(name), float(minutes), alike, own):
                found.append((table, _origin(alike, own)))
            ranked = lowest[(lowest["potential"] == name) & (lowest["core_minutes"] == minutes)]
            found.append((coordinations(str(name), float(minutes), ranked), _origin(alike, own)))
    return found


def _origin(rows: pd.DataFrame, crystals: pd.DataFrame) -> Origin:
    told = {column: ", ".join(sorted(set(rows[column].astype(str)))) for column in ("commit", "machine")}
    name, digest = str(crystals["potential"].iloc[0]), str(crystals["sha256"].iloc[0])
    return Origin(name, digest, told["commit"], str(max(rows["date"])), told["machine"])


def denominator(name: str, crystals: pd.DataFrame) -> Table:
    """What became of each known crystal."""
    pressures = sorted(set(crystals["pressure_GPa"]))
    table = Table(f"{name}: known crystals, rattled and relaxed", [f"{p:g} GPa" for p in pressures], first="crystal")
    for crystal, rows in crystals.groupby("crystal", sort=True):
        table.add(str(crystal), *(_became(rows[rows["pressure_GPa"] == pressure]) for pressure in pressures))
    return table


def _became(rows: pd.DataFrame) -> Cell:
    if not len(rows):
        return Cell()
    row = rows.iloc[0]
    if row["state"] == MINIMUM:
        return Cell(text=f"stays (space group {int(row['space_group'])}, {int(row['atoms'])} atoms)")
    if isinstance(row["becomes"], str):
        return Cell(text=f"no minimum of this potential, becomes {row['becomes']}")
    return Cell(text=str(row["state"]))


def hit_tables(name: str, minutes: float, searches: pd.DataFrame, crystals: pd.DataFrame) -> Iterator[Table]:
    """One table for each pressure: crystals of the denominator, each by each method."""
    for pressure, rows in searches.groupby("pressure_GPa", sort=True):
        stays = crystals[(crystals["pressure_GPa"] == pressure) & (crystals["state"] == MINIMUM)]
        columns = ["found, seeds", "relaxations to the first hit", "core-seconds to it", "random's core-seconds"]
        title = f"{name}: {pressure:g} GPa, searches of {minutes:g} core-minutes"
        table = Table(title, columns, first="crystal, method")
        together = summary(rows, sorted(stays["crystal"]))
        beside = together[together["method"] == "random"].set_index("crystal")
        for row in together.to_dict("records"):
            random = Cell()
            if row["crystal"] in beside.index:
                random = _cell(beside.loc[row["crystal"]].to_dict(), "core_s_of_size", 1)
            table.add(
                f"{row['crystal']}, {row['method']}",
                f"{row['found']} of {row['seeds']}",
                _cell(row, "relaxations_of_size", 0),
                _cell(row, "core_s_of_size", 1),
                random,
            )
        yield table


def _cell(row: dict, name: str, decimals: int) -> Cell:
    """Median with range; where fewer than half of the seeds have a hit, the range of those that have one."""
    median, low, high = (float(row[key]) for key in (name, f"{name}_low", f"{name}_high"))
    if median == median:
        several = row["found"] > 1
        return Cell(median, decimals, low if several else None, high if several else None)
    return Cell(text=f"{low:.{decimals}f} to {high:.{decimals}f} where found" if low == low else "")


def coordinations(name: str, minutes: float, lowest: pd.DataFrame) -> Table:
    """What the lowest unique structures of each search are."""
    columns = ["space group of the lowest", "its coordination", "structures", "tetrahedral", "octahedral", "others"]
    title = f"{name}: the 20 lowest structures of searches of {minutes:g} core-minutes"
    table = Table(title, columns, first="search")
    for (pressure, method, seed), rows in lowest.groupby(["pressure_GPa", "method", "seed"], sort=True):
        first, numbers = rows.sort_values("rank").iloc[0], rows["coordination"]
        four, six = ((numbers - number).abs() < SAME_COORDINATION for number in (TETRAHEDRAL, OCTAHEDRAL))
        counts = [Cell(int(count)) for count in (len(rows), four.sum(), six.sum(), (~(four | six)).sum())]
        group = Cell(int(first["space_group"]))
        table.add(f"{pressure:g} GPa, {method}, seed {seed}", group, Cell(first["coordination"], 2), *counts)
    return table


def block(tables: list[Numbered]) -> str:
    """What stands between the two lines of the page."""
    parts = []
    for table, origin in tables:
        told = (origin.study, origin.settings_digest, origin.commit, origin.date, origin.machine)
        parts += [f"## {table.name}", f"<!-- measured: {' | '.join(told)} -->", table.in_markdown()]
    return "\n\n".join(parts)


@reports_errors
def hit_page(
    folder: Annotated[Path, typer.Option(help="of the collected tables")] = TABLES,
    page: Annotated[Path, typer.Option(help="the page; its CSV stands in tables/ beside it")] = PAGE,
) -> None:
    """Write tables and CSV."""
    before, after = markdown.around(page, BEGIN, END)
    tables = tables_of(folder)
    cells = page.parent / FOLDER.name / f"{page.stem}.csv"
    cells.parent.mkdir(exist_ok=True)
    write_cells(cells, tables)
    write_text(page, before + block(tables) + after)
    print(f"{page}, {cells}: {len(tables)} tables")


if __name__ == "__main__":
    typer.run(hit_page)
