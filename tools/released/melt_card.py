"""Write the tables of the card of the released melts from the labels themselves.

``python -m tools.released.melt_card``

The part of ``data/labels/README.md`` below its mark: how many frames of which walks, how they were chosen, what they
cost, their pressures, forces and coordination. What stands above the mark is written by hand.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_text
from melt2crystal.frames import density_g_per_cm3, read_frames
from melt2crystal.label.store import one_digest
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.coordination import mean_coordination
from melt2crystal.structure.pressure import in_classes, static_pressure_GPa, too_many_to_name

MARK = "<!-- Below this line: written by `python -m tools.released.melt_card` from the labels. -->\n"
# how a frame was chosen, by the beginning of its origin
CHOSEN = {
    "starter": "came with the project's design: walks with a classical potential",
    "liquid": "from a BKS walk, at equal times, before there was a model",
    "explore": "by the loop: walk driven by a model, force deviation of the ensemble inside the window",
    "walk": "from a walk driven by a model, at equal times, whatever the deviation",
    "quench": "a melt scaled to a density and kept cold for 1 ps (`tools/experiments/quench_melts.py`)",
    **dict.fromkeys(("melt", "supercooled", "glass"), "a walk of its own at low density (`make_open_network.py`)"),
}
DRIVEN_BY = {  # what moved the atoms
    **dict.fromkeys(("starter", "liquid"), "a classical potential"),
    **dict.fromkeys(("explore", "walk", "quench", "melt", "supercooled", "glass"), "a model"),
}
UNKNOWN = "–"  # an origin that CHOSEN doesn't know


def how_chosen(frame: Atoms) -> str:
    """The key of ``CHOSEN`` that a frame's origin begins with, or a dash."""
    origin = str(frame.info["origin"])
    return next((key for key in CHOSEN if origin.startswith(key)), UNKNOWN)


def row_of(frame: Atoms, substance: Substance) -> dict[str, object]:
    """What the tables need of one frame; the pressure is that of the forces, without the ideal gas."""
    chosen = how_chosen(frame)
    return {
        "pressure": float(frame.info["pressure_GPa"]),
        "temperature": float(frame.info["temperature_K"]),
        "chosen": chosen,
        "origin": str(frame.info["origin"]),
        "driven": DRIVEN_BY.get(chosen, UNKNOWN),
        "seconds": float(frame.info.get("seconds", np.nan)),
        "atoms": len(frame),
        "density": density_g_per_cm3(frame),
        "coordination": mean_coordination(
            frame, substance.central_species, substance.ligand_species, substance.bond_cutoff_A
        ),
        "of_forces": static_pressure_GPa(frame),
        "force": float(np.sqrt(np.mean(frame.get_forces() ** 2))),
        "energy": frame.get_potential_energy() / len(frame),
    }


def spread(values: pd.Series, form: str) -> str:
    """Smallest and largest value, one number if they look alike."""
    low, high = format(values.min(), form), format(values.max(), form)
    return low if low == high else f"{low} to {high}"


def grouped(table: pd.DataFrame, columns: dict[str, Callable[[pd.DataFrame], str]], by: list[str]) -> str:
    """One row a group."""
    rows = [[form(group) for form in columns.values()] for _, group in table.groupby(by, sort=True)]
    return markdown.table(list(columns), rows)


def _origins(group: pd.DataFrame) -> str:
    """The word that chose the row, or the origins themselves where none did."""
    words = [group.chosen.iloc[0]] if group.chosen.iloc[0] != UNKNOWN else sorted(set(group.origin))
    return ", ".join(f"`{word}`" for word in words[:3]) + (f" and {len(words) - 3} more" if len(words) > 3 else "")


def card(frames: Sequence[Atoms], substance: Substance) -> str:
    """The generated part."""
    table = pd.DataFrame([row_of(frame, substance) for frame in frames])
    table["shown"] = in_classes(table.pressure)
    how = {
        "frames": lambda g: str(len(g)),
        "chosen": lambda g: CHOSEN.get(g.chosen.iloc[0], "how is not said: their origins begin otherwise"),
        "origin begins with": _origins,
    }
    its_pressure = "its p, rounded, GPa" if too_many_to_name(table.pressure) else "its p, GPa"
    states = {
        "walk driven by": lambda g: g.driven.iloc[0],
        its_pressure: lambda g: f"{g.shown.iloc[0]:g}",
        "frames": lambda g: str(len(g)),
        "T, K": lambda g: spread(g.temperature, ".0f"),
        "density, g/cm³": lambda g: spread(g.density, ".2f"),
        f"{substance.ligand_species} around {substance.central_species}": lambda g: f"{g.coordination.mean():.2f}",
        "label's p without the ideal gas, GPa": lambda g: spread(g.of_forces, ".0f"),
        "RMS force component, eV/Å": lambda g: f"{np.sqrt((g.force**2).mean()):.1f}",
        "CPU s a label": lambda g: spread(g.seconds, ".0f"),
    }
    return f"""
{len(table)} frames of {spread(table.atoms, "d")} atoms, settings digest `{one_digest(frames, "the released melts")}`,
{table.seconds.sum() / 3600:.1f} CPU hours; energies {spread(table.energy, ".3f")} eV/atom.

{grouped(table, how, ["chosen"])}

{grouped(table, states, ["driven", "shown"])}
"""


@reports_errors
def melt_card(
    labels: Annotated[Path, typer.Option(help="released melts")] = Path("data/labels/silica-pbe-melt.extxyz.gz"),
    page: Annotated[Path, typer.Option(help="page whose part below the mark is written")] = Path(
        "data/labels/README.md"
    ),
) -> None:
    """Write the card's tables again."""
    above = markdown.above(page, MARK)
    frames = read_frames(labels)
    write_text(page, above + card(frames, Substance()))
    print(f"{page}: tables of {len(frames)} frames")


if __name__ == "__main__":
    typer.run(melt_card)
