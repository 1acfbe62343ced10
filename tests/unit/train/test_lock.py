"""One training at a time in a folder: a dead process holds nobody up, a living one is named and waited for."""

import os
import signal
import subprocess
import sys

import pytest

from melt2crystal.train.deepmd import LOCK, alone_in, newest_checkpoint
from melt2crystal.train.deepmd_input import CHECKPOINT

HOLD = """
import sys, time
from pathlib import Path
from melt2crystal.train.deepmd import alone_in
with alone_in(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def held(folder, seconds: float) -> subprocess.Popen:
    """Another process that holds the folder for so long."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process


def test_a_dead_process_holds_nobody_up(tmp_path, capfd):
    other = held(tmp_path / "work", 600)
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert str(other.pid) in (tmp_path / "work" / LOCK).read_text()
    with alone_in(tmp_path / "work") as waited:
        assert not waited
        assert f"process {os.getpid()} on " in (tmp_path / "work" / LOCK).read_text()
    assert capfd.readouterr().out == ""


def test_a_living_process_is_named_and_waited_for(tmp_path, capfd):
    other = held(tmp_path / "work", 1)
    with alone_in(tmp_path / "work") as waited:
        assert waited and other.wait(timeout=60) == 0
    assert f"process {other.pid} on " in capfd.readouterr().out


def test_a_free_folder_is_taken_again_and_again(tmp_path):
    for _ in range(2):
        with alone_in(tmp_path) as waited:
            assert not waited


@pytest.mark.parametrize("end", [".index", ".meta", ".data-00000-of-00001"])
def test_a_checkpoint_with_an_empty_file_is_passed_over(tmp_path, end):
    for step in (60, 120):
        for name in (".index", ".meta", ".data-00000-of-00001"):
            (tmp_path / f"{CHECKPOINT}-{step}{name}").write_text("content")
    assert newest_checkpoint(tmp_path) == f"{CHECKPOINT}-120"
    (tmp_path / f"{CHECKPOINT}-120{end}").write_text("")
    assert newest_checkpoint(tmp_path) == f"{CHECKPOINT}-60"
