"""Put the potentials of a finished study where a clone has them, with what they lose on their cards.

``python -m tools.released.ship_potentials results/released-disordered data/potentials/silica-pbe``

Compressed anew with a coarser table (``dp compress -s 0.05``): a quarter of the size, the same to 0.01 meV/atom and
1 meV/Å. The card of each says first which crystals it loses when they may relax, from the study's own table.
"""

import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import complete, digest_of_file, write_text
from melt2crystal.train.deepmd import run_dp

STEP = "0.05"
FILES = "## Files"


def verdicts(study: Path, potential: str) -> str:
    """Which polymorphs it keeps and loses at 0 GPa, as a section of its card."""
    table = pd.read_csv(study / "benchmark" / "relaxed" / "crystals.csv")
    rows = table[(table["potential"] == potential) & (table["pressure_GPa"] == 0)]
    lost = rows[rows["kept"] != rows["members"]]
    shown = [
        [row["polymorph"], row["verdict"], f"{row['volume_error_percent']:+.1f}"] for row in rows.to_dict("records")
    ]
    return (
        "## What it loses\n\n"
        f"Relaxed in cell and ions at 0 GPa from rattled starts, it loses {len(lost)} of {len(rows)} polymorphs "
        "(space group, volume or coordination is no longer the reference's):\n\n"
        + markdown.table(["polymorph", "kept?", "volume, error in %"], shown)
    )


def ship(study: Path, potential: str, to: Path) -> None:
    """Models, inputs, manifest and card of one potential.

    Raises:
        UserError: the study has no such potential, or has not relaxed its crystals.
    """
    source = study / "models" / potential
    frozen = sorted(path for path in source.glob("*.pb") if "-" not in path.stem)
    if not frozen or not (study / "benchmark/relaxed/crystals.csv").is_file():
        raise UserError(f"{study}: no frozen models of {potential}, or no relaxed crystals; run the study to its end")
    to.mkdir(parents=True, exist_ok=True)
    for path in frozen:
        shutil.copyfile(path, to / path.name)
        shutil.copyfile(source / f"{path.stem}-input.json", to / f"{path.stem}-input.json")
        with tempfile.TemporaryDirectory() as work, complete(to / f"{path.stem}-compressed.pb") as beside:
            run_dp(["compress", "-i", str(path.resolve()), "-o", str(beside.resolve()), "-s", STEP], Path(work))
    shutil.copyfile(source / "manifest.json", to / "manifest.json")
    head, _, rest = (source / "card.md").read_text(encoding="utf-8").partition("## What it saw")
    body, _, tail = rest.partition(FILES)
    digests = "\n".join(f"* `{path.name}` SHA-256 `{digest_of_file(path)}`" for path in sorted(to.glob("*.pb")))
    versions = tail[tail.index("Versions:") :] if "Versions:" in tail else ""
    card = f"{head}{verdicts(study, potential)}\n\n## What it saw{body}{FILES}\n\n{digests}\n\n{versions}"
    write_text(to / "card.md", card.rstrip() + "\n")
    print(f"{to}: {len(frozen)} members")


@reports_errors
def ship_potentials(
    study: Annotated[Path, typer.Argument(help="results folder of a finished study")],
    folder: Annotated[Path, typer.Argument(help="where they go, hp and lp")],
) -> None:
    """Ship HP and LP."""
    for potential in ("hp", "lp"):
        ship(study, potential, folder / potential)


if __name__ == "__main__":
    typer.run(ship_potentials)
