"""From the study's settings to the conditions of a search."""

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ase import Atoms

from melt2crystal.search.candidate import Conditions
from melt2crystal.search.melts import Bounds
from melt2crystal.search.sanity import Sanity, start_volumes
from melt2crystal.search.starts.generate import Recipe
from melt2crystal.sections.search import Relaxation, Starts
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings

# how long a search goes on: more of it begins with what there is
_NOT_OF_A_CANDIDATE = ("search.structures", "search.core_minutes", "search.unchanged_generations")
# what is read off finished candidates, and tells an evolution who may have children
_OF_PARENTS = ("search.symprecs_A", "search.largest_deviation_eV_per_A")
_PACKAGE = Path(__file__).resolve().parents[1]
_CODE = (
    *("search/candidate.py", "search/evolution.py", "search/found/fingerprint.py", "search/sanity.py"),
    "search/shares.py",
    *("search/starts/children.py", "search/starts/generate.py", "search/starts/melt_born.py"),
    "search/starts/symmetric.py",
    *("relaxation/curvature.py", "relaxation/lock_step.py", "relaxation/one_by_one.py"),
)
_MAKES_A_CANDIDATE = ("ase", "ase-ga", "deepmd-kit", "pyxtal", "spglib")


def conditions_of(
    substance: Substance,
    starts: Starts,
    relaxation: Relaxation,
    bounds: Bounds,
    melts: Sequence[Atoms],
    formula_units: int,
    pressure_GPa: float,
    seed: int,
) -> Conditions:
    """Conditions of the search at one pressure with one cell size, from what the melts say and nothing else.

    Args:
        bounds: volumes and energies of the melts around the pressure.
        melts: at rest, for starts to be cut from.
    """
    lowest = bounds.lowest_eV_per_atom
    energies = (lowest - relaxation.energy_floor_eV_per_atom, lowest + relaxation.energy_ceiling_eV_per_atom)
    return Conditions(
        recipe=Recipe(
            substance.formula,
            formula_units,
            start_volumes(bounds.volumes_A3_per_atom, starts.volume_margin, relaxation.volume_range_A3_per_atom),
            substance.minimum_distances_A,
            (starts.melt_share, starts.symmetric_share, starts.rattled_share),
            starts.rattle_A,
            tuple(melts),
        ),
        sanity=Sanity(relaxation.volume_range_A3_per_atom, energies, substance.minimum_distances_A),
        pressure_GPa=pressure_GPa,
        steps=relaxation.relax_steps,
        force_eV_per_A=relaxation.relax_force_eV_per_A,
        seed=seed,
    )


def code_of_candidates() -> list[Path]:
    """Files whose code makes and relaxes a candidate: other code begins a journal afresh."""
    return [_PACKAGE / name for name in _CODE]


def journal_settings(settings: Settings, *place: float) -> dict[str, Any]:
    """What a journal's key holds of the settings: everything a candidate depends on, and nothing else.

    Releases of the packages that make and relax a candidate are among it: another one begins afresh.
    """
    evolves = settings.values.get("search.engine") == "evolution"
    without = _NOT_OF_A_CANDIDATE if evolves else (*_NOT_OF_A_CANDIDATE, *_OF_PARENTS)
    kept = {name: value for name, value in settings.values.items() if name not in without}
    return {**kept, "place": list(place), "packages": packages_of_candidates()}


def packages_of_candidates() -> dict[str, str]:
    """Releases of the packages that make and relax a candidate."""
    return {name: version(name) for name in _MAKES_A_CANDIDATE}
