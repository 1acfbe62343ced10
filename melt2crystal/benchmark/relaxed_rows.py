"""Relaxed crystals as rows of a table and frames of a file, the same for potentials and reference."""

from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
from ase import Atoms

from melt2crystal.benchmark.elastic import Elasticity
from melt2crystal.benchmark.relaxed_crystals import measures, rattled
from melt2crystal.files import write_csv
from melt2crystal.frames import write_frames
from melt2crystal.relaxation.relaxer import enthalpy
from melt2crystal.sections.relaxed_crystals import RattledStarts
from melt2crystal.sections.substance import Substance
from melt2crystal.seeds import generator_for

CONSTANTS = ("11", "12", "13", "14", "33", "44", "66")  # of the cell as it lies; all there are in 32 and 4/mmm
REFERENCE = -1  # "member" of the reference
COLUMNS = [
    "polymorph", "potential", "pressure_GPa", "member", "start", "state", "volume_A3_per_formula", "c_over_a",
    "bridging_angle_deg", "coordination", "space_group", "energy_eV_per_atom", "enthalpy_eV_per_atom",
    "bulk_modulus_GPa", "shear_modulus_GPa", *(f"C{name}_GPa" for name in CONSTANTS), "elastic_asymmetry_GPa",
]  # fmt: skip


class End(NamedTuple):
    """Where one relaxation ended.

    Attributes:
        crystal: what it began as, before the rattle, ``polymorph`` in its info.
        state: relaxed, or why there is no relaxed crystal.
        atoms: the structure reached, None if there is none.
        energy_eV: of its cell; NaN where it is not known.
        elasticity: its elastic constants, if they were asked for and could be had.
    """

    crystal: Atoms
    pressure_GPa: float
    member: int
    start: int
    state: str
    atoms: Atoms | None
    energy_eV: float
    elasticity: Elasticity | None = None


def start_of(crystal: Atoms, rules: RattledStarts, seed: int, start: int) -> Atoms:
    """The rattled crystal: the same for all potentials and the reference, so that another end is another potential."""
    name = crystal.info["polymorph"]
    return rattled(crystal, rules.rattle_A, generator_for(seed, "benchmark.relaxed", name, start))


def write_ends(
    found: Iterable[End], potential: str, rules: RattledStarts, substance: Substance, table: Path, structures: Path
) -> None:
    """Measure each end as it comes, say it, and write all of them (CSV, extended XYZ)."""
    around = (substance.formula, substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    rows: list[dict[str, Any]] = []
    frames = []
    for end in found:
        row: dict[str, Any] = {"polymorph": end.crystal.info["polymorph"], "potential": potential}
        row |= {"pressure_GPa": end.pressure_GPa, "member": end.member, "start": end.start, "state": end.state}
        said = f"{row['polymorph']} at {end.pressure_GPa:g} GPa, member {end.member}, start {end.start}: {end.state}"
        if end.atoms is not None:
            row |= asdict(measures(end.crystal, end.atoms, *around, rules.symprec_A))
            of_cell = enthalpy(end.energy_eV, end.atoms.get_volume(), end.pressure_GPa)
            row["energy_eV_per_atom"] = end.energy_eV / len(end.atoms)
            row["enthalpy_eV_per_atom"] = of_cell / len(end.atoms)
            end.atoms.info = {key: row[key] for key in ("polymorph", "pressure_GPa", "member", "start")}
            frames.append(end.atoms)
            said += f", {row['volume_A3_per_formula']:.3f} A^3 per formula unit, SG {row['space_group']}"
        if end.elasticity is not None:
            row |= moduli(end.elasticity)
            said += f", bulk modulus {end.elasticity.bulk_GPa:.1f} GPa"
        rows.append(row)
        print(said, flush=True)
    write_frames(structures, frames)
    write_csv(table, pd.DataFrame(rows, columns=COLUMNS), "%.9g")


def moduli(found: Elasticity) -> dict[str, float]:
    """Elastic constants by their columns."""
    of = {f"C{name}_GPa": float(found.constants_GPa[int(name[0]) - 1, int(name[1]) - 1]) for name in CONSTANTS}
    hill = {"bulk_modulus_GPa": found.bulk_GPa, "shear_modulus_GPa": found.shear_GPa}
    return of | hill | {"elastic_asymmetry_GPa": found.asymmetry_GPa}
