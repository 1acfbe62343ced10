"""Users who may read a checkout and write nothing in it, and who have no home folder."""

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from ase import Atoms

from melt2crystal.frames import write_frames
from tests.helpers.checkout import environment

# nobody, who may enter every folder: the environment of these tests lies in the home of another user
NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
NOBODY += ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"]


@pytest.fixture
def reader(fresh):
    """A checkout, and what nobody is told there."""
    if os.geteuid() != 0 or not shutil.which("setpriv") or subprocess.run([*NOBODY, "true"]).returncode:
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory(prefix="only to read @") as home:  # folders of pytest are its user's alone
        folder = fresh.edited(Path(home) / "checkout").folder
        shutil.rmtree(folder / ".snakemake", ignore_errors=True)  # of tests that planned in the fresh checkout
        for place in (Path(home), folder):
            place.chmod(0o755)
        yield folder, functools.partial(told_nobody, folder)


def told_nobody(folder, *words, check=True):
    """What a command says to nobody in a checkout."""
    surroundings = {**environment(), "HOME": "/nonexistent", "PYTHONPATH": str(folder), "USER": "nobody"}
    surroundings.pop("XDG_CACHE_HOME", None)
    command = [*NOBODY, sys.executable, "-B", "-m", "melt2crystal", *words]
    done = subprocess.run(command, cwd=folder, env=surroundings, capture_output=True, text=True)
    said = done.stdout + done.stderr
    assert "Traceback" not in said and (not check or done.returncode == 0), said[-3000:]
    return said


def test_status_plan_and_why_only_read(reader):
    folder, ask = reader
    assert "Study ci: 0 of" in ask("status", "--study", "ci")
    assert "core-h " in ask("plan", "--study", "ci")
    (folder / ".snakemake").mkdir()  # something was planned here, by somebody else
    (folder / ".snakemake/metadata").mkdir()
    assert "would run" in ask("why", "benchmark", "--study", "ci")
    assert [path.name for path in (folder / ".snakemake").iterdir()] == ["metadata"]


def test_labels_are_reported_into_a_folder_of_ones_own(reader):
    folder, ask = reader
    asked = Atoms("SiO2", positions=[[0, 0, 0], [2, 0, 0], [0, 2, 0]], cell=[6] * 3, pbc=True)
    asked.info["frame_id"] = "a"
    write_frames(folder / "results/ci/label/initial/requested.extxyz", [asked])
    said = ask("labels", "report", "--study", "ci", check=False)
    assert "Permission denied" in said and "--out" in said
    own = folder.parent / "own"
    own.mkdir()
    os.chown(own, 65534, 65534)
    assert "1 not yet" in ask("labels", "report", "--study", "ci", "--out", str(own))
    assert (own / "report.md").is_file()
