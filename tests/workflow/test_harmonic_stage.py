"""Harmonic spectra are an option: off they cost nothing, on they add their own jobs and repeat none."""

from tests.helpers.edits import change

OWN = {
    "benchmark_supercells": 1,
    "label_shard": 4,  # an upper bound of frames for two polymorphs, 20 a shard
    "label_collect": 1,
    "benchmark_harmonic": 2,
    "benchmark_harmonic_overlaps": 1,
    "figures_harmonic": 1,
    "report_summary": 1,  # names the labels that are missing
}


def test_switched_on_they_add_their_jobs_alone_and_a_changed_displacement_repeats_them_alone(edited):
    change(edited, "benchmark.harmonic.enabled", True)
    assert edited.planned() == OWN
    edited.snakemake("results/ci/benchmark/harmonic/reference.csv")
    change(edited, "benchmark.harmonic.displacement_A", 0.02)
    assert set(edited.planned()) == set(OWN)
