"""From a finished candidate to its row of the table and its frame."""

from collections.abc import Sequence
from typing import Any

from ase import Atoms

from melt2crystal.frames import canonical_frame
from melt2crystal.relaxation.relaxer import enthalpy
from melt2crystal.search.candidate import Candidate
from melt2crystal.search.found.table import SOUND
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.coordination import mean_coordination
from melt2crystal.structure.energies import ENERGY, ENTHALPY
from melt2crystal.structure.symmetry import space_group_plateau


def structure_id(pressure_GPa: float, formula_units: int, generation: int, index: int) -> str:
    """Id of a candidate, unique in a study: pressure, cell size, generation, index."""
    return f"p{pressure_GPa:g}-z{formula_units}-g{generation:02d}-{index:04d}"


def row_and_frame(
    candidate: Candidate,
    result: dict[str, Any],
    formula_units: int,
    pressure_GPa: float,
    substance: Substance,
    symprecs_A: Sequence[float],
) -> tuple[dict[str, Any], Atoms | None]:
    """Row (columns of :mod:`melt2crystal.search.found.table`) and frame; no frame if the candidate ended unsoundly."""
    row: dict[str, Any] = {
        "id": candidate.name,
        "generation": candidate.generation,
        "origin": result["origin"],
        "parents": " ".join(candidate.parents) or None,
        "formula_units": formula_units,
        "pressure_GPa": pressure_GPa,
        "status": result["status"],
        "evaluations": result["evaluations"],
    }
    if result["status"] not in SOUND:
        return row, None
    frame = canonical_frame(Atoms(result["symbols"], positions=result["positions"], cell=result["cell"], pbc=True))
    frame.info.update(id=candidate.name, pressure_GPa=pressure_GPa, origin="search")
    return {**row, **measures(frame, result["energy_eV"], pressure_GPa, substance, symprecs_A)}, frame


def measures(
    frame: Atoms, energy_eV: float, pressure_GPa: float, substance: Substance, symprecs_A: Sequence[float]
) -> dict[str, Any]:
    """Energy, enthalpy (eV/atom), volume (Å^3/atom), space group and coordination of a relaxed structure."""
    number = len(frame)
    plateau = space_group_plateau(frame, symprecs_A)
    return {
        ENERGY: energy_eV / number,
        ENTHALPY: enthalpy(energy_eV, frame.get_volume(), pressure_GPa) / number,
        "volume_A3_per_atom": frame.get_volume() / number,
        # spglib finds nothing where atoms coincide within the tolerance: translations are all there is
        "space_group": plateau.number if plateau is not None else 1,
        "space_group_symprec_A": plateau.symprec_A if plateau is not None else None,
        "coordination": mean_coordination(
            frame, substance.central_species, substance.ligand_species, substance.bond_cutoff_A
        ),
    }
