"""Dynamical stability of the lowest structures found: harmonic vibrations with HP, imaginary ones followed."""

from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
from ase import Atoms

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.options import SettingsText
from melt2crystal.relaxation.relaxer import Relaxer, Target
from melt2crystal.search.found.table import UNIQUE, read_table
from melt2crystal.search.phases.known import in_words
from melt2crystal.search.phases.library import read_kept
from melt2crystal.search.phases.phase import Phase, Ruler
from melt2crystal.search.phases.stability import STABILITY, STABLE, UNSTABLE, Forces, supercell_atoms, vibrations
from melt2crystal.search.sanity import Sanity
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.sections.phases.stability import Stability
from melt2crystal.sections.search import Relaxation, Symmetry, part_of
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.crystals import primitive_cell
from melt2crystal.structure.energies import ENTHALPY
from melt2crystal.train.models import Ensemble, RelaxerFactory, member_path


@reports_errors
def search_stability(
    tables: Annotated[list[Path], typer.Argument(help="unique.csv of each pressure, the extxyz beside it")],
    model: Annotated[list[Path], typer.Option(help="a model of the HP ensemble; several")],
    library: Annotated[Path, typer.Option(help="known crystals that HP keeps, relaxed (extended XYZ)")],
    out: Annotated[Path, typer.Option(help="stable, unstable or not tested, and why (CSV)")],
    ends: Annotated[Path, typer.Option(help="where imaginary vibrations lead (extended XYZ)")],
    settings: SettingsText,
) -> None:
    """Test the lowest structures of each pressure; the others' rows say that they were not tested."""
    given = Settings(settings)
    rules, windows = given.section("search.stability", Stability), given.section("search.names", Naming)
    relaxation = part_of(given, Relaxation)
    ruler = Ruler(given.section("substance", Substance), windows.symprec_A, part_of(given, Symmetry).symprecs_A)
    path = str(member_path(model, relaxation.relax_member))
    relaxer, ensemble, known = RelaxerFactory(path)(), Ensemble([path]), read_kept(library, ruler)
    guard = Sanity(relaxation.volume_range_A3_per_atom, None, {}).guard
    rows: list[dict[str, Any]] = []
    led: list[Atoms] = []

    def forces(frames: Any) -> list[Any]:
        return [of_frame[0] for of_frame in ensemble.evaluate(frames)[1]]

    for table in tables:
        found, frames = read_table(table, UNIQUE), read_frames(table.with_suffix(".extxyz"))
        for number, (row, frame) in enumerate(zip(found.to_dict("records"), frames, strict=True)):
            pressure = float(row["pressure_GPa"])
            told: dict[str, Any] = {"id": row["id"], "pressure_GPa": pressure, "space_group": row["space_group"]}
            if number >= rules.structures:
                rows.append(told | {"state": "not tested: not among the lowest"})
                continue
            target = Target(pressure, rules.force_eV_per_A, relaxation.relax_steps, guard)
            done, end = tested(frame, rules, relaxer, target, forces)
            told |= done
            if end is not None:
                phase = ruler.phase(row["id"], *end, pressure)
                told["becomes"] = in_words(phase, known.get(pressure, []), windows)
                told["gained_meV_per_atom"] = 1000 * (float(row[ENTHALPY]) - phase.enthalpy_eV_per_atom)
                led.append(ended(phase, pressure))
            print(f"{row['id']}: {told['state']} {told.get('becomes', '')}", flush=True)
            rows.append(told)
    write_frames(ends, led)
    write_csv(out, pd.DataFrame(rows, columns=list(STABILITY)), "%.6g")


def tested(
    frame: Atoms, rules: Stability, relaxer: Relaxer, target: Target, forces: Forces
) -> tuple[dict[str, Any], tuple[Atoms, float] | None]:
    """State and frequencies of one structure; and where its lowest imaginary mode leads, with the energy."""
    (tight,) = relaxer.relax_all([primitive_cell(frame)], target)
    if fault := tight.failure or tight.complaint:
        return {"state": f"not tested: {fault}"}, None
    if (atoms := supercell_atoms(tight.atoms, rules.width_A)) > rules.largest_atoms:
        return {"state": f"not tested: its supercell has {atoms} atoms"}, None
    try:
        found = vibrations(tight.atoms, forces, rules)
    except ValueError as error:
        return {"state": f"not tested: {error}"}, None
    told = {
        "gamma_THz": found.gamma_THz,
        "lowest_THz": found.supercell_THz,
        "wave_vector": " ".join(f"{part:.4g}" for part in found.wave_vector),
        "mesh_THz": found.mesh_THz,
        "supercell_atoms": found.atoms,
    }
    if not found.unstable(rules.threshold_THz):
        return told | {"state": STABLE}, None
    if found.displaced is None:
        return told | {"state": f"{UNSTABLE} between the wave vectors of the supercell"}, None
    (end,) = relaxer.relax_all([found.displaced], target)
    if fault := end.failure or end.complaint:
        return told | {"state": f"{UNSTABLE}; the mode leads to {fault}"}, None
    return told | {"state": UNSTABLE}, (end.atoms, end.energy_eV)


def ended(phase: Phase, pressure_GPa: float) -> Atoms:
    """The structure that a mode leads to, as a frame."""
    frame = canonical_frame(phase.atoms)
    frame.info.update(id=phase.name, pressure_GPa=pressure_GPa, space_group=phase.groups[1])
    return frame


if __name__ == "__main__":
    typer.run(search_stability)
