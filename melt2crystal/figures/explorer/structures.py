"""What the explorer shows of a structure: numbers, words, atoms, its CIF, and a drawing for browsers without WebGL."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from melt2crystal.figures.structure_drawing import draw_structure
from melt2crystal.figures.structures_found import ABOVE, colour_of, conventional, space_group_symbol
from melt2crystal.search.alone.results import cif_of

PICTURE_PX, DOTS_PER_INCH = 300, 100
COLOURS_OF_PICTURE = 32  # of a palette: a third of the bytes


@dataclass(frozen=True)
class Bond:
    """Which atoms are joined in drawings: central species and ligand up to a distance, A."""

    central: str
    ligand: str
    cutoff_A: float


@dataclass(frozen=True)
class Structure:
    """One structure found.

    Args:
        row: of a search table (schema UNIQUE) with ``ABOVE``.
        atoms: the structure.
        name, named_by: what it is called, and in words where that is from; plain text, whatever it holds.
        facts: further lines about it, label -> text.
    """

    row: Mapping[str, Any]
    atoms: Atoms
    name: str = ""
    named_by: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Known:
    """A known crystal in the landscape: relaxed with the same potential at this pressure."""

    name: str
    pressure_GPa: float
    volume_A3_per_atom: float
    enthalpy_eV_per_atom: float


def picture_of(atoms: Atoms, symprec_A: float | None, bond: Bond, colour: str) -> str:
    """The crystal drawn as coordination polyhedra: a PNG as base64."""
    from PIL import Image

    figure = Figure(figsize=(PICTURE_PX / DOTS_PER_INCH,) * 2, dpi=DOTS_PER_INCH)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0, 0, 1, 1))
    draw_structure(axes, conventional(atoms, symprec_A), bond.central, bond.ligand, bond.cutoff_A, colour)
    axes.set_aspect("equal", adjustable="box")  # alone in its figure: its axes may shrink
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(COLOURS_OF_PICTURE)
    bytes_of = BytesIO()
    picture.save(bytes_of, format="png", optimize=True)
    return b64encode(bytes_of.getvalue()).decode("ascii")


def as_data(structure: Structure, bond: Bond, between: tuple[float, float], with_picture: bool) -> dict[str, Any]:
    """One structure as the page's script reads it; a number that isn't known is None.

    Args:
        between: coordination numbers from which to which colours reach.
        with_picture: whether a drawing goes along.
    """
    row, atoms = structure.row, structure.atoms
    coordination = number(row["coordination"])
    colour = colour_of(float("nan") if coordination is None else coordination, between)
    group, symprec = int(row["space_group"]), number(row["space_group_symprec_A"])
    return {
        "id": str(row["id"]),
        "pressure": number(row["pressure_GPa"]),
        "name": structure.name,
        "namedBy": structure.named_by,
        "group": group,
        "symbol": space_group_symbol(group),
        "units": number(row["formula_units"]),
        "above": number(row[ABOVE], 3),
        "volume": number(row["volume_A3_per_atom"], 4),
        "coordination": coordination,
        "times": number(row["occurrences"]),
        "colour": colour,
        "facts": {**_facts(row, atoms), **structure.facts},
        "cell": np.round(atoms.cell.array, 5).tolist(),
        "species": atoms.get_chemical_symbols(),
        "scaled": np.round(atoms.get_scaled_positions(wrap=True), 5).tolist(),
        "cif": cif_of(atoms, group, symprec),
        "picture": picture_of(atoms, symprec, bond, colour) if with_picture else "",
    }


def number(value: Any, digits: int | None = None) -> float | None:
    """A number for JSON, which has neither NaN nor infinity."""
    if value is None or pd.isna(value) or not np.isfinite(float(value)):
        return None
    return float(value) if digits is None else round(float(value), digits)


def _facts(row: Mapping[str, Any], atoms: Atoms) -> dict[str, str]:
    lengths, angles = atoms.cell.lengths(), atoms.cell.angles()
    minimum = row["is_minimum"]
    told = {
        "cell a, b, c (Å)": ", ".join(f"{value:.4f}" for value in lengths),
        "cell α, β, γ (°)": ", ".join(f"{value:.2f}" for value in angles),
        "atoms in this cell": str(len(atoms)),
        "energy (eV/atom)": _shown(row["energy_eV_per_atom"], ".6f"),
        "enthalpy (eV/atom)": _shown(row["enthalpy_eV_per_atom"], ".6f"),
        "a rattle leads back to it": "not tested" if pd.isna(minimum) else "yes" if minimum else "no",
        "born by": str(row["origin"]),
        "tolerance of the space group (Å)": _shown(row["space_group_symprec_A"], "g"),
        "largest deviation of the models' forces (eV/Å)": _shown(row["deviation_eV_per_A"], ".4f"),
    }
    return {label: text for label, text in told.items() if text}


def _shown(value: Any, form: str) -> str:
    known = number(value)
    return "" if known is None else f"{known:{form}}"


def coordinations(structures: Sequence[Structure]) -> list[float]:
    """Those that are known."""
    values = [number(structure.row["coordination"]) for structure in structures]
    return [value for value in values if value is not None]
