"""A batch of labels put together: who may be missing, what is said of it."""

import csv
import subprocess
import sys

import pytest

from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.collecting import failures_allowed, what_is_it
from tests.helpers.checkout import REPOSITORY, environment
from tests.helpers.counting_engine import frames

INFO = {
    "eos": {"polymorph": "stishovite", "volume_scale": 0.91},
    "found": {"id": "p10-z2-g00-0001", "pressure_GPa": 10.0},
    "harmonic": {"polymorph": "keatite", "displacement": 3},
    "melt": {"temperature_K": 3000.0, "pressure_GPa": 10.0},
}
SAID = {
    "eos": "stishovite at 0.91 of its volume",
    "found": "structure p10-z2-g00-0001",
    "harmonic": "keatite, supercell 3",
    "melt": "melt at 10 GPa, 3000 K",
}


def collected(folder, of, failing, asked=3, **options):
    """Collect a batch in which some labels failed."""
    requested = frames(asked)
    for frame in requested:
        frame.info |= INFO[of]
    write_frames(folder / "requested.extxyz", requested)
    good = requested[failing:]
    write_frames(folder / "shard-0.extxyz", good)
    with open(folder / "shard-0.csv", "w", newline="") as handle:
        rows = csv.writer(handle)
        rows.writerow(["frame_id", "status", "reason", "seconds", "engine", "settings_digest"])
        for number, frame in enumerate(requested):
            status = ("crashed", "a, b") if number < failing else ("ok", "")
            rows.writerow([frame.info["frame_id"], *status, 1.0, "x", "s1"])
    words = [f"--{name}={value}" for name, value in options.items()]
    words += ["--requested", "requested.extxyz", "--out", "labels.extxyz", "--table", "labels.csv", "shard-0.extxyz"]
    command = [sys.executable, str(REPOSITORY / "scripts/label/collect.py"), *words]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)


@pytest.mark.parametrize("of", ["eos", "found", "harmonic"])
def test_one_failed_label_of_three_is_told_and_ends_nothing(tmp_path, of):
    done = collected(tmp_path, of, 1, tolerance=1.0, least=1)
    assert done.returncode == 0, done.stderr
    assert len(read_frames(tmp_path / "labels.extxyz")) == 2
    with open(tmp_path / "labels.csv", newline="") as handle:
        first, *others = csv.DictReader(handle)
    assert (first["what"], first["status"], first["reason"]) == (SAID[of], "crashed", "a, b")
    assert [row["status"] for row in others] == ["ok", "ok"]
    assert f"no label: {SAID[of]}: crashed: a, b" in done.stdout


def test_a_share_of_less_than_one_frame_is_one_frame(tmp_path):
    assert [failures_allowed(0.05, asked) for asked in (1, 3, 20, 400)] == [1, 1, 1, 20]
    assert failures_allowed(0.0, 400) == 0
    assert collected(tmp_path, "melt", 1, tolerance=0.05).returncode == 0
    assert collected(tmp_path, "melt", 1, tolerance=0.0).returncode == 1


def test_found_structures_may_all_be_without_a_label_and_others_not(tmp_path):
    assert collected(tmp_path, "found", 3, tolerance=1.0, least=0).returncode == 0
    said = collected(tmp_path, "eos", 3, tolerance=1.0, least=1).stderr
    assert "3 of 3 labels failed, none is left" in said and "failure_tolerance" not in said


def test_the_advice_says_what_it_costs_the_cheapest_first(tmp_path):
    said = collected(tmp_path, "melt", 2, asked=6, tolerance=0.05).stderr
    assert "2 of 6 labels failed, label.failure_tolerance allows a share of 0.05" in said
    cheapest, dearer = said.index("shard-* and run again"), said.index("raise label.failure_tolerance to 0.34")
    assert cheapest < dearer and "(2 of these) are asked for anew" in said
    assert "no label and no training of what is finished" in said
    assert "forcerun" not in said  # it would ask for every batch again


def test_a_frame_in_words():
    (frame,) = frames(1)
    assert {name: what_is_it(_with(frame, info)) for name, info in INFO.items()} == SAID
    assert what_is_it(frame) == "O4Si2"
    assert what_is_it(_with(frame, {"polymorph": "quartz"})) == "quartz"


def _with(frame, info):
    copy = frame.copy()
    copy.info = dict(info)
    return copy
