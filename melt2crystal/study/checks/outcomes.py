"""Rules between settings that say what is labelled, judged, searched and drawn."""

from __future__ import annotations

from collections.abc import Iterator

from melt2crystal.study.batches import number_of_shards
from melt2crystal.study.checks.registry import ascending, each_once, exactly, uses
from melt2crystal.study.model import Study
from melt2crystal.study.names import of_replicate
from melt2crystal.study.yaml_text import Mistake

MOST_SHARDS = 20_000  # jobs of one study that Snakemake can still plan


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
    if study.reference_follows_phases:
        yield Mistake(("search", "enthalpy_curves", "reference"), f"true {because}", "false, or null")
    if benchmark.vdos.enabled and benchmark.vdos.reference:
        yield Mistake(("benchmark", "vdos", "reference"), f"true {because}", "false, or vdos.enabled: false")
    if study.search.enabled and not study.found_with_labels:
        allowed = f"false, search.found (structures with labels), or {other}"
        yield Mistake(("search", "enabled"), f"true: what is found {because}", allowed)


NO_DYNAMICS = "true, and molecular dynamics with the engine {} is not built in"


@uses("reference", "benchmark")
def _engines_that_walk(study: Study) -> Iterator[Mistake]:
    vdos, engine = study.benchmark.vdos, study.reference.engine
    if vdos.enabled and vdos.reference and engine not in ("lammps", "given"):
        allowed = "false (benchmark.harmonic has the reference's spectra), or vdos.enabled: false"
        yield Mistake(("benchmark", "vdos", "reference"), NO_DYNAMICS.format(engine), allowed)
    if study.benchmark.melt.enabled and engine != "lammps":
        allowed = "false, null, or reference.engine: lammps"
        yield Mistake(("benchmark", "melt", "enabled"), NO_DYNAMICS.format(engine), allowed)


@uses("benchmark", "grid")
def _melts_compared(study: Study) -> Iterator[Mistake]:
    pressures = [row.pressure_GPa for row in study.grid]
    for pressure in set(study.benchmark.melt.pressures_GPa or ()).difference(pressures):
        allowed = "pressures of the grid: " + ", ".join(f"{p:g}" for p in pressures)
        yield Mistake(("benchmark", "melt", "pressures_GPa"), f"{pressure:g} is not in the grid", allowed)


@uses("name")
def _name(study: Study) -> Iterator[Mistake]:
    if study.name == "label-store":
        yield Mistake(("name",), "'label-store' is the folder of all studies' labels", "another name of the file")


@uses("name", "replicates")
def _is_a_replicate(study: Study) -> Iterator[Mistake]:
    if study.replicates.first_seed is not None and not of_replicate(study.name):
        problem = f"{study.replicates.first_seed}, and {study.name} is no name of a replicate"
        yield Mistake(("replicates", "first_seed"), problem, "null; a replicate is asked for by replicate=2")


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
    calculator, network = study.release.hp.calculator, study.train.network
    walked = {"vdos": " (benchmark.harmonic has spectra too)", "melt": ""}
    for name, other in walked.items():
        if calculator and getattr(study.benchmark, name).enabled:
            problem = f"true, and walks are driven by LAMMPS, which takes no ASE calculator ({calculator.calculator})"
            yield Mistake(("benchmark", name, "enabled"), problem, f"false{other}")
    if not network.passes_messages:
        return
    because = "walks are driven by LAMMPS, which takes no model of train.network.descriptor: dpa4"
    if study.rounds:
        problem = f"{study.rounds} rounds explore, and {because}"
        yield Mistake(("select", "max_iterations"), problem, "0, or train.network.descriptor: se_e2_a")
    for name, other in walked.items():
        if getattr(study.benchmark, name).enabled and not calculator:
            allowed = f"false{other}, or train.network.descriptor: se_e2_a"
            yield Mistake(("benchmark", name, "enabled"), f"true, and {because}", allowed)


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
    yield from each_once(study.search.pressures_GPa, "search", "each pressure once")
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
    if search.adaptive_shares and search.engine == "random":
        problem = "true, and random starts have no parents for whom their structures could be new"
        yield Mistake(("search", "adaptive_shares"), problem, "false, or search.engine: evolution")
    yield from ascending(search.volume_range_A3_per_atom, ("search", "volume_range_A3_per_atom"))


@uses("certificate", "search")
def _tolerances(study: Study) -> Iterator[Mistake]:
    for name in ("certificate", "search"):
        for index, symprec in enumerate(getattr(study, name).symprecs_A):
            if not 0 < symprec <= 1:
                problem = f"{symprec:g} Å is no tolerance"
                yield Mistake((name, "symprecs_A", index), problem, "a number > 0 and <= 1 (Å)")
