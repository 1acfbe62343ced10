"""How many frames a batch of labels can hold, and in how many shards they are labelled; known before any frame is."""

from math import ceil

from melt2crystal.study.model import Study

DISPLACEMENTS = 40  # for each polymorph, more than phonopy asks for; what is too much leaves shards empty


def states(study: Study) -> int:
    """Number of (T, p) points."""
    return sum(len(row.temperatures_K) for row in study.grid)


def largest_batch(study: Study, batch: str) -> int:
    """The most frames a batch (initial, heldout, eos, harmonic, iteration-00, found-p0, ...) can hold."""
    if batch == "initial":
        return states(study) * study.liquid.frames_per_state
    if batch == "heldout":
        return states(study) * study.liquid.heldout_frames_per_state
    if batch == "eos":
        return len(study.benchmark.polymorphs) * len(study.benchmark.energy_volume.volume_scales)
    if batch == "harmonic":
        return DISPLACEMENTS * len(study.benchmark.harmonic_polymorphs)
    if batch.startswith("iteration"):
        return study.select.frames_per_iteration + states(study) * study.select.audit_frames_per_cell
    return study.search.labelled_structures + study.search.sampled_structures


def number_of_shards(study: Study, batch: str) -> int:
    """Jobs that label a batch side by side. One where labels are only looked up, or where the files from which melts
    are taken alone know how many there are."""
    if not study.computes_labels or (study.liquid.frames and batch in ("initial", "heldout")):
        return 1
    return max(1, ceil(largest_batch(study, batch) / study.jobs.frames_per_shard(study.label.frames_per_shard)))
