"""What goes wrong in real runs: kills, missing programs, a frame that fails, files cut off."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ase.io import read

from melt2crystal.frames import canonical_frame, read_frames, write_frames
from tests.helpers.checkout import REPOSITORY, environment

SLOW_CALCULATOR = """
import time
from ase.calculators.lj import LennardJones


class Slow(LennardJones):
    def calculate(self, atoms=None, *arguments, **more):
        time.sleep(0.25)
        super().calculate(atoms, *arguments, **more)


class FailsOnThird(LennardJones):
    seen = 0

    def calculate(self, atoms=None, *arguments, **more):
        FailsOnThird.seen += 1
        if FailsOnThird.seen == 3:
            raise RuntimeError("SCF cycle did not converge after 100 steps")
        super().calculate(atoms, *arguments, **more)
"""


@pytest.fixture
def shard(tmp_path):
    """Ten requested frames and the command that labels them."""
    (tmp_path / "slow_calculator.py").write_text(SLOW_CALCULATOR)
    crystal, frames = read(REPOSITORY / "data/polymorphs/stishovite.cif"), []
    for seed in range(10):
        frame = crystal.copy()
        frame.rattle(0.02, seed=seed)
        frames.append(canonical_frame(frame))
    write_frames(tmp_path / "requested.extxyz", frames)

    def command(calculator: str) -> list[str]:
        settings = {
            "reference": {
                "engine": "ase",
                "name": "test",
                "calculator": f"slow_calculator:{calculator}",
                "arguments": {"sigma": 1.5, "epsilon": 0.1},
            },
            "label.compute": True,
            "label.known": [],
            "label.largest_force_eV_per_A": 100.0,
            "substance": {},
        }
        words = ["--requested", "requested.extxyz", "--shard", "0", "--shards", "1", "--store", "store"]
        words += ["--writer", "test", "--out", "shard-0.extxyz", "--table", "shard-0.csv"]
        return [sys.executable, str(REPOSITORY / "scripts/label/shard.py"), *words, "--settings", json.dumps(settings)]

    return tmp_path, command


def surroundings(folder: Path) -> dict[str, str]:
    return {**environment(), "PYTHONPATH": f"{REPOSITORY}:{folder}"}


def journal(folder: Path) -> list[str]:
    return [
        json.loads(line)["frame_id"]
        for path in folder.glob("store/*/*.jsonl")
        for line in path.read_text().splitlines()
    ]


def test_kill_minus_nine_during_labelling_repeats_nothing_finished(shard):
    folder, command = shard
    process = subprocess.Popen(command("Slow"), cwd=folder, env=surroundings(folder), start_new_session=True)
    limit = time.time() + 60
    while len(journal(folder)) < 3 and time.time() < limit:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = journal(folder)
    assert 3 <= len(before) < 10
    subprocess.run(command("Slow"), cwd=folder, env=surroundings(folder), check=True)
    after = journal(folder)
    assert after[: len(before)] == before
    assert len(after) == len(set(after)) == 10
    assert len(read_frames(folder / "shard-0.extxyz")) == 10


def test_one_failing_frame_of_ten_is_a_row_with_its_reason(shard):
    folder, command = shard
    done = subprocess.run(
        command("FailsOnThird"), cwd=folder, env=surroundings(folder), capture_output=True, text=True, check=True
    )
    assert "unconverged: RuntimeError: SCF cycle did not converge" in done.stdout
    assert len(read_frames(folder / "shard-0.extxyz")) == 9

    def collect(tolerance):
        words = ["shard-0.extxyz", "--requested", "requested.extxyz", "--out", "labels.extxyz", "--table", "labels.csv"]
        script = [sys.executable, str(REPOSITORY / "scripts/label/collect.py"), *words, f"--tolerance={tolerance}"]
        return subprocess.run(script, cwd=folder, env=surroundings(folder), capture_output=True, text=True)

    refused = collect(0.0)
    assert refused.returncode == 1
    assert "1 of 10 labels failed" in refused.stderr and "label.failure_tolerance" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert collect(0.2).returncode == 0
    assert len(read_frames(folder / "labels.extxyz")) == 9
    assert (folder / "labels.csv").read_text().count("unconverged") == 1


def test_a_batch_without_frames_has_a_table_without_rows(shard):
    folder, command = shard
    write_frames(folder / "requested.extxyz", [])
    subprocess.run(command("Slow"), cwd=folder, env=surroundings(folder), check=True)
    words = ["shard-0.extxyz", "--requested", "requested.extxyz", "--out", "labels.extxyz", "--table", "labels.csv"]
    script = [sys.executable, str(REPOSITORY / "scripts/label/collect.py"), *words]
    subprocess.run([*script, "--tolerance", "0.05"], cwd=folder, env=surroundings(folder), check=True)
    assert read_frames(folder / "labels.extxyz") == []
    assert (folder / "labels.csv").read_text() == "frame_id,what,status,reason,seconds,engine,settings_digest\n"


def test_missing_lammps_is_said_before_any_frame_is_paid_for(shard):
    folder, command = shard
    words = command("Slow")
    settings = json.loads(words[-1])
    settings["reference"] = {"engine": "lammps", "potential": str(REPOSITORY / "data/potentials/silica_bks.lmp")}
    lonely = {**surroundings(folder), "PATH": "/nowhere"}
    # an interpreter outside the environment's bin: the same packages, but no lmp beside it
    link = folder / "bin" / "python"
    link.parent.mkdir()
    link.symlink_to(os.path.realpath(sys.executable))
    lonely["PYTHONPATH"] += ":" + next(path for path in sys.path if path.endswith("site-packages"))
    done = subprocess.run(
        [str(link), *words[1:-1], json.dumps(settings)], cwd=folder, env=lonely, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert "ERROR: LAMMPS ('lmp') is not on PATH" in done.stderr
    assert journal(folder) == []


def at_work_in(folder: Path) -> list[str]:
    """Processes whose working folder lies in ``folder``."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve().is_relative_to(folder):
                found.append(process.name)
        except OSError:
            continue
    return found


def test_kill_minus_nine_during_training_resumes_from_the_checkpoint(finished, tmp_path):
    checkout = finished.edited(tmp_path / "killed")
    train = checkout.folder / "results/ci/train/hp"
    words = [
        *(
            "--info",
            train / "info.json",
            "--training",
            train / "training.hdf5",
            "--validation",
            train / "validation.hdf5",
        ),
        *("--ensemble", "hp", "--member", "0", "--frozen", tmp_path / "m/model.pb"),
        *("--compressed", tmp_path / "m/compressed.pb", "--curve", tmp_path / "m/lcurve.csv"),
        *("--inputs", tmp_path / "m/input.json"),
    ]
    inputs = json.loads((train / "0/input.json").read_text())
    descriptor = inputs["model"]["descriptor"]
    network = {
        "r_cut_A": descriptor["rcut"],
        "r_smth_A": descriptor["rcut_smth"],
        "embedding": descriptor["neuron"],
        "axis_neurons": descriptor["axis_neuron"],
        "fitting": inputs["model"]["fitting_net"]["neuron"],
        "precision": "float32",
    }
    settings = json.dumps({"train.network": network, "seed": 1, "training": {"steps": 600}})
    (tmp_path / "m").mkdir()
    command = [sys.executable, str(REPOSITORY / "scripts/train/member.py"), *map(str, words), "--settings", settings]
    with open(tmp_path / "first.log", "w") as log:
        process = subprocess.Popen(
            command, cwd=tmp_path, env=surroundings(tmp_path), stdout=log, stderr=log, start_new_session=True
        )
        limit = time.time() + 200
        while len(list(tmp_path.glob("m/work-*/model.ckpt-*.index"))) < 2 and time.time() < limit:
            time.sleep(0.1)
        os.kill(process.pid, signal.SIGKILL)  # the script alone: the training it started must not live on
        process.wait()  # the second checkpoint may lack a file, then the first must do
    limit = time.time() + 20
    while at_work_in(tmp_path) and time.time() < limit:
        time.sleep(0.2)
    assert at_work_in(tmp_path) == []
    assert not list(tmp_path.glob("m/work-*/model.ckpt-600.index")), "it was gone because it had ended"
    assert not (tmp_path / "m/model.pb").exists()
    done = subprocess.run(command, cwd=tmp_path, env=surroundings(tmp_path), capture_output=True, text=True, check=True)
    assert "resuming from the checkpoint" in done.stdout
    steps = [int(line.split(",")[0]) for line in (tmp_path / "m/lcurve.csv").read_text().splitlines()[1:]]
    assert steps[-1] == 600 and steps == sorted(steps) and steps[0] < 60
    assert (tmp_path / "m/compressed.pb").stat().st_size > 10_000
    assert not list(tmp_path.glob("m/work-*"))


STARVED = """
import errno
import os
from ase.calculators.lj import LennardJones


class Starved(LennardJones):
    how, seen = "{how}", 0

    def calculate(self, atoms=None, *arguments, **more):
        Starved.seen += 1
        if Starved.seen == 3:
            if Starved.how == "MemoryError":
                raise MemoryError("could not allocate 64 GiB")
            if Starved.how == "GPU":
                raise type("OutOfMemoryError", (RuntimeError,), {{}})("CUDA out of memory")
            if Starved.how == "disk":
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "wavecar")
            if Starved.how == "killed":
                os.kill(os.getpid(), 9)
        super().calculate(atoms, *arguments, **more)
"""


@pytest.mark.parametrize(
    ("how", "words"), [("MemoryError", "memory"), ("GPU", "memory"), ("killed", "memory"), ("disk", "space")]
)
def test_frames_without_label_for_want_of_memory_or_space_fail_the_job_after_the_others(shard, how, words):
    """They say nothing of the frame: no table calls them crashed, and a rerun computes these alone."""
    folder, command = shard
    (folder / "slow_calculator.py").write_text(STARVED.format(how=how))
    done = subprocess.run(command("Starved"), cwd=folder, env=surroundings(folder), capture_output=True, text=True)
    assert done.returncode == 1 and "Traceback" not in done.stderr.split("ERROR")[-1]
    assert f"of 10 frames have no label for want of {words}" in done.stderr and "are kept" in done.stderr
    assert not (folder / "shard-0.csv").exists() and len(journal(folder)) == 10
    kept = len(journal(folder))
    (folder / "slow_calculator.py").write_text(STARVED.format(how="no more"))
    subprocess.run(command("Starved"), cwd=folder, env=surroundings(folder), check=True)
    assert len(read_frames(folder / "shard-0.extxyz")) == 10
    assert 0 < len(journal(folder)) - kept <= 3  # a killed process counts its calls anew: every third frame
