"""What goes wrong around pw.x: full disks, kills in mid-shard, root, too few bands. Quick stand-ins take its place."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ase.build import bulk
from ase.io import read

from melt2crystal.engines import scratch
from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.espresso.bands import number_of_bands, too_few_bands
from melt2crystal.engines.espresso.engine import SCRATCH, EspressoEngine
from melt2crystal.engines.espresso.files import label_of, verdict
from melt2crystal.engines.process import Ended
from melt2crystal.errors import EngineError
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.sections.reference import EspressoRecipe, EspressoReference
from melt2crystal.settings import to_text
from tests.helpers.espresso_cases import (
    DATA,
    SOFT_SILICON,
    gone,
    label_with,
    needs_pw,
    reference,
    silicon,
    stand_in,
    write_pseudopotentials,
)

RECORDED = (DATA / "silicon.out").resolve()


@pytest.fixture
def pseudopotentials(tmp_path):
    return write_pseudopotentials(tmp_path / "pseudo")


@pytest.fixture
def tiny_disk(disk_of):
    """A file system of 8 kB: holds the input of two atoms, not the output of pw.x."""
    return disk_of(8)


def test_a_disk_that_fills_up_while_pw_x_writes_is_a_crash_that_says_so(tiny_disk, tmp_path, pseudopotentials):
    script = "dd if=/dev/zero of=scratch.wfc bs=1k count=64 && cat " + str(RECORDED)
    chosen = reference(pseudopotentials, command=stand_in(tmp_path, script), scratch=str(tiny_disk))
    label = next(EspressoEngine(chosen, ["Si"]).label([silicon()]))
    assert label.status == "crashed" and "No space left on device" in label.reason
    assert list(tiny_disk.iterdir()) == []


@needs_pw
def test_pw_x_on_a_full_disk_gives_no_label(tiny_disk):
    engine = EspressoEngine(SOFT_SILICON.model_copy(update={"scratch": str(tiny_disk)}), ["Si"])
    label = next(engine.label([silicon()]))
    assert label.status == "crashed" and "No space left on device" in label.reason
    assert list(tiny_disk.iterdir()) == []


def test_a_disk_without_room_for_the_input_fails_the_frame_and_not_the_shard(tiny_disk, tmp_path, pseudopotentials):
    (tiny_disk / "full").write_bytes(b"0" * 8192)
    chosen = reference(pseudopotentials, command=stand_in(tmp_path, f"cat {RECORDED}"), scratch=str(tiny_disk))
    labels = list(EspressoEngine(chosen, ["Si"]).label([silicon(), silicon()]))
    assert [label.status for label in labels] == ["crashed", "crashed"]
    assert "No space left on device" in labels[0].reason


def test_a_scratch_folder_that_is_not_there_is_named_beforehand(pseudopotentials):
    chosen = SOFT_SILICON.model_copy(update={"scratch": "/no/such/folder", "command": "ls"})
    with pytest.raises(EngineError, match=r"/no/such/folder.*reference\.scratch"):
        EspressoEngine(chosen, ["Si"]).check()


def test_wavefunctions_are_removed_however_pw_x_ends(tmp_path, pseudopotentials):
    for number, end in enumerate((f"cat {RECORDED}", "exit 1", "kill -9 $$", "sleep 60")):
        folder = tmp_path / str(number)
        folder.mkdir()
        script = f"mkdir scratch && echo wavefunctions > scratch/pwscf.wfc1; pwd > {folder}/where; {end}"
        label_with(folder, pseudopotentials, script, timeout_s=1.0)
        assert not Path((folder / "where").read_text().strip()).exists()


def shard_command(tmp_path, folder, script, count=4):
    """The command of a labelling job over ``count`` frames."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    frames = []
    for seed in range(count):
        crystal = bulk("Si", "diamond", 5.43)
        crystal.rattle(0.05, seed=seed)
        frames.append(canonical_frame(crystal))
    write_frames(tmp_path / "requested.extxyz", frames)
    chosen = reference(folder, command=stand_in(tmp_path, script), scratch=str(scratch))
    settings = {
        "reference": chosen.model_dump(mode="json"),
        "label.largest_force_eV_per_A": 100.0,
        "label.compute": True,
        "label.known": [],
        "substance": {"formula": {"Si": 1}, "minimum_distances_A": {}},
    }
    options = {"shard": 0, "shards": 1, "store": tmp_path / "store", "writer": "test", "settings": to_text(settings)}
    options |= {name: tmp_path / f"{name}.{ending}" for name, ending in (("requested", "extxyz"), ("table", "csv"))}
    options["out"] = tmp_path / "out.extxyz"
    given = [text for name, value in options.items() for text in (f"--{name}", str(value))]
    return [sys.executable, "scripts/label/shard.py", *given]


def test_a_shard_goes_on_after_sigkill_with_nothing_repeated(tmp_path, pseudopotentials):
    """The third frame hangs at first: killed there, the job leaves no process and repeats nothing but that frame."""
    script = (
        f"md5sum < pw.in >> {tmp_path}/started; test $(wc -l < {tmp_path}/started) = 3 && "
        f"{{ echo $$ > {tmp_path}/hanging; exec sleep 60; }}; cat {RECORDED}"
    )
    command = shard_command(tmp_path, pseudopotentials, script)
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    with open(tmp_path / "log", "wb") as log:
        job = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        for _ in range(600):
            if (tmp_path / "hanging").exists() or job.poll() is not None:
                break
            time.sleep(0.1)
        job.send_signal(signal.SIGKILL)
        job.wait()
    assert (tmp_path / "hanging").exists(), (tmp_path / "log").read_text()
    hanging = int((tmp_path / "hanging").read_text())
    assert gone(hanging)
    assert list((tmp_path / "scratch").iterdir()) != []
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    started = (tmp_path / "started").read_text().splitlines()
    assert len(started) == 5 and started[3] == started[2] and len(set(started)) == 4
    assert list((tmp_path / "scratch").iterdir()) == []
    assert len(read(tmp_path / "out.extxyz", ":")) == 4


def test_only_folders_of_dead_processes_of_this_machine_are_swept(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    machine = scratch._machine()
    names = {
        f"{SCRATCH}-{machine}-{ended.pid}-a": False,
        f"{SCRATCH}-{machine}-{os.getpid()}-b": True,
        f"{SCRATCH}-elsewhere-{ended.pid}-c": True,
        f"{SCRATCH}-{machine}-c": True,
    }
    for name in names:
        (tmp_path / name / "scratch").mkdir(parents=True)
    scratch.remove_abandoned(SCRATCH, str(tmp_path))
    assert {name: (tmp_path / name).exists() for name in names} == names


@pytest.mark.skipif(os.geteuid() != 0, reason="not root")
def test_root_may_start_ranks(tmp_path, pseudopotentials, monkeypatch):
    for name in ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"):
        monkeypatch.delenv(name, raising=False)
    asked = 'test "$OMPI_ALLOW_RUN_AS_ROOT$OMPI_ALLOW_RUN_AS_ROOT_CONFIRM" = 11 || { echo root refused >&2; exit 1; }'
    launcher = stand_in(tmp_path, f'{asked}\nexec "${{@:3}}"')
    os.rename(launcher, tmp_path / "launch")
    label = label_with(tmp_path, pseudopotentials, f"cat {RECORDED}", ranks=2, launcher=f"{tmp_path}/launch -np")
    assert label.status == "ok", label.reason


def test_what_the_user_set_for_pw_x_stays(tmp_path, pseudopotentials, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    label_with(tmp_path, pseudopotentials, f"echo $OMP_NUM_THREADS $MALLOC_TRIM_THRESHOLD_ > {tmp_path}/told; exit 1")
    assert re.fullmatch(r"3 \d+\n", (tmp_path / "told").read_text())


def test_a_highest_band_that_is_not_empty_asks_for_the_next_recipe():
    text = RECORDED.read_text()
    assert too_few_bands(text) == "" and verdict(Ended(0, text, ""))[0] == "ok"
    # the lowest of the highest bands is 9.8253 eV, at the first of eight k-points; five widths are 0.25 eV
    for fermi, status in ((9.57, "ok"), (9.60, "unconverged"), (12.0, "unconverged")):
        moved = text.replace("the Fermi energy is     6.8595 ev", f"the Fermi energy is  {fermi:10.4f} ev")
        assert moved != text
        assert label_of(Ended(0, moved, ""), silicon()).status == status
    warm = text.replace("Gaussian smearing", "Fermi-Dirac smearing")
    assert too_few_bands(warm.replace("6.8595 ev", "9.2000 ev"))
    assert "0.23 eV above" in too_few_bands(text.replace("6.8595 ev", "9.5953 ev"))


@needs_pw
def test_pw_x_with_too_few_bands_for_its_smearing_is_found_out():
    hot = {"degauss_eV": 3.0, "k_points": SOFT_SILICON.k_points.model_copy(update={"mode": "gamma"})}
    recipes = [EspressoRecipe(empty_bands=0.0)]
    engine = EspressoEngine(SOFT_SILICON.model_copy(update={**hot, "recipes": recipes}), ["Si"])
    label = next(engine.label([silicon()]))
    assert label.status == "unconverged" and "more bands" in label.reason


def test_bands_are_counted_from_the_pseudopotentials(tmp_path):
    headers = {"Si.UPF": '<PP_HEADER z_valence="4.000000000000e0" />', "O.UPF": "    6.00000000000      Z valence\n"}
    for name, text in headers.items():
        (tmp_path / name).write_text(text)
    files = {"Si": tmp_path / "Si.UPF", "O": tmp_path / "O.UPF"}
    melt = read("data/polymorphs/stishovite.cif") * (2, 2, 3)
    assert melt.get_chemical_formula() == "O48Si24"
    assert number_of_bands(melt, files, 0.04) == 192 + 8
    assert number_of_bands(melt[:3], files, 0.04) > 4
    assert number_of_bands(melt, files, 0.0) == 192 + 4
    (tmp_path / "O.UPF").write_text("nothing")
    assert number_of_bands(melt, files, 0.04) is None  # pw.x chooses
    (tmp_path / "O.UPF").unlink()
    assert number_of_bands(melt, files, 0.04) is None


def test_no_recipe_changes_the_digest():
    changed = EspressoRecipe(
        mixing_beta=0.7, mixing_mode="TF", mixing_ndim=4, diagonalisation="ppcg", david_ndim=2, empty_bands=0.1, steps=9
    )
    fields = set(EspressoRecipe.model_fields)
    default = EspressoRecipe()
    assert all(getattr(changed, name) != getattr(default, name) for name in fields), "a new field: change it here too"
    engines = [EspressoEngine(EspressoReference(recipes=[recipe]), ["Si", "O"]) for recipe in (default, changed)]
    assert {settings_digest(engine) for engine in engines} == {"s379b92f3c8fb76e"}


def test_the_second_recipe_has_more_bands_than_the_first():
    """It is where a frame goes whose highest band was not empty."""
    first, second = EspressoReference().recipes
    assert first.empty_bands is not None and second.empty_bands is None
