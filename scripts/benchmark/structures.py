"""Make the crystals of the benchmark: read, check, and (if the study says so) relax them once with the reference."""

from pathlib import Path
from typing import Annotated

import typer
from ase import Atoms

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.options import PlacesText, SettingsText
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.coordination import coordination_numbers
from melt2crystal.structure.crystals import claim_mistakes, formula_units, primitive_cell, read_crystal, space_group


@reports_errors
def benchmark_structures(
    out: Annotated[Path, typer.Option(help="the crystals' primitive cells (extended XYZ, info polymorph)")],
    settings: SettingsText,
    places: PlacesText = "{}",
) -> None:
    """Write one primitive cell per polymorph, at the volume its energy-volume curve is scaled from."""
    given = Settings(settings)
    substance = given.section("substance", Substance)
    claims = {claim["name"]: claim for claim in given.value("polymorphs")}
    crystals = [checked(name, claim, substance) for name, claim in claims.items()]
    if given.value("benchmark.energy_volume.structures") == "reference":
        from melt2crystal.engines.registry import reference_engine

        engine = reference_engine(given.value("reference"), substance.species, places)
        engine.check()
        crystals = engine.relax(crystals, 0.0)
    frames = [described(atoms, substance) for atoms in crystals]
    for frame in frames:
        name = frame.info["polymorph"]
        volume = frame.get_volume() / frame.info["formula_units"]
        print(f"{name}: space group {frame.info['space_group']}, {volume:.3f} Å³ per formula unit")
        if frame.info["space_group"] != claims[name]["space_group"]:
            print(f"  note: {claims[name]['space_group']} in the file; the reference prefers another symmetry")
        if frame.info["coordination"] != claims[name]["coordination"]:
            print(f"  note: coordination {frame.info['coordination']:g}, the study says {claims[name]['coordination']}")
    write_frames(out, frames)


def checked(name: str, claim: dict, substance: Substance) -> Atoms:
    """The primitive cell of a polymorph whose file is what the study claims."""
    around = (substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    mistakes = claim_mistakes(claim["file"], claim["space_group"], claim["coordination"], substance.formula, *around)
    if mistakes:
        raise UserError(f"benchmark.polymorphs.{name}: {'; '.join(mistakes)}; correct the study or the file")
    atoms = primitive_cell(read_crystal(claim["file"]))
    atoms.info["polymorph"] = name
    return atoms


def described(atoms: Atoms, substance: Substance) -> Atoms:
    """The frame as it is kept: without labels, with what it is in ``info``."""
    bare = Atoms(atoms.get_chemical_symbols(), atoms.get_positions(), cell=atoms.cell.array, pbc=True)
    bare.wrap()
    frame = canonical_frame(bare)
    around = (substance.central_species, substance.ligand_species, substance.bond_cutoff_A)
    frame.info["polymorph"] = atoms.info["polymorph"]
    frame.info["formula_units"] = formula_units(frame, substance.formula, atoms.info["polymorph"])
    frame.info["space_group"] = space_group(frame)
    frame.info["coordination"] = float(coordination_numbers(frame, *around).mean())
    return frame


if __name__ == "__main__":
    typer.run(benchmark_structures)
