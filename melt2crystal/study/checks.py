"""Rules between settings, each stated as what is wrong and what is allowed. Files are not opened here."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import combinations_with_replacement

from melt2crystal.study.batches import number_of_shards
from melt2crystal.study.model import Study
from melt2crystal.study.yaml_text import Mistake

Check = Callable[[Study], Iterator[Mistake]]
SMALLEST_MELT = 72  # atoms; smaller melts crystallise unseen (docs/decisions/certificate-limits.md)
MOST_SHARDS = 20_000  # jobs of one study that Snakemake can still plan
IN_FILE_NAMES = re.compile(r"-?\d+(\.\d+)?")  # as rules/common.smk has it
CHECKS: list[tuple[tuple[str, ...], Check]] = []


def uses(*sections: str) -> Callable[[Check], Check]:
    """Register a check; it is skipped while one of its sections has mistakes of its own."""

    def register(check: Check) -> Check:
        CHECKS.append((sections, check))
        return check

    return register


def mistakes_between_sections(study: Study, broken: Collection[str] = ()) -> list[Mistake]:
    """All broken rules between settings; sections in ``broken`` are not judged."""
    return [mistake for sections, check in CHECKS if not set(sections) & set(broken) for mistake in check(study)]


@uses("grid")
def _grid(study: Study) -> Iterator[Mistake]:
    yield from _pressures([row.pressure_GPa for row in study.grid], "grid", "each pressure once, with all temperatures")
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
    steps = _steps(liquid.walk_ps, liquid.time_step_fs)
    for key in ("frames_per_state", "heldout_frames_per_state"):
        frames = getattr(liquid, key)
        if frames > steps:
            allowed = f"at most {steps} (liquid.walk_ps / liquid.time_step_fs)"
            yield Mistake(("liquid", key), f"{frames} frames don't fit into a walk of {steps} steps", allowed)
    for key in ("thermostat_fs", "barostat_fs"):
        if getattr(liquid, key) < 2 * liquid.time_step_fs:
            problem = f"{getattr(liquid, key):g} fs is too close to the time step"
            yield Mistake(("liquid", key), problem, f"at least {2 * liquid.time_step_fs:g} fs (twice the time step)")


@uses("label", "select", "benchmark", "search", "release", "reference")
def _nothing_is_computed(study: Study) -> Iterator[Mistake]:
    if study.computes_labels:
        return
    given = study.reference.engine == "given"
    why = "reference.engine is given" if given else "label.compute is false"
    other = "another reference.engine" if given else "label.compute: true"
    if study.rounds:
        problem = f"{study.rounds} rounds choose frames to label, and {why}"
        yield Mistake(("select", "max_iterations"), problem, f"0, or {other}")
    benchmark, because = study.benchmark, f"needs {'an' if given else 'the'} engine, and {why}"
    scaled = benchmark.energy_volume.enabled or bool(benchmark.harmonic_polymorphs) or study.search.enabled
    if scaled and benchmark.energy_volume.structures == "reference":
        yield Mistake(
            ("benchmark", "energy_volume", "structures"), f"reference {because}", "experimental (as in the CIF)"
        )
    if benchmark.energy_volume.ions == "relaxed":
        yield Mistake(("benchmark", "energy_volume", "ions"), f"relaxed {because}", "fixed")
    if study.reference_relaxes_crystals:
        yield Mistake(("benchmark", "relaxed", "reference"), f"true {because}", "false, or null")
    if benchmark.vdos.enabled and benchmark.vdos.reference:
        yield Mistake(("benchmark", "vdos", "reference"), f"true {because}", "false, or vdos.enabled: false")
    if study.search.enabled and not study.found_with_labels:
        allowed = f"false, search.found (structures with labels), or {other}"
        yield Mistake(("search", "enabled"), f"true: what is found {because}", allowed)


@uses("reference", "benchmark")
def _engines_that_walk(study: Study) -> Iterator[Mistake]:
    vdos, engine = study.benchmark.vdos, study.reference.engine
    if vdos.enabled and vdos.reference and engine not in ("lammps", "given"):
        problem = f"true, and molecular dynamics with the engine {engine} is not built in"
        allowed = "false (benchmark.harmonic has the reference's spectra), or vdos.enabled: false"
        yield Mistake(("benchmark", "vdos", "reference"), problem, allowed)


@uses("name")
def _name(study: Study) -> Iterator[Mistake]:
    if study.name == "label-store":
        yield Mistake(("name",), "'label-store' is the folder of all studies' labels", "another name of the file")


@uses("grid", "liquid", "label", "select", "search", "benchmark", "jobs", "release", "reference")
def _jobs(study: Study) -> Iterator[Mistake]:
    loop = [f"iteration-{k:02d}" for k in range(study.rounds)]
    found = [f"found-p{p:g}" for p in study.search.pressures_GPa] if study.search.enabled else []
    shards = sum(number_of_shards(study, batch) for batch in ("initial", "heldout", "eos", "harmonic", *loop, *found))
    if shards > MOST_SHARDS:
        problem = f"{study.label.frames_per_shard} make {shards} labelling jobs"
        yield Mistake(("label", "frames_per_shard"), problem, f"so many that at most {MOST_SHARDS} jobs are left")


@uses("search", "train")
def _uspex(study: Study) -> Iterator[Mistake]:
    search, by_uspex = study.search, study.searches_by_uspex
    if by_uspex and study.train.network.passes_messages:
        problem = "uspex, and LAMMPS relaxes for it, which takes no model of train.network.descriptor: dpa4"
        yield Mistake(("search", "engine"), problem, "evolution, random, or train.network.descriptor: se_e2_a")
    if by_uspex and search.core_minutes is not None:
        allowed = "null; search.structures and search.unchanged_generations end it"
        yield Mistake(("search", "core_minutes"), f"{search.core_minutes:g}, and USPEX counts no minutes", allowed)


@uses("train", "select", "benchmark", "release")
def _walks_of_the_model(study: Study) -> Iterator[Mistake]:
    if not study.train.network.passes_messages:
        return
    because = "walks are driven by LAMMPS, which takes no model of train.network.descriptor: dpa4"
    if study.rounds:
        problem = f"{study.rounds} rounds explore, and {because}"
        yield Mistake(("select", "max_iterations"), problem, "0, or train.network.descriptor: se_e2_a")
    if study.benchmark.vdos.enabled:
        allowed = "false (benchmark.harmonic has spectra too), or train.network.descriptor: se_e2_a"
        yield Mistake(("benchmark", "vdos", "enabled"), f"true, and {because}", allowed)


@uses("explore")
def _exploring_walks(study: Study) -> Iterator[Mistake]:
    explore = study.explore
    steps = _steps(explore.walk_ps - explore.skip_ps, explore.time_step_fs)
    if steps < explore.frame_every_steps:
        yield Mistake(
            ("explore", "frame_every_steps"),
            f"a walk has {max(steps, 0)} steps after skip_ps: no frame would be written",
            f"at most {max(steps, 1)} ((walk_ps - skip_ps) / time_step_fs), or a longer walk_ps",
        )


@uses("select")
def _density_window(study: Study) -> Iterator[Mistake]:
    if study.select.density_range_g_per_cm3 is not None:
        yield from _ordered(study.select.density_range_g_per_cm3, ("select", "density_range_g_per_cm3"))


@uses("grid", "liquid", "train", "release")
def _enough_frames(study: Study) -> Iterator[Mistake]:
    lp = study.release.lp.pressures_GPa
    states = sum(len(row.temperatures_K) for row in study.grid if lp is None or row.pressure_GPa in lp)
    frames = states * study.liquid.frames_per_state
    trained = study.release.lp.enabled and study.release.lp.given is None
    if trained and study.liquid.frames is None and frames and frames * study.train.validation_fraction < 1:
        problem = f"of the {frames} frames of LP none is left for validation"
        yield Mistake(("train", "validation_fraction"), problem, f"at least {1 / frames:.3g}, or more frames per state")


@uses("benchmark")
def _polymorph_names(study: Study) -> Iterator[Mistake]:
    for name in study.benchmark.polymorphs:
        if not name.replace("_", "").isalnum() or not name.isascii():
            problem = f"{name!r} can't be part of a file name"
            yield Mistake(("benchmark", "polymorphs", name), problem, "letters, digits and underscores")
    if len(study.benchmark.polymorphs) < 2 and study.benchmark.energy_volume.enabled:
        problem = "energies of fewer than two crystals can't be compared"
        yield Mistake(("benchmark", "polymorphs"), problem, "at least two crystals")


@uses("search", "release")
def _search(study: Study) -> Iterator[Mistake]:
    yield from _pressures(study.search.pressures_GPa, "search", "each pressure once")
    member, members = study.search.relax_member, study.release.hp.training.members
    if member >= members:
        problem = f"HP has no member {member}"
        allowed = f"0 to {members - 1} (release.hp.training.members is {members}, counted from 0)"
        yield Mistake(("search", "relax_member"), problem, allowed)


@uses("figures", "search", "benchmark")
def _compared_structures(study: Study) -> Iterator[Mistake]:
    known, searched = study.benchmark.polymorphs, study.search.pressures_GPa
    if "comparisons" not in study.figures.model_fields_set:
        return  # the paper's panels; the figure leaves out what a study doesn't have
    for index, comparison in enumerate(study.figures.comparisons):
        path = ("figures", "comparisons", index)
        if comparison.polymorph not in known:
            problem = f"{comparison.polymorph!r} is none of benchmark.polymorphs"
            yield Mistake((*path, "polymorph"), problem, ", ".join(known))
        if study.search.enabled and comparison.pressure_GPa not in searched:
            problem = f"{exactly(comparison.pressure_GPa)} GPa is not searched"
            allowed = f"a pressure of search.pressures_GPa ({', '.join(f'{p:g}' for p in searched)})"
            yield Mistake((*path, "pressure_GPa"), problem, allowed)


@uses("search")
def _starts(study: Study) -> Iterator[Mistake]:
    search = study.search
    if search.melt_share + search.symmetric_share + search.rattled_share > 1 + 1e-9:
        others = f"symmetric_share {search.symmetric_share:g} and melt_share {search.melt_share:g}"
        problem = f"{search.rattled_share:g}, {others} add up to more than 1"
        yield Mistake(("search", "rattled_share"), problem, "three shares whose sum is at most 1 (the rest is P1)")
    yield from _ordered(search.volume_range_A3_per_atom, ("search", "volume_range_A3_per_atom"))


@uses("certificate", "search")
def _tolerances(study: Study) -> Iterator[Mistake]:
    for name in ("certificate", "search"):
        for index, symprec in enumerate(getattr(study, name).symprecs_A):
            if not 0 < symprec <= 1:
                problem = f"{symprec:g} Å is no tolerance"
                yield Mistake((name, "symprecs_A", index), problem, "a number > 0 and <= 1 (Å)")


def _pressures(pressures: list[float], section: str, once: str) -> Iterator[Mistake]:
    """Pressures name files, with six digits and without an exponent."""
    named: dict[str, float] = {}
    for index, pressure in enumerate(pressures):
        path = ("grid", index, "pressure_GPa") if section == "grid" else (section, "pressures_GPa", index)
        name = f"{pressure:g}"
        if not IN_FILE_NAMES.fullmatch(name):
            yield Mistake(path, f"{name} GPa can't be part of a file name", "0, or at least 0.0001 GPa (or -0.0001)")
        elif named.get(name) == pressure:
            yield Mistake(path, f"the pressure {name} GPa occurs twice", once)
        elif name in named:
            problem = f"{named[name]!r} and {pressure!r} GPa are both {name} in the names of files"
            yield Mistake(path, problem, "pressures that differ in six digits")
        named.setdefault(name, pressure)


def exactly(number: float) -> str:
    """Six digits where they are the number, else all: two that differ look different."""
    return f"{number:g}" if float(f"{number:g}") == number else repr(number)


def _ordered(bounds: tuple[float, float], path: tuple[str, ...]) -> Iterator[Mistake]:
    if not 0 <= bounds[0] < bounds[1]:
        yield Mistake(path, f"[{bounds[0]:g}, {bounds[1]:g}] is no range", "[smallest, largest], neither negative")


def _steps(length_ps: float, time_step_fs: float) -> int:
    return int(1000 * length_ps / time_step_fs + 1e-6)
