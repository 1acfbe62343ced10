"""Known crystals relaxed with the potential of the search: what a structure found can be called, and which stay.

Each is relaxed twice at each pressure: as it is in its file, which keeps its symmetry and may end on a saddle point,
and rattled, which is free to go. What the potential does not keep is no name for a structure it finds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ase import Atoms

from melt2crystal.benchmark.relaxed_crystals import rattled
from melt2crystal.relaxation.relaxer import Relaxed, Relaxer, Target
from melt2crystal.search.phases.naming import name_of
from melt2crystal.search.phases.phase import Phase, Ruler, alike, is_still
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.seeds import generator_for
from melt2crystal.structure.energies import ENTHALPY

MINIMUM = "minimum"
KNOWN = (
    *("crystal", "pressure_GPa", "state", "becomes", "space_group_of_file", "space_group"),
    *("volume_A3_per_atom", ENTHALPY, "coordination", "gained_meV_per_atom"),
)


@dataclass(frozen=True)
class Library:
    """Known crystals at one pressure.

    Args:
        rows: one for each crystal, columns KNOWN.
        phases: the ends that are still the crystal, whose names structures may have.
    """

    rows: list[dict[str, Any]]
    phases: list[Phase]


def relaxed_library(
    crystals: dict[str, Atoms],
    relaxer: Relaxer,
    target: Target,
    ruler: Ruler,
    windows: Naming,
    rattle_A: float,
    seed: int,
) -> Library:
    """Every crystal relaxed at a pressure, as it is and rattled.

    Args:
        crystals: name -> crystal, primitive cells.
        rattle_A: standard deviation of the rattle; its random numbers follow from the seed and the name.
    """
    moved = [rattled(atoms, rattle_A, generator_for(seed, "search.known", name)) for name, atoms in crystals.items()]
    ends = relaxer.relax_all([*crystals.values(), *moved], target)
    of_files = {name: ruler.phase(name, atoms, 0.0, 0.0) for name, atoms in crystals.items()}
    symmetric, free = (
        {name: _phase(name, end, target, ruler) for name, end in zip(crystals, part, strict=True)}
        for part in (ends[: len(crystals)], ends[len(crystals) :])
    )
    stays = {name: _is_still(symmetric[name], of_files[name]) for name in crystals}
    came_back = {
        name: _is_still(free[name], of_files[name]) or (stays[name] and _alike(free[name], symmetric[name]))
        for name in crystals
    }
    ended = [(free[name], came_back[name]) for name in crystals] + [(symmetric[name], stays[name]) for name in crystals]
    kept = [end for end, same in ended if same and isinstance(end, Phase)]
    rows = []
    for name, of_file in of_files.items():
        state = MINIMUM if came_back[name] else "saddle point" if stays[name] else "no minimum"
        shown = symmetric[name] if stays[name] else free[name]
        row: dict[str, Any] = {"crystal": name, "pressure_GPa": target.pressure_GPa, "state": state}
        row["space_group_of_file"] = of_file.groups[0]
        if isinstance(end := free[name], str):
            row["state"] = f"not known: {end}"
        elif state != MINIMUM:
            row["becomes"] = in_words(end, kept, windows)
        if isinstance(shown, Phase):
            row |= {"space_group": shown.groups[1], ENTHALPY: shown.enthalpy_eV_per_atom}
            row |= {"volume_A3_per_atom": shown.volume_A3_per_atom, "coordination": shown.coordination}
        if isinstance(one := free[name], Phase) and isinstance(other := symmetric[name], Phase):
            row["gained_meV_per_atom"] = 1000 * (other.enthalpy_eV_per_atom - one.enthalpy_eV_per_atom)
        rows.append(row)
    return Library(rows, kept)


def _phase(name: str, end: Relaxed, target: Target, ruler: Ruler) -> Phase | str:
    """What a relaxation ended as, or why it ended as nothing."""
    if fault := end.failure or end.complaint:
        return fault
    if not end.converged:
        return "its relaxation did not converge"
    return ruler.phase(name, end.atoms, end.energy_eV, target.pressure_GPa)


def _is_still(end: Phase | str, of_file: Phase) -> bool:
    return isinstance(end, Phase) and is_still(end, of_file)


def _alike(one: Phase | str, other: Phase | str) -> bool:
    return isinstance(one, Phase) and isinstance(other, Phase) and alike(one, other)


def in_words(phase: Phase, library: Sequence[Phase], windows: Naming) -> str:
    """A structure that something became: its name in the library, or its space group."""
    name = name_of(phase, library, windows)
    return name.name if name is not None else f"space group {phase.groups[1]}"
