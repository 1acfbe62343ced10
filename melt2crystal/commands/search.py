"""Search crystals with a potential, in any folder, without a study."""

import json
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from melt2crystal.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

MINUTES = 10.0  # where neither minutes nor relaxations are said
SHOWN = 10
app = typer.Typer(add_completion=False, rich_markup_mode=None)


class Engine(StrEnum):
    """How candidates follow each other."""

    evolution = "evolution"
    random = "random"


@app.command(
    epilog="Example: melt2crystal search --potential models/hp --formula SiO2 --pressure 10 --relaxations 600 --out "
    "silica-10GPa --workers 2"
)
def search(
    potential: Annotated[
        str,
        typer.Option(
            help="frozen model (.pb, .pth), a folder of models (an ensemble), a LAMMPS include file (.lmp), or an ASE "
            "calculator: ase.calculators.emt:EMT"
        ),
    ],
    formula: Annotated[str, typer.Option(help="formula unit: SiO2, Al2(SiO4)O, Cu")],
    pressure: Annotated[float, typer.Option(help="GPa")] = 0.0,
    minutes: Annotated[
        float | None,
        typer.Option(
            help=f"end after so many core-minutes of relaxations; {MINUTES:g} where --relaxations is not given either; "
            "where that ends can't be reproduced"
        ),
    ] = None,
    relaxations: Annotated[
        int | None,
        typer.Option(help="end after so many relaxations, over all cell sizes: the same search each time"),
    ] = None,
    formula_units: Annotated[
        str, typer.Option(help="per cell: 2,3,4,6,8; without, those of 1,2,3,4,6,8 with at most 24 atoms")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="folder, empty or new; without, SiO2-10GPa and the like")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="go on with the search in --out")] = False,
    seed: Annotated[int, typer.Option(help="root of all random numbers")] = 1,
    workers: Annotated[int, typer.Option(help="processes; the result does not depend on them")] = 1,
    engine: Annotated[Engine, typer.Option(help="evolution, or random starts alone")] = Engine.evolution,
    adaptive_shares: Annotated[
        bool, typer.Option("--adaptive-shares", help="starts and operators that gave new low structures come oftener")
    ] = False,
    melt: Annotated[
        list[Path] | None,
        typer.Option(
            help="melts of this composition (what ASE reads), again for more; without, 50 random cells are relaxed"
        ),
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="folder of CIF files that name what is found, and decide nothing")
    ] = None,
    calculator_arguments: Annotated[str, typer.Option(help="of an ASE calculator, as JSON: '{\"rc\": 5.0}'")] = "",
    interpreter: Annotated[str, typer.Option(help="python that has the ASE calculator; without, this one")] = "",
    timeout: Annotated[float, typer.Option(help="of one evaluation of an ASE calculator, s")] = 600.0,
    largest_deviation: Annotated[
        float, typer.Option(help="of the forces of the members, eV/Å: beyond, no structure is believed; 0: never")
    ] = 1.0,
) -> None:
    """Search crystals of a formula with a potential, at one pressure: an evolution for each cell size.

    Needs no study and no project, and knows nothing of crystals: volumes and bounds come from melts or from random
    cells. Ctrl-C, or SIGTERM, keeps what is finished and writes it. Writes found.csv, structures/*.cif,
    structures.extxyz, relaxations.csv, search.json, and explorer.html: all of it in a browser.
    """
    from melt2crystal.search.alone.work import Stopped, stopped_by_signals
    from melt2crystal.search.api import search as search_crystals

    folder = out or Path(f"{''.join(c for c in formula if c.isalnum())}-{pressure:g}GPa")
    if minutes is None and relaxations is None:
        minutes = MINUTES
    try:
        with stopped_by_signals():
            found = search_crystals(
                formula,
                potential,
                pressure_GPa=pressure,
                out=folder,
                minutes=minutes,
                relaxations=relaxations,
                formula_units=sizes_of(formula_units),
                engine=engine.value,
                adaptive_shares=adaptive_shares,
                melts=melt or [],
                known=known,
                seed=seed,
                workers=workers,
                resume=resume,
                calculator_arguments=arguments_of(calculator_arguments),
                interpreter=interpreter or None,
                timeout_s=timeout,
                largest_deviation_eV_per_A=largest_deviation or None,
            )
    except Stopped as stop:
        print(left_behind(folder), flush=True)
        if (folder / "found.csv").exists():
            with suppress(KeyboardInterrupt):  # whoever can't wait stops it again
                explore(folder)
        raise typer.Exit(128 + stop.signal) from None
    print(f"\n{found.relaxations} relaxations, {found.core_minutes:.1f} core-min: {len(found.table)} unique structures")
    print(in_words(found.table.head(SHOWN)))
    print(f"\n{folder}: found.csv, structures/, structures.extxyz, relaxations.csv, search.json", flush=True)
    explore(folder)


def explore(folder: Path) -> None:
    """Write the explorer of what is in the folder, and say so."""
    from melt2crystal.figures.explorer.alone import write_explorer_of

    try:
        print(f"{write_explorer_of(folder)}: opens in any browser: table, landscape, crystals in 3D, CIF files")
    except UserError as error:  # stopped while the tables were written
        print(error)


def left_behind(folder: Path) -> str:
    """What a search that was stopped has left, in words."""
    if (folder / "found.csv").exists():
        return f"{folder}: found.csv, structures/, structures.extxyz, search.json; go on with --resume"
    if (folder / "search.json").exists():
        return f"{folder}: no crystal yet, but what was relaxed is kept; go on with --resume"
    return "stopped before anything was computed"


def sizes_of(text: str) -> list[int]:
    """Formula units per cell, as they are typed.

    Raises:
        UserError: no whole numbers.
    """
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError:
        raise UserError(f"--formula-units {text!r}: give whole numbers with commas between: 2,3,4") from None


def arguments_of(text: str) -> dict[str, Any]:
    """Keyword arguments of a calculator, as they are typed.

    Raises:
        UserError: no JSON object.
    """
    if not text:
        return {}
    try:
        values = json.loads(text)
    except ValueError as error:
        raise UserError(f"--calculator-arguments {text!r}: is no JSON ({error}); quote it: '{{\"rc\": 5.0}}'") from None
    if not isinstance(values, dict):
        raise UserError(f"--calculator-arguments {text!r}: give an object of JSON: '{{\"rc\": 5.0}}'")
    return values


def in_words(table: "pd.DataFrame") -> str:
    """The lowest structures as a table to be read."""
    from melt2crystal import markdown
    from melt2crystal.search.alone.results import ABOVE, KNOWN

    heads = ("meV/atom above", "space group", "formula units", "Å³/atom", "coordination", "how", "times", KNOWN)
    rows = [
        (
            f"{1000 * row[ABOVE]:.1f}",
            row["space_group"],
            row["formula_units"],
            f"{row['volume_A3_per_atom']:.2f}",
            f"{row['coordination']:.2g}",
            row["origin"],
            row["occurrences"],
            row[KNOWN] if isinstance(row[KNOWN], str) else "",
        )
        for row in table.to_dict("records")
    ]
    return markdown.table(heads, rows)
