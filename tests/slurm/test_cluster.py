"""The workflow on a real SLURM of one node: ``snakemake --profile slurm`` as a group would type it.

Skipped, with the reason, where SLURM can't be brought up (tests/slurm/one_node.py).
"""

import json
import time
from collections import Counter

import pytest
from conftest import Checkout, copy_repository
from driver import Driver
from one_node import OneNode, reason_against

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(reason_against() is not None, reason=f"no SLURM here: {reason_against()}"),
]

# rule -> partition, cores, GPUs, memory in MB and minutes of the first attempt
EXPECTED = {
    "liquid_walks": ("cpu", 1, 0, 1000, 1440),
    "liquid_certify": ("cpu", 1, 0, 1000, 240),
    "reference_check": ("cpu", 1, 0, 1000, 10),
    "label_shard": ("cpu", 1, 0, 2000, 720),
    "train_data": ("cpu", 1, 0, 4000, 30),
    "train_member": ("gpu", 1, 1, 4000, 1440),
    "train_heldout": ("cpu", 1, 0, 4000, 60),
    "explore_walks": ("gpu", 1, 1, 4000, 1440),
    "select_frames": ("cpu", 1, 0, 4000, 120),
    "benchmark_structures": ("cpu", 1, 0, 1000, 720),
    "benchmark_volumes": ("cpu", 1, 0, 1000, 720),
    "benchmark_energy_volume": ("cpu", 1, 0, 3000, 120),
    "benchmark_vdos": ("cpu", 1, 0, 2000, 720),
    "search_structures": ("cpu", 1, 0, 2000, 720),
    "search_unique": ("cpu", 1, 0, 2000, 240),
    "search_found": ("cpu", 1, 0, 2000, 30),
}

# The reference of the study below: what a shard meets depends on its number.
TROUBLE = """
import os
import signal
import subprocess
import time
from pathlib import Path

from ase.calculators.lj import LennardJones

HELD = []


class Trouble(LennardJones):
    def calculate(self, atoms=None, *arguments, **more):
        words = Path(f"/proc/{os.getppid()}/cmdline").read_text().split("\\0")
        shard = int(words[words.index("--shard") + 1])
        if shard == 0:
            HELD[:] = HELD or [b"x" * (900 << 20)]  # more memory than the first attempt was given
            time.sleep(3)
        if shard == 1:
            time.sleep(45)  # three frames take longer than the two minutes they were given
        if shard == 2 and Path("broken").exists():
            os.kill(os.getppid(), signal.SIGKILL)
            os._exit(1)
        if shard == 2:
            time.sleep(6)
        if shard == 3:
            Path("ranks.txt").write_text(subprocess.run(["srun", "hostname"], capture_output=True, text=True).stdout)
        super().calculate(atoms, *arguments, **more)
        with open("computed.txt", "a") as log:
            log.write(f"{shard} {self.results['energy']:.9f}\\n")
"""
STUDY = """
name: trouble
extends: ci
reference: {engine: ase, name: trouble, calculator: "trouble:Trouble", arguments: {sigma: 1.5, epsilon: 0.1}}
label: {frames_per_shard: 3}
benchmark: {vdos: {reference: false}, energy_volume: {structures: experimental}}
jobs: {label_ranks: 2, label_MB_per_rank: 600}
"""
LABELS = "cluster-results/trouble/label/eos/labels.extxyz"
SHARDS = {"0": 3, "1": 3, "2": 2, "3": 2}  # frames of each; two crystals at five volumes


@pytest.fixture(scope="module")
def slurm():
    with OneNode() as node:
        yield node


@pytest.fixture(scope="module")
def started(slurm, tmp_path_factory):
    """Labels of the crystals in four shards: too big, too slow, broken, good. Started; it mostly waits."""
    folder = copy_repository(tmp_path_factory.mktemp("slurm-trouble"))
    (folder / "trouble.py").write_text(TROUBLE)
    (folder / "config/studies/trouble.yaml").write_text(STUDY)
    (folder / "broken").touch()
    driver = Driver(folder, "trouble")
    process = driver.start(folder / "driver.log", LABELS, "--set-resources", "label_shard:runtime=2")
    yield driver, process
    process.kill()


@pytest.fixture(scope="module")
def trouble(started):
    """The same, when the driver has given up on the broken shard and done all others; and what it said."""
    driver, process = started
    assert process.wait(timeout=900) == 1
    return driver, (driver.folder / "driver.log").read_text()


@pytest.fixture(scope="module")
def ci(slurm, started, tmp_path_factory):
    """The ci study through SLURM, trainings and explorations on a GPU."""
    folder = copy_repository(tmp_path_factory.mktemp("slurm-ci"))
    with open(folder / "config/studies/ci.yaml", "a") as study:
        study.write("\njobs: {gpus: 1}\n")
    driver = Driver(folder, "ci")
    began = time.monotonic()
    done = driver.run()
    assert done.returncode == 0, done.stdout[-6000:]
    return driver, time.monotonic() - began


def test_every_rule_ran_in_its_partition_with_what_it_needs(ci):
    driver, seconds = ci
    records = driver.records()
    assert {record.rule for record in records} == set(EXPECTED)
    for record in records:
        found = (record.partition, record.cores, record.gpus, record.memory_MB, record.minutes)
        assert (record.state, *found) == ("COMPLETED", *EXPECTED[record.rule]), record
    assert max(Counter(record.name for record in records).values()) == 1  # none twice
    assert json.loads((driver.folder / "cluster-results/ci/summary.json").read_text())
    print(f"{len(records)} SLURM jobs in {seconds:.0f} s")


def test_another_place_reruns_nothing(ci):
    driver, _ = ci
    (driver.folder / "profiles/slurm/partitions.yaml").write_text(
        "partitions: {other: {max_runtime: 2d, max_gpu: 1}}\n"
    )
    assert "Nothing to be done" in driver.run("-n", "--set-resources", "train_member:runtime=99").stdout
    laptop = Checkout(driver.folder)
    assert "Nothing to be done" in laptop.snakemake("-n", config=("results=cluster-results", "jobs={gpus: 0}"))


def states(driver, shard, since=0):
    return [r.state for r in driver.records(since) if r.name == ("label_shard", f"eos_{shard}")]


def computed(driver):
    """Shard of every frame that was computed, from the calculator's own record."""
    lines = (driver.folder / "computed.txt").read_text().splitlines()
    assert len(lines) == len(set(lines))  # no frame twice
    return Counter(line.split()[0] for line in lines)


def test_a_job_killed_for_its_memory_is_submitted_again_with_more(trouble):
    driver, _ = trouble
    attempts = [r for r in driver.records() if r.name == ("label_shard", "eos_0")]
    assert [r.memory_MB for r in attempts] == [1200, 2400]
    assert attempts[0].state in ("OUT_OF_MEMORY", "FAILED") and attempts[1].state == "COMPLETED"


def test_labels_with_several_ranks_get_them_as_tasks(trouble):
    driver, _ = trouble
    shards = [r for r in driver.records() if r.rule == "label_shard"]
    assert {(r.tasks, r.cores, r.partition) for r in shards} == {(2, 2, "cpu")}
    assert len((driver.folder / "ranks.txt").read_text().splitlines()) == 2  # srun without a number


def test_a_shard_that_meets_the_time_limit_goes_on_where_it_stopped(trouble):
    driver, _ = trouble
    assert set(states(driver, 1)[:-1]) == {"TIMEOUT"} and states(driver, 1)[-1] == "COMPLETED"
    assert computed(driver)["1"] == SHARDS["1"]


def test_a_failing_shard_stops_neither_the_others_nor_silently(trouble):
    driver, said = trouble
    assert states(driver, 2) == ["FAILED"] * 3
    assert states(driver, 3) == ["COMPLETED"]
    assert "Error in rule label_shard" in said and "label_shard/eos-2.log" in said
    shards = driver.folder / "cluster-results/trouble/label/eos"
    assert sorted(path.name for path in shards.glob("shard-*.extxyz")) == [f"shard-{n}.extxyz" for n in (0, 1, 3)]


def test_a_killed_driver_is_started_again_and_nothing_finished_is_repeated(trouble, tmp_path):
    driver, _ = trouble
    (driver.folder / "broken").unlink()
    before = max(record.number for record in driver.records())
    process = driver.start(tmp_path / "driver.log", LABELS)
    try:
        wait(lambda: "RUNNING" in states(driver, 2, before) and computed(driver)["2"] == 1, 120)
    finally:
        process.kill()
        process.wait()
    assert states(driver, 2, before) == ["RUNNING"]  # the job outlives its driver
    wait(lambda: not driver.at_work(), 120)
    assert driver.run("--unlock").returncode == 0
    done = driver.run(LABELS)
    assert done.returncode == 0, done.stdout[-4000:]
    assert [(r.name, r.state) for r in driver.records(before)] == [(("label_shard", "eos_2"), "COMPLETED")]
    assert computed(driver) == SHARDS
    labels = (driver.folder / LABELS).read_text()
    assert labels.count("Lattice=") == sum(SHARDS.values())


def wait(condition, seconds):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen in time"
        time.sleep(0.5)
