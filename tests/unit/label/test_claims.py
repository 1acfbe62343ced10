"""Two studies that share a store pay for each label once; what a dead job claimed is computed by the next."""

import json
import os
import subprocess
import sys
import threading

import pytest

from melt2crystal.label import claims as module
from melt2crystal.label import store as store_module
from melt2crystal.label.claims import EXPIRY_S, Claims
from melt2crystal.label.store import LabelStore
from tests.helpers.counting_engine import Counting, frames, run

OTHER = """
import sys, time
from pathlib import Path
from melt2crystal.label.claims import Claims
claims = Claims(Path(sys.argv[1]), "theirs-initial-0")
print([claims.take(name) for name in sys.argv[2:]], flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def quickly(monkeypatch):
    monkeypatch.setattr(store_module, "POLL_S", 0.05)


@pytest.fixture
def other(tmp_path):
    """Start a job that claims frames and goes on living."""
    started = []

    def start(*names):
        command = [sys.executable, "-c", OTHER, str(tmp_path / "d" / "claims"), *names]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == f"{[True] * len(names)}\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_what_another_job_computes_is_waited_for_and_taken(tmp_path, other, capsys):
    given = frames(4)
    names = [frame.info["frame_id"] for frame in given]
    other(*names[:2])
    mine, answers = Counting(), []
    waits = threading.Thread(target=lambda: answers.extend(run(mine, LabelStore(tmp_path, "d", "mine"), given)))
    waits.start()
    theirs = LabelStore(tmp_path, "d", "theirs-initial-0")
    for frame, label in zip(given[:2], Counting().label(given[:2]), strict=True):
        theirs.add(frame, label)
    waits.join(60)
    assert not waits.is_alive() and mine.asked == names[2:]
    assert {frame.info["frame_id"]: known for frame, _, known in answers} == dict(
        zip(names, [True, True, False, False], strict=True)
    )
    said = capsys.readouterr().out
    assert said == "" or "being computed by theirs-initial-0 on" in said


def test_what_a_killed_job_claimed_is_taken_over(tmp_path, other):
    given = frames(3)
    process = other(*(frame.info["frame_id"] for frame in given))
    process.kill()
    process.wait()
    engine = Counting()
    run(engine, LabelStore(tmp_path, "d", "mine"), given)
    assert len(engine.asked) == 3
    assert not (tmp_path / "d" / "claims").exists()


def test_a_claim_of_another_machine_holds_until_its_file_is_old(tmp_path, monkeypatch):
    folder, here = tmp_path / "claims", module._machine
    monkeypatch.setattr(module, "_machine", lambda: ["far", "away"])
    far = Claims(folder, "theirs")
    assert far.take("f1")
    monkeypatch.setattr(module, "_machine", here)
    with Claims(folder, "mine") as mine:
        assert not mine.take("f1") and mine.holder("f1") == "theirs on far"
        job = folder / os.readlink(folder / "f1")
        old = job.stat().st_mtime - EXPIRY_S - 1
        os.utime(job, (old, old))
        assert mine.take("f1") and mine.take("f1")
        far.release("f1")  # it isn't its own any more
        assert mine._holder("f1") is not None


@pytest.mark.parametrize("left", ["{", "[]", json.dumps({"machine": 1, "process": "x"})])
def test_a_broken_claim_expires_too(tmp_path, left):
    folder = tmp_path / "claims"
    folder.mkdir()
    (folder / "x.job").write_text(left)
    os.utime(folder / "x.job", (1, 1))
    (folder / "f1").symlink_to("x.job")
    (folder / "f2").symlink_to("gone.job")
    (tmp_path / "precious.job").touch()
    (folder / "f3").symlink_to("../precious.job")
    with Claims(folder, "mine") as mine:
        assert mine.take("f1") and mine.take("f2") and mine.take("f3")
    assert (tmp_path / "precious.job").exists() and not folder.exists()


def test_failed_labels_leave_no_claim_and_are_tried_by_the_other(tmp_path):
    given = frames(2)
    with pytest.raises(KeyboardInterrupt):
        run(Counting(failing={0}, stop_after=1), LabelStore(tmp_path, "d", "a"), given)
    assert not (tmp_path / "d" / "claims").exists()
    engine = Counting()
    run(engine, LabelStore(tmp_path, "d", "b"), given)
    assert len(engine.asked) == 2


def test_two_studies_at_once_pay_once(tmp_path):
    given = frames(20)
    engines = [Counting() for _ in range(4)]
    answers = [[] for _ in engines]

    def study(number):
        answers[number] += run(engines[number], LabelStore(tmp_path, "d", f"study{number}"), given)

    threads = [threading.Thread(target=study, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(name for engine in engines for name in engine.asked) == sorted(f.info["frame_id"] for f in given)
    assert all(len(found) == 20 for found in answers)
