"""What a study leaves on disk, from the files its rules write."""

from collections.abc import Iterable
from typing import NamedTuple

from melt2crystal.jobs.job import Job, with_outputs
from melt2crystal.plan.label_work import crystal_labels
from melt2crystal.plan.laws import NetworkSize, network_size
from melt2crystal.plan.rows import Factor, Term, formula, total
from melt2crystal.plan.units import Basis, Meter, UnitCost
from melt2crystal.plan.work import explored_frames
from melt2crystal.study.batches import largest_batch
from melt2crystal.study.model import Study

GB = 1e9
MB = 1e6


class Files(NamedTuple):
    """Files of one kind: what they are, 1e9 bytes, the product with its numbers put in, how the bytes are known."""

    what: str
    gigabytes: float
    formula: str
    basis: Basis


def storage(study: Study, jobs: Iterable[Job], units: dict[str, UnitCost]) -> list[Files]:
    """Everything that stays, by kind of file; caches and figures (megabytes) are left out."""
    jobs = with_outputs(jobs)
    atoms = Factor(study.liquid.formula_units * study.substance.atoms_per_formula_unit, "atoms")
    batches = sorted({job.wildcards["batch"] for job in jobs if job.rule == "label_shard"})
    rounds = sum(name.startswith("iteration") for name in batches)
    melts = sum(largest_batch(study, name) for name in ("initial", "heldout"))
    found: list[Files] = []

    def add(what: str, *counts: Factor, unit: str) -> None:
        meter = Meter(units)
        found.append(_files(what, (*counts, Factor(meter(unit), units[unit].unit)), meter))

    add("melts: walked, certified, requested", Factor(melts, "frames"), Factor(3, "copies"), atoms,
        unit="frame_bytes_per_atom")  # fmt: skip
    labels = melts + rounds * study.select.frames_per_iteration
    add("labels of melts: shard, collected, store", Factor(labels, "labels"), Factor(3, "copies"), atoms,
        unit="label_bytes_per_atom")  # fmt: skip
    crystals = sum(count * cell.atoms for name in batches for count, cell in crystal_labels(study, name))
    add("labels of crystals", Factor(crystals, "atoms"), Factor(3, "copies"), unit="label_bytes_per_atom")
    first, more = largest_batch(study, "initial"), study.select.frames_per_iteration
    sets = [first + number * more for number in range(rounds + 1)]  # frames in each dataset
    add(f"datasets 00-{rounds:02d}, each with all before", Factor(sum(sets), "frames"), atoms,
        unit="label_bytes_per_atom")  # fmt: skip
    trained = sets[:rounds] + [sets[-1]] * sum(job.rule == "train_data" and not job.iteration for job in jobs)
    add("training sets, one an ensemble", Factor(sum(trained), "frames"), atoms, unit="training_bytes_per_atom")
    if rounds:
        explored = Factor(explored_frames(study), "explored frames")
        add("exploration", Factor(rounds, "iterations"), explored, atoms, unit="frame_bytes_per_atom")
    found.append(_models(study, jobs, units))
    meter = Meter(units)
    small = Factor(meter("job_kB") * 1e3, "bytes")
    found.append(_files("logs, benchmarks, Snakemake's metadata", (Factor(len(jobs), "jobs"), small), meter))
    return found


def model_MB(size: NetworkSize, meter: Meter) -> float:
    """Size of a model, frozen and compressed, MB: numbers of the network, and tables in place of its embedding.

    One that passes messages is kept as its last checkpoint, with a number of the optimiser for each of its own.
    """
    if size.features:
        return 2 * size.parameters * size.number_bytes / MB
    tables = meter("compressed_model_MB") * size.last / 50 * size.number_bytes / 4
    return tables + 2 * size.parameters * size.number_bytes / MB


def _models(study: Study, jobs: list[Job], units: dict[str, UnitCost]) -> Files:
    meter = Meter(units)
    size = network_size(study.train.network, meter("atoms_per_A3"), len(study.substance.formula))
    trained = sum(job.rule == "train_member" for job in jobs)
    released = sum(study.training_of(name).members for name in study.potentials)
    counts = Factor(trained + released, f"models ({trained} trained, {released} copied)")
    return _files("models, frozen and compressed", (counts, Factor(model_MB(size, meter) * MB, "bytes")), meter)


def _files(what: str, term: Term, meter: Meter) -> Files:
    return Files(what, total([term]) / GB, formula([term]), meter.basis)
