"""Disks that fill up and jobs that are killed, beyond those of pw.x: the label store, the outputs, VASP."""

import errno
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from melt2crystal.engines.base import Label
from melt2crystal.engines.vasp.engine import VaspEngine
from melt2crystal.errors import UserError, speaks
from melt2crystal.label.store import LabelStore, label_frames
from melt2crystal.sections.reference import VaspReference
from tests.helpers.counting_engine import Counting, frames, run
from tests.helpers.espresso_cases import gone
from tests.helpers.vasp_cases import STAND_IN, stishovite, write_potcars


def test_a_label_store_on_a_full_disk_keeps_what_it_has_and_says_what_to_do(disk_of):
    """A line takes 1 kB and more: the disk holds some, the next is cut off, and only that one is asked again."""
    disk, given = disk_of(8), frames(24)
    store, engine = LabelStore(disk, "s0", "shard"), Counting()
    done = []
    with pytest.raises(UserError, match=r"can't be written \(No space left on device\).*Make room.*run again"):
        for row in label_frames(given, engine, store, 100.0, {}):
            done.append(row)
    assert 0 < len(done) < 24 and len(engine.asked) == len(done) + 1
    subprocess.run(["mount", "-o", "remount,size=256k", disk], check=True)
    again = Counting()
    rows = run(again, LabelStore(disk, "s0", "shard"), given)
    assert [label.status for _, label, _ in rows] == ["ok"] * 24
    assert again.asked == [frame.info["frame_id"] for frame in given[len(done) :]]
    lines = store.journal.read_text().splitlines()
    whole = [line for line in lines if line.endswith("}")]
    assert len(whole) == 24 and len({json.loads(line)["frame_id"] for line in whole}) == 24


def test_a_program_on_a_full_disk_ends_with_a_message_and_no_half_file(disk_of, capsys):
    disk = disk_of(8)
    program = (
        "from melt2crystal.errors import speaks\nfrom melt2crystal.files import write_text\nfrom pathlib import Path\n"
        f"speaks(write_text)(Path({str(disk / 'out.txt')!r}), 'x' * 20000)"
    )
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert ended.returncode == 1 and "Traceback" not in ended.stderr
    assert "No space left on device; make room and run again" in ended.stderr
    assert list(disk.iterdir()) == []


def test_only_full_disks_are_told_so():
    def fails(number):
        raise OSError(number, os.strerror(number))

    with pytest.raises(SystemExit):
        speaks(fails)(errno.EDQUOT)
    with pytest.raises(PermissionError):
        speaks(fails)(errno.EACCES)


@pytest.fixture
def vasp(tmp_path):
    """An engine with the stand-in, or another command, and a scratch folder."""
    checksums = write_potcars(tmp_path / "psp")

    def make(scratch, command=f"{sys.executable} {STAND_IN}"):
        given = {"potcar_folder": str(tmp_path / "psp"), "checksums": checksums}
        return VaspReference.model_validate({**given, "scratch": str(scratch), "command": command})

    return make


@pytest.mark.parametrize("kilobytes", [8, 32])
def test_vasp_on_a_full_disk_fails_the_frame_and_not_the_shard(disk_of, vasp, tmp_path, kilobytes):
    """8 kB hold not even the inputs; on 32 kB VASP itself has no room."""
    disk, program = disk_of(kilobytes), tmp_path / "vasp"
    program.write_text("#!/bin/bash\ndd if=/dev/zero of=WAVECAR bs=1k count=64\n")
    program.chmod(0o755)
    labels = list(VaspEngine(vasp(disk, str(program)), ["Si", "O"]).label([stishovite(), stishovite()]))
    assert [label.status for label in labels] == ["crashed", "crashed"]
    assert all("No space left on device" in label.reason for label in labels), labels
    assert list(disk.iterdir()) == []


def test_a_scratch_folder_that_is_not_there_is_named_beforehand(vasp):
    with pytest.raises(UserError, match=r"/no/such/folder.*reference\.scratch"):
        VaspEngine(vasp("/no/such/folder"), ["Si", "O"]).check()


def test_sigkill_of_a_label_job_ends_vasp_and_the_next_job_removes_its_potcar(vasp, tmp_path):
    scratch, record = tmp_path / "scratch", tmp_path / "record"
    scratch.mkdir()
    record.mkdir()
    hanging = vasp(scratch, f"{sys.executable} {STAND_IN} --record {record} --fault sleep")
    program = (
        "from melt2crystal.engines.vasp.engine import VaspEngine\n"
        "from melt2crystal.sections.reference import VaspReference\n"
        "from tests.helpers.vasp_cases import stishovite\n"
        f"next(VaspEngine(VaspReference.model_validate({hanging.model_dump(mode='json')!r}), ['Si', 'O'])"
        ".label([stishovite()]))"
    )
    job = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": os.getcwd()})
    where = record / "0/where"
    for _ in range(900):
        if where.exists() and where.read_text().count("\n") == 2:
            break
        time.sleep(0.1)
    job.send_signal(signal.SIGKILL)
    job.wait()
    assert gone(int(where.read_text().split()[1]))
    assert len(list(scratch.rglob("POTCAR"))) == 1
    label = next(VaspEngine(vasp(scratch), ["Si", "O"]).label([stishovite()]))
    assert label.status == "ok" and list(scratch.iterdir()) == []


def test_a_label_that_cannot_be_written_for_another_reason_says_which(tmp_path):
    (tmp_path / "s0").write_text("a file where the folder should be")
    store = LabelStore(tmp_path, "s0", "shard")
    with pytest.raises(UserError, match="can't be written"):
        store.add(frames(1)[0], Label("ok", "", -1.0, np.zeros((6, 3)), np.zeros((3, 3))))
