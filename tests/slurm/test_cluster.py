"""The workflow on a real SLURM of one node: ``snakemake --profile slurm`` as a group would type it.

Skipped, with the reason, where SLURM can't be brought up (tests/helpers/slurm_one_node.py).
"""

import json
import time
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests.helpers.checkout import Checkout, copy_repository
from tests.helpers.slurm_driver import Driver
from tests.helpers.slurm_one_node import OneNode, reason_against

pytestmark = [
    pytest.mark.slurm,
    pytest.mark.skipif(reason_against() is not None, reason=f"no SLURM here: {reason_against()}"),
]

# rule -> partition, cores, GPUs, memory in MB and minutes of the first attempt
EXPECTED = {
    "liquid_walks": ("batch", 1, 0, 1000, 1440),
    "liquid_certify": ("batch", 1, 0, 1000, 240),
    "label_check": ("batch", 1, 0, 1000, 10),
    "label_shard": ("batch", 1, 0, 2000, 720),
    "train_data": ("batch", 1, 0, 4000, 30),
    "train_member": ("accelerated", 1, 1, 4000, 1440),
    "train_heldout": ("batch", 1, 0, 4000, 60),
    "explore_walks": ("accelerated", 1, 1, 4000, 1440),
    "explore_selection": ("batch", 1, 0, 4000, 120),
    "explore_audit": ("batch", 1, 0, 4000, 60),
    "benchmark_structures": ("batch", 1, 0, 2000, 720),
    "benchmark_volumes": ("batch", 1, 0, 1000, 720),
    "benchmark_energy_volume": ("batch", 1, 0, 3000, 120),
    "benchmark_relaxed": ("batch", 1, 0, 3000, 240),
    "benchmark_relaxed_reference": ("batch", 1, 0, 2000, 720),
    "benchmark_vdos": ("batch", 1, 0, 2000, 720),
    "benchmark_melt": ("batch", 1, 0, 2000, 720),
    "search_melts": ("batch", 1, 0, 2000, 240),
    "search_structures": ("batch", 1, 0, 2000, 720),
    "search_unique": ("batch", 1, 0, 2000, 240),
    "search_found": ("batch", 1, 0, 2000, 30),
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
        log = Path("computed.txt")
        own = [line for line in log.read_text().splitlines() if line.startswith(f"{shard} ")] if log.exists() else []
        if shard == 1 and len(own) == 1 and not Path("slow").exists():
            Path("slow").touch()
            time.sleep(3600)  # the second frame takes longer than the first attempt was given
        if shard == 2 and Path("broken").exists():
            os.kill(os.getppid(), signal.SIGKILL)
            os._exit(1)
        if shard == 2 and own:
            while not Path("go").exists():  # the second frame waits until the driver has been killed
                time.sleep(0.2)
        if shard == 3:
            Path("ranks.txt").write_text(subprocess.run(["srun", "hostname"], capture_output=True, text=True).stdout)
        super().calculate(atoms, *arguments, **more)
        with open(log, "a") as file:
            file.write(f"{shard} {self.results['energy']:.9f}\\n")
"""
STUDY = """
name: trouble
extends: ci
reference: {engine: ase, name: trouble, calculator: "trouble:Trouble", arguments: {sigma: 1.5, epsilon: 0.1}}
label: {frames_per_shard: 3}
benchmark: {vdos: {reference: false}, energy_volume: {structures: experimental}}
jobs: {label_ranks: 2, label_MB_per_rank: 600}
"""
# Minutes: the first attempt of the slow shard is to meet its limit, nothing else is, however busy the machine.
MINUTES = "label_shard:runtime=3 if wildcards.shard == '1' and attempt == 1 else 30"
LABELS = "cluster-results/trouble/label/eos/labels.extxyz"
SHARDS = {"0": 3, "1": 3, "2": 2, "3": 2}  # frames of each; two crystals at five volumes


@pytest.fixture(scope="module")
def slurm():
    with OneNode() as node:
        yield node


def shortened(study: str) -> str:
    """The ci study at its first pressure only, shorter trainings, these and explorations on a GPU: all rules, a fifth
    fewer jobs."""
    settings = json.loads(json.dumps(yaml.safe_load(study)))  # anchors would share what is edited
    settings["grid"] = settings["grid"][:1]
    settings["jobs"] = {"gpus": 1}
    settings["train"]["loop"]["steps"] = 60
    for potential in ("lp", "hp"):
        settings["release"][potential]["training"]["steps"] = 60
    return yaml.safe_dump(settings)


def site(folder: Path) -> Path:
    """A fresh clone in which the one file for a site was edited: this cluster's queues have names of their own."""
    copy_repository(folder)
    queues = folder / "profiles/slurm/partitions.yaml"
    text = queues.read_text()
    queues.write_text(text.replace("\n  cpu:\n", "\n  batch:\n").replace("\n  gpu:\n", "\n  accelerated:\n"))
    assert set(yaml.safe_load(queues.read_text())["partitions"]) == {"batch", "accelerated"}
    return folder


@pytest.fixture(scope="module")
def started(slurm, tmp_path_factory):
    """Two studies under way at once (one mostly sleeps): the shortened ci study; and labels of the crystals
    in four shards, too big, too slow, broken, good."""
    ci = Driver(site(tmp_path_factory.mktemp("slurm-ci")), "ci")
    (ci.folder / "config/studies/ci.yaml").write_text(shortened((ci.folder / "config/studies/ci.yaml").read_text()))
    trouble = Driver(site(tmp_path_factory.mktemp("slurm-trouble")), "trouble")
    (trouble.folder / "trouble.py").write_text(TROUBLE)
    (trouble.folder / "config/studies/trouble.yaml").write_text(STUDY)
    (trouble.folder / "broken").touch()
    processes = {
        "trouble": (trouble, trouble.start(LABELS, "--set-resources", MINUTES)),
        "ci": (ci, ci.start()),
    }
    yield processes
    for _, process in processes.values():
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def trouble(started):
    """The four shards, when the driver has given up on the broken one and done all others; and what it said."""
    driver, process = started["trouble"]
    assert process.wait(timeout=1800) == 1, driver.said()[-6000:]
    return driver, driver.said()


@pytest.fixture(scope="module")
def ci(started):
    """The ci study, come to its end."""
    driver, process = started["ci"]
    assert process.wait(timeout=3600) == 0, driver.said()[-6000:]
    return driver


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
    assert [r.state for r in attempts] in (["OUT_OF_MEMORY", "COMPLETED"], ["FAILED", "COMPLETED"])
    said = driver.folder / f".snakemake/slurm_logs/rule_label_shard/eos_0/{attempts[0].number}.log"
    assert "exceeded memory limit" in said.read_text()


def test_labels_with_several_ranks_get_them_as_tasks(trouble):
    driver, _ = trouble
    shards = [r for r in driver.records() if r.rule == "label_shard"]
    assert {(r.tasks, r.cores, r.partition) for r in shards} == {(2, 2, "batch")}
    assert len((driver.folder / "ranks.txt").read_text().splitlines()) == 2  # srun without a number


def test_a_shard_that_meets_the_time_limit_goes_on_where_it_stopped(trouble):
    driver, _ = trouble
    assert states(driver, 1) == ["TIMEOUT", "COMPLETED"]
    assert computed(driver)["1"] == SHARDS["1"]
    assert [r.minutes for r in driver.records() if r.name == ("label_shard", "eos_1")] == [3, 30]


def test_a_failing_shard_stops_neither_the_others_nor_silently(trouble):
    driver, said = trouble
    assert states(driver, 2) == ["FAILED"] * 3
    assert states(driver, 3) == ["COMPLETED"]
    assert "Error in rule label_shard" in said and "label_shard/eos-2.log" in said
    shards = driver.folder / "cluster-results/trouble/label/eos"
    assert sorted(path.name for path in shards.glob("shard-*.extxyz")) == [f"shard-{n}.extxyz" for n in (0, 1, 3)]


def test_a_killed_driver_is_started_again_and_nothing_finished_is_repeated(trouble):
    driver, _ = trouble
    (driver.folder / "broken").unlink()
    before = max(record.number for record in driver.records())
    process = driver.start(LABELS)
    try:
        wait(lambda: computed(driver)["2"] == 1, 600)
    finally:
        process.kill()
        process.wait()
    assert states(driver, 2, before) == ["RUNNING"]  # the job outlives its driver
    (driver.folder / "go").touch()
    wait(lambda: not driver.at_work(), 600)
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


def test_every_rule_ran_in_its_partition_with_what_it_needs(ci):
    records = ci.records()
    assert {record.rule for record in records} == set(EXPECTED)
    for record in records:
        found = (record.partition, record.cores, record.gpus, record.memory_MB, record.minutes)
        assert (record.state, *found) == ("COMPLETED", *EXPECTED[record.rule]), record
    assert max(Counter(record.name for record in records).values()) == 1  # none twice
    assert json.loads((ci.folder / "cluster-results/ci/summary.json").read_text())
    print(f"{len(records)} SLURM jobs")


def test_another_place_reruns_nothing(ci):
    (ci.folder / "profiles/slurm/partitions.yaml").write_text("partitions: {other: {max_runtime: 2d, max_gpu: 1}}\n")
    assert "Nothing to be done" in ci.run("-n", "--set-resources", "train_member:runtime=99").stdout
    laptop = Checkout(ci.folder)
    assert "Nothing to be done" in laptop.snakemake("-n", config=("results=cluster-results", "jobs={gpus: 0}"))
