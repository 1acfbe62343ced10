"""Rules between settings that say how melts are made, explored and trained on."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations_with_replacement

from melt2crystal.study.checks.registry import ascending, each_once, exactly, steps_of, uses
from melt2crystal.study.model import Study
from melt2crystal.study.yaml_text import Mistake

SMALLEST_MELT = 72  # atoms; smaller melts crystallise unseen (docs/decisions/certificate-limits.md)


@uses("grid")
def _grid(study: Study) -> Iterator[Mistake]:
    yield from each_once([row.pressure_GPa for row in study.grid], "grid", "each pressure once, with all temperatures")
    for index, row in enumerate(study.grid):
        hottest = max(row.temperatures_K)
        if row.hottest_melt_K < hottest:
            problem = f"{row.hottest_melt_K:g} K is colder than the hottest state"
            yield Mistake(("grid", index, "melt_temperature_K"), problem, f"at least {hottest:g} K, so that it melts")


@uses("grid", "liquid", "release")
def _released_pressures(study: Study) -> Iterator[Mistake]:
    if study.liquid.frames is not None:
        return  # the files' pressures count (config_frames.py)
    grid = [row.pressure_GPa for row in study.grid]
    allowed = f"pressures of the grid ({', '.join(f'{p:g}' for p in grid)} GPa)"
    for name in study.potentials:
        pressures = getattr(study.release, name).pressures_GPa
        path = ("release", name, "pressures_GPa")
        if pressures is not None and not pressures:
            yield Mistake(path, "the list is empty", f"{allowed}, or null for all")
        for pressure in pressures or ():
            if pressure not in grid:
                yield Mistake(path, f"{exactly(pressure)} GPa is not in the grid", allowed)


@uses("substance", "liquid", "certificate")
def _melt_is_large_enough(study: Study) -> Iterator[Mistake]:
    per_unit = study.substance.atoms_per_formula_unit
    atoms = study.liquid.formula_units * per_unit
    if study.certificate.enabled and atoms < SMALLEST_MELT and study.liquid.frames is None:
        least = -(-SMALLEST_MELT // per_unit)
        yield Mistake(
            ("liquid", "formula_units"),
            f"{study.liquid.formula_units} make a melt of {atoms} atoms, which crystallises unnoticed",
            f"at least {least} ({SMALLEST_MELT} atoms) while certificate.enabled is true",
        )


@uses("substance")
def _species(study: Study) -> Iterator[Mistake]:
    substance = study.substance
    known = ", ".join(substance.species)
    for key in ("central_species", "ligand_species"):
        if getattr(substance, key) not in substance.species:
            yield Mistake(("substance", key), f"{getattr(substance, key)!r} is not in the formula", known)
    for pair, distance in substance.minimum_distances_A.items():
        path = ("substance", "minimum_distances_A", pair)
        parts = pair.split("-")
        if len(parts) != 2 or any(part not in substance.species for part in parts):
            yield Mistake(path, "is no pair of species of the formula", f"'A-B' with A and B from {known}")
        if not 0 < distance < 3:
            yield Mistake(path, f"{distance:g} Å is no distance of a collision", "a number > 0 and < 3 (Å)")

    named = {tuple(sorted(pair.split("-"))) for pair in substance.minimum_distances_A}
    pairs = [f"{one}-{other}" for one, other in combinations_with_replacement(substance.species, 2)]
    missing = [pair for pair in pairs if tuple(sorted(pair.split("-"))) not in named]
    if missing:
        problem = f"no distance for {', '.join(missing)}: such atoms could lie in one place"
        yield Mistake(("substance", "minimum_distances_A"), problem, f"a distance for each of {', '.join(pairs)}")


@uses("liquid")
def _liquid_walks(study: Study) -> Iterator[Mistake]:
    liquid = study.liquid
    steps = steps_of(liquid.walk_ps, liquid.time_step_fs)
    for key in ("frames_per_state", "heldout_frames_per_state"):
        frames = getattr(liquid, key)
        if frames > steps:
            allowed = f"at most {steps} (liquid.walk_ps / liquid.time_step_fs)"
            yield Mistake(("liquid", key), f"{frames} frames don't fit into a walk of {steps} steps", allowed)
    for key in ("thermostat_fs", "barostat_fs"):
        if getattr(liquid, key) < 2 * liquid.time_step_fs:
            problem = f"{getattr(liquid, key):g} fs is too close to the time step"
            yield Mistake(("liquid", key), problem, f"at least {2 * liquid.time_step_fs:g} fs (twice the time step)")


@uses("explore")
def _exploring_walks(study: Study) -> Iterator[Mistake]:
    explore = study.explore
    steps = steps_of(explore.walk_ps - explore.skip_ps, explore.time_step_fs)
    if steps < explore.frame_every_steps:
        yield Mistake(
            ("explore", "frame_every_steps"),
            f"a walk has {max(steps, 0)} steps after skip_ps: no frame would be written",
            f"at most {max(steps, 1)} ((walk_ps - skip_ps) / time_step_fs), or a longer walk_ps",
        )


@uses("select")
def _density_window(study: Study) -> Iterator[Mistake]:
    if study.select.density_range_g_per_cm3 is not None:
        yield from ascending(study.select.density_range_g_per_cm3, ("select", "density_range_g_per_cm3"))


@uses("grid", "liquid", "train", "release")
def _enough_frames(study: Study) -> Iterator[Mistake]:
    lp = study.release.lp.pressures_GPa
    states = sum(len(row.temperatures_K) for row in study.grid if lp is None or row.pressure_GPa in lp)
    frames = states * study.liquid.frames_per_state
    trained = study.release.lp.enabled and study.release.lp.given is None
    if trained and study.liquid.frames is None and frames and frames * study.train.validation_fraction < 1:
        problem = f"of the {frames} frames of LP none is left for validation"
        yield Mistake(("train", "validation_fraction"), problem, f"at least {1 / frames:.3g}, or more frames per state")
