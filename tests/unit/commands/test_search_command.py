"""The command ``melt2crystal search``: mistakes in one line, before anything is computed; signals keep what is done."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from melt2crystal.commands.search import arguments_of, explore, left_behind, sizes_of
from melt2crystal.errors import UserError
from melt2crystal.search.alone.work import Stopped, kind_of, stopped_by_signals
from tests.helpers.checkout import REPOSITORY, environment

MODEL = REPOSITORY / "tests/data/silica-of-a-minute.pb"
FILES = ("found.csv", "relaxations.csv", "structures.extxyz")
SMALL = ("--potential", str(MODEL), "--formula", "SiO2", "--pressure", "10", "--relaxations", "70")
SMALL = (*SMALL, "--formula-units", "1", "--out", "out")


def begun(folder: Path, *words: str) -> subprocess.Popen[str]:
    """The command in a folder of its own, far from the repository."""
    return subprocess.Popen(
        [sys.executable, "-m", "melt2crystal", "search", *words],
        cwd=folder,
        env=environment() | {"PYTHONPATH": str(REPOSITORY)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def until(process: subprocess.Popen[str], words: str) -> None:
    """Wait until it has printed these words."""
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"{words!r} was not printed: {process.stderr.read() if process.stderr else ''}")


def test_killed_and_interrupted_it_comes_to_the_same_table(tmp_path):
    """SIGKILL in the random cells, SIGINT in the first generation, then to the end: as without."""
    (tmp_path / "calm").mkdir()
    calm = begun(tmp_path / "calm", *SMALL)
    said = calm.communicate()[0]
    assert said.count("generation") >= 1 and "explorer.html: opens in any browser" in said and calm.returncode == 0
    explorer = (tmp_path / "calm/out/explorer.html").read_text(encoding="utf-8")
    assert all(name in explorer for name in pd.read_csv(tmp_path / "calm/out/found.csv")["id"])
    killed = begun(tmp_path, *SMALL)
    until(killed, "random-000")
    killed.kill()
    killed.communicate()
    assert not (tmp_path / "out/found.csv").exists()
    stopped = begun(tmp_path, *SMALL, "--resume")
    until(stopped, "z1-g00-0000")
    stopped.send_signal(signal.SIGINT)
    said = stopped.communicate()[0]
    assert stopped.returncode == 130 and "--resume" in said
    explorer = (tmp_path / "out/explorer.html").read_text(encoding="utf-8")
    names = pd.read_csv(tmp_path / "out/found.csv")["id"]
    assert len(names) > 0 and all(name in explorer for name in names)
    resumed = begun(tmp_path, *SMALL, "--resume")
    assert "batches are in" in resumed.communicate()[0] and resumed.returncode == 0
    for name in FILES:
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "calm/out" / name).read_bytes(), name
    assert {path.name for path in tmp_path.iterdir()} == {"calm", "out"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--formula", "SiO2; touch x", "--potential", str(MODEL)), "is no chemical formula"),
        (("--formula", "SiO2", "--potential", str(MODEL), "--minutes", "-1"), "minutes: -1"),
        (("--formula", "SiO2", "--potential", "nowhere/hp"), "no such file or folder"),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(words, said, tmp_path):
    process = begun(tmp_path, *words)
    _, errors = process.communicate()
    assert process.returncode == 1 and "Traceback" not in errors
    (line,) = (line for line in errors.splitlines() if line.startswith("ERROR"))
    assert said in line and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_once_and_handlers_come_back(number):
    before = signal.getsignal(number)
    with pytest.raises(Stopped) as stopped, stopped_by_signals():
        try:
            os.kill(os.getpid(), number)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), number)  # while results are written: passed over
    assert stopped.value.signal == number and signal.getsignal(number) is before


def test_a_stopped_search_says_what_is_there(tmp_path, capsys):
    assert "before anything" in left_behind(tmp_path)
    (tmp_path / "search.json").write_text("{}")
    assert "no crystal yet" in left_behind(tmp_path) and "--resume" in left_behind(tmp_path)
    (tmp_path / "found.csv").write_text("id\n")
    assert "found.csv" in left_behind(tmp_path)
    explore(tmp_path)  # tables that were being written
    assert "no finished search" in capsys.readouterr().out and not (tmp_path / "explorer.html").exists()


def test_what_is_typed_is_read_or_told():
    assert (sizes_of("2,3, 8"), sizes_of("")) == ([2, 3, 8], [])
    assert arguments_of('{"rc": 5.0}') == {"rc": 5.0} and arguments_of("") == {}
    for text in ("2;3", "two", "2.5"):
        with pytest.raises(UserError, match="--formula-units"):
            sizes_of(text)
    for text in ("rc=5", "[1]", "{"):
        with pytest.raises(UserError, match="--calculator-arguments"):
            arguments_of(text)


def test_conditions_of_a_candidate_follow_from_its_name():
    assert [kind_of(name) for name in ("random-004", "p10-z4-g00-0031", "p-3.5-z12-g01-0001-r")] == [
        "random",
        "z4",
        "rattled",
    ]
    assert kind_of("p-3.5-z12-g01-0001") == "z12"
