"""A search without a study, from Python: ``search("SiO2", "models/hp", pressure_GPa=10, relaxations=500, ...)``.

The command ``melt2crystal search`` calls this and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from melt2crystal.errors import UserError

if TYPE_CHECKING:
    import pandas as pd
    from ase import Atoms

    from melt2crystal.search.alone.beginning import Beginning

__all__ = ["Found", "search"]
PACKAGES = ("ase", "ase-ga", "deepmd-kit", "numpy", "pymatgen-core", "pyxtal", "spglib")

TO_TERMINAL: Callable[[str], None] = partial(print, flush=True)


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        table: one row for each unique structure, lowest enthalpy first; columns as in ``found.csv``.
        structures: relaxed, in the table's order.
        relaxations: candidates that were started, sound and unsound.
        core_minutes: CPU time of all relaxations, also of former runs in the same folder.
        folder: where the files lie.
    """

    table: pd.DataFrame
    structures: list[Atoms]
    relaxations: int
    core_minutes: float
    folder: Path


def search(
    formula: str,
    potential: Path | str,
    *,
    pressure_GPa: float = 0.0,
    out: Path | str,
    minutes: float | None = None,
    relaxations: int | None = None,
    formula_units: Sequence[int] = (),
    engine: Literal["evolution", "random"] = "evolution",
    starts: Mapping[str, float] | None = None,
    adaptive_shares: bool = False,
    melts: Sequence[Path | str] = (),
    known: Path | str | None = None,
    seed: int = 1,
    workers: int = 1,
    resume: bool = False,
    calculator_arguments: Mapping[str, Any] | None = None,
    interpreter: str | None = None,
    timeout_s: float = 600.0,
    largest_deviation_eV_per_A: float | None = 1.0,
    say: Callable[[str], None] = TO_TERMINAL,
) -> Found:
    """Search crystals of a formula with a potential; nothing is asked of any study or project.

    Args:
        formula: SiO2, Al2(SiO4)O, Cu.
        potential: frozen or compressed model of DeePMD-kit, or a folder of them: the first relaxes, and where they
            disagree no structure is believed; or a LAMMPS include file (.lmp); or an ASE calculator by name,
            ``ase.calculators.emt:EMT``.
        pressure_GPa: pressure, GPa.
        out: folder of results: empty, or new.
        minutes: core-minutes of relaxations after which the search ends; where that ends it can't be reproduced.
        relaxations: structures relaxed after which it ends, over all cell sizes: the same search each time, for any
            number of workers. At least one of the two is needed.
        formula_units: per cell, one after the other, each with an equal share; without, those of 1, 2, 3, 4, 6 and 8
            with at most 24 atoms.
        engine: evolution, or random starts alone.
        starts: how random starts are made: keys of ``melt2crystal.sections.search.Starts``; without, its defaults.
        adaptive_shares: shares of starts and operators follow from what each gave (``search.adaptive_shares``).
        melts: files of disordered structures of the same composition; volumes and bounds of the energy come from them,
            and starts are cut from them. Without, 50 random cells are relaxed for that.
        known: folder of CIF files; they only name what is found.
        seed: root of all random numbers.
        workers: processes.
        calculator_arguments: keyword arguments of an ASE calculator (plain data).
        interpreter: python of the environment that has it; None: this one.
        timeout_s: longest time of one evaluation of an ASE calculator, s.
        resume: go on with a search in ``out``; what is finished is not computed again.
        largest_deviation_eV_per_A: of the forces of the members of the potential; None: never refuse.
        say: gets each line of progress.

    Raises:
        UserError: something the user can mend, nearly always before anything is computed.
        KeyboardInterrupt: was raised while the search went on; what was finished is in ``out`` as if it had ended.
    """
    from melt2crystal.search.alone import known as naming
    from melt2crystal.search.alone import results
    from melt2crystal.search.alone.melts_from_files import melts_of
    from melt2crystal.search.alone.potential import digests
    from melt2crystal.search.alone.potential import potential as potential_of
    from melt2crystal.search.alone.request import Request, request
    from melt2crystal.search.alone.run import SYMPRECS_A, Run
    from melt2crystal.search.phases.phase import Ruler
    from melt2crystal.sections.phases.naming import Naming
    from melt2crystal.train.models import RelaxerFactory

    asked = request(
        formula,
        formula_units,
        pressure_GPa=pressure_GPa,
        engine=engine,
        starts=dict(starts or {}),
        adaptive_shares=adaptive_shares,
        seed=seed,
        workers=workers,
        minutes=minutes,
        relaxations=relaxations,
        largest_deviation_eV_per_A=largest_deviation_eV_per_A,
    )
    folder, files = Path(out), [Path(path) for path in melts]
    molten = melts_of(files, asked.formula)
    crystals = naming.crystals_of(Path(known), asked.formula, say) if known is not None else {}
    judge = potential_of(potential, asked.formula, calculator_arguments, interpreter, timeout_s)
    before = results.folder_for(folder, resume)
    content = {
        "settings": asked.what_decides,
        "potential": list(judge.digests),
        "melts": digests(files),
        "known": None if known is None else str(known),
        "versions": {"melt2crystal": _version(), **{name: version(name) for name in PACKAGES}},
    }
    if before is not None:
        results.check_same(before, content, Request.defaults(), folder)
    results.write_settings(folder, content)
    if len(judge.ensemble) < 2:
        say("this potential has one member: nothing tells where it is wrong, and deviation_eV_per_A stays empty")
    if asked.minutes is not None:
        say(f"it ends after {asked.minutes:g} core-minutes of relaxations; another run will end elsewhere")

    run = Run(asked, judge, folder, say)
    beginning = run.beginning(molten)
    _tell(beginning, say)
    ruler, stayed = Ruler(beginning.substance, Naming().symprec_A, SYMPRECS_A), []
    if crystals:
        relaxer = RelaxerFactory(str(run.members[0]))()
        stayed = naming.relaxed(crystals, relaxer, run.known_conditions(beginning), ruler, say)

    def written(unique: pd.DataFrame, frames: dict[str, Atoms], ended: str) -> Found:
        names = naming.names_of(unique, frames, stayed, ruler)
        table, structures = results.write_results(folder, unique, frames, names, run.relaxations())
        found = Found(table, structures, len(run.pairs), run.core_s / 60, folder)
        ends = {str(units): end for units, end in run.ends.items()}
        counts = {"relaxations": found.relaxations, "unique": len(table), "core_minutes": round(found.core_minutes, 2)}
        begun = json.loads((folder / "beginning.json").read_text(encoding="utf-8"))
        results.write_settings(
            folder, {**content, "beginning": begun, "ended": ended, "formula_units": ends, **counts}
        )  # fmt: skip
        return found

    try:
        unique, frames = run.search(beginning)
    except KeyboardInterrupt:
        say("\nstopped: what is finished is written; which structures are minima was not tested")
        written(*run.unique(), "stopped")
        raise
    except UserError:
        written(*run.unique(), "nothing was found")
        raise
    return written(unique, frames, "all sizes done")


def _version() -> str:
    from melt2crystal import __version__

    return __version__


def _tell(beginning: Beginning, say: Callable[[str], None]) -> None:
    bounds, substance = beginning.bounds, beginning.substance
    low, high = bounds.volumes_A3_per_atom
    apart = ", ".join(f"{pair} {distance:.2f}" for pair, distance in substance.minimum_distances_A.items())
    say(
        f"{beginning.told}\n"
        f"  volumes {low:.2f} to {high:.2f} Å³/atom; lowest energy {bounds.lowest_eV_per_atom:.4f} eV/atom\n"
        f"  unsound below these distances, Å: {apart}; bonds {substance.central_species}-{substance.ligand_species} up "
        f"to {substance.bond_cutoff_A:.2f} Å"
    )
