"""Which queue a job finds: the plugin's own choice, for every job of the planned studies and every profile."""

import logging
from types import SimpleNamespace

import pytest
import yaml
from snakemake_executor_plugin_slurm.partitions import get_best_partition, read_partition_file

from tests.helpers.checkout import REPOSITORY

PROFILES = ["profiles/slurm", "profiles/sites/nhr-zib"]


def needs(name, threads=1, **resources):
    return SimpleNamespace(name=name, threads=threads, resources=resources)


JOBS = {
    "train_member": needs("train_member", mem_mb=4000, runtime=1440, gpu=1),
    "explore_walks": needs("explore_walks", mem_mb=4000, runtime=1440, gpu=1),
    "train on CPU": needs("train_member", mem_mb=4000, runtime=1440, gpu=0),
    "liquid_walks": needs("liquid_walks", mem_mb=1000, runtime=1440),
    "one rank": needs("label_shard", mem_mb=2000, runtime=720),
    "many ranks": needs("label_shard", 48, mem_mb=96000, runtime=250, mpi="srun", tasks=48, cpus_per_task=1),
    "large memory": needs("search_structures", 4, mem_mb=24000, runtime=720),
    "short": needs("train_data", mem_mb=4000, runtime=30),
}
SHARED, WHOLE = "large96:shared", "standard96"
PLACES = {
    "profiles/slurm": {"gpu": "gpu", "small": "cpu", "ranks": "cpu"},
    "profiles/sites/nhr-zib": {"gpu": "gpu-a100:shared", "small": SHARED, "ranks": WHOLE},
}


def kind(job):
    return "gpu" if job.resources.get("gpu") else "ranks" if job.resources.get("mpi") else "small"


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("name", JOBS)
def test_a_job_goes_where_it_fits_best(profile, name):
    job = JOBS[name]
    settings = yaml.safe_load((REPOSITORY / profile / "profile.yaml").read_text())
    job = needs(job.name, job.threads, **{**job.resources, **settings.get("set-resources", {}).get(job.name, {})})
    partitions = read_partition_file(REPOSITORY / profile / settings["slurm-partition-config"])
    assert get_best_partition(partitions, job, logging.getLogger()) == PLACES[profile][kind(job)]


def test_the_link_in_the_root_is_the_profile():
    assert (REPOSITORY / "slurm/profile.yaml").samefile(REPOSITORY / "profiles/slurm/profile.yaml")


def test_rules_name_no_place():
    for path in sorted((REPOSITORY / "rules").glob("*.smk")):
        named = [
            word for word in ("slurm_", "partition", "envmodules", "qos", "constraint=") if word in path.read_text()
        ]
        assert named == [], f"{path.name} names a place: that is the profile's"
