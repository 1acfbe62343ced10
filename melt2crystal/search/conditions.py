"""From the study's settings to the conditions of a search."""

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from ase import Atoms

from melt2crystal.search.candidate import Conditions
from melt2crystal.search.generate import Recipe
from melt2crystal.search.sanity import Sanity, start_volumes
from melt2crystal.sections.search import Relaxation, Starts
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings

# settings that say how many candidates there are or what is read off finished ones: a candidate can't feel them
_NOT_OF_A_CANDIDATE = ("search.structures", "search.symprecs_A", "search.largest_deviation_eV_per_A")
_MAKES_A_CANDIDATE = ("ase", "deepmd-kit", "pyxtal", "spglib")


def conditions_of(
    substance: Substance,
    starts: Starts,
    relaxation: Relaxation,
    polymorphs: Sequence[Atoms],
    formula_units: int,
    pressure_GPa: float,
    seed: int,
) -> Conditions:
    """Conditions of the search at one pressure with one cell size."""
    volumes = start_volumes(list(polymorphs), starts.volume_margin, relaxation.volume_range_A3_per_atom)
    return Conditions(
        recipe=Recipe(
            substance.formula,
            formula_units,
            volumes,
            substance.minimum_distances_A,
            starts.symmetric_share,
            starts.rattled_share,
            starts.rattle_A,
        ),
        sanity=Sanity(relaxation.volume_range_A3_per_atom, None, substance.minimum_distances_A),
        polymorphs=tuple(polymorphs),
        floor_eV_per_atom=relaxation.energy_floor_eV_per_atom,
        ceiling_eV_per_atom=relaxation.energy_ceiling_eV_per_atom,
        pressure_GPa=pressure_GPa,
        steps=relaxation.relax_steps,
        force_eV_per_A=relaxation.relax_force_eV_per_A,
        seed=seed,
    )


def journal_settings(settings: Settings, *place: float) -> dict[str, Any]:
    """What a journal's key holds of the settings: everything a candidate depends on, and nothing else.

    Releases of the packages that make and relax a candidate are among it: another one begins afresh.
    """
    kept = {name: value for name, value in settings.values.items() if name not in _NOT_OF_A_CANDIDATE}
    return {**kept, "place": list(place), "packages": {name: version(name) for name in _MAKES_A_CANDIDATE}}
