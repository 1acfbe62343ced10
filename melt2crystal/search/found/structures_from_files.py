"""Structures that were found earlier, with another model: evaluated as they are, and relaxed from there."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from ase.calculators.calculator import Calculator

from melt2crystal.frames import bare_frame
from melt2crystal.relaxation.one_by_one import relax
from melt2crystal.search.found.minima import classes
from melt2crystal.search.found.rows import measures
from melt2crystal.search.found.table import UNIQUE, as_table
from melt2crystal.search.sanity import Sanity
from melt2crystal.sections.search import Relaxation
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import formula_units
from melt2crystal.structure.energies import ENTHALPY

ORIGIN = "given"
RELAXED = (
    *("id", "pressure_GPa", "status", "evaluations", "same_structure"),
    *(ENTHALPY, "volume_A3_per_atom", "volume_change_percent"),
    *("space_group", "space_group_given", "coordination", "coordination_given"),
)


def at_pressure(frames: Sequence[Atoms], pressure_GPa: float) -> list[Atoms]:
    """The frames found at a pressure, bare but for their ids."""
    chosen = []
    for atoms in frames:
        if np.isclose(float(atoms.info["pressure_GPa"]), pressure_GPa):
            frame = bare_frame(atoms)
            frame.info |= {"id": str(atoms.info["id"]), "pressure_GPa": pressure_GPa, "origin": ORIGIN}
            chosen.append(frame)
    return chosen


def unique_table(
    frames: Sequence[Atoms],
    energies_eV: Sequence[float],
    deviations_eV_per_A: Sequence[float | None],
    pressure_GPa: float,
    substance: Substance,
    symprecs_A: Sequence[float],
) -> tuple[pd.DataFrame, list[Atoms]]:
    """Rows (schema UNIQUE) and frames, lowest enthalpy of the model first, at exactly the geometries in the file.

    ``is_minimum`` stays empty and ``occurrences`` 1: both belong to the search that found them.

    Args:
        energies_eV: of one model, eV per cell.
        deviations_eV_per_A: largest force deviation of the ensemble; nothing is left out for it, others found them.
    """
    rows = []
    for frame, energy, deviation in zip(frames, energies_eV, deviations_eV_per_A, strict=True):
        row: dict[str, Any] = {
            "id": frame.info["id"],
            "generation": 0,
            "origin": ORIGIN,
            "formula_units": formula_units(frame, substance.formula, frame.info["id"]),
            "pressure_GPa": pressure_GPa,
            "deviation_eV_per_A": deviation,
            "status": "ok",
            "evaluations": 1,
            "occurrences": 1,
        }
        rows.append(row | measures(frame, float(energy), pressure_GPa, substance, symprecs_A))
    order = sorted(range(len(rows)), key=lambda k: (rows[k][ENTHALPY], rows[k]["id"]))
    return as_table([rows[k] for k in order], UNIQUE, "structures found earlier"), [frames[k] for k in order]


def relaxed_row(
    frame: Atoms,
    found: dict[str, Any],
    calculator: Calculator,
    relaxation: Relaxation,
    substance: Substance,
    symprecs_A: Sequence[float],
) -> dict[str, Any]:
    """Where the model takes a structure: a row with the columns ``RELAXED``.

    ``same_structure``: pymatgen's matcher takes the relaxed structure for the one in the file, whatever its volume.

    Args:
        frame: the structure as it was found.
        found: its row of :func:`unique_table`.
        relaxation: steps, largest force at the end, and the volumes beyond which a relaxation is given up.
    """
    pressure = float(found["pressure_GPa"])
    force, steps = relaxation.relax_force_eV_per_A, relaxation.relax_steps
    sanity = Sanity(relaxation.volume_range_A3_per_atom, None, substance.minimum_distances_A)
    end = relax(frame, calculator, pressure, force, steps, guard=sanity.guard)
    complaint = end.complaint or sanity.complaint(end.atoms, end.energy_eV)
    row: dict[str, Any] = {
        "id": found["id"],
        "pressure_GPa": pressure,
        "status": f"insane: {complaint}" if complaint else "ok" if end.converged else "unconverged",
        "evaluations": end.evaluations,
        "space_group_given": found["space_group"],
        "coordination_given": found["coordination"],
    }
    if complaint:
        return row
    measured = measures(end.atoms, end.energy_eV, pressure, substance, symprecs_A)
    row |= {name: measured[name] for name in RELAXED if name in measured}
    row["volume_change_percent"] = 100 * (end.atoms.get_volume() / frame.get_volume() - 1)
    row["same_structure"] = len(classes([frame, end.atoms], [0.0, 0.0], 1.0, 1.0)) == 1
    return row
