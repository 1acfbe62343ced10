"""``make env``: when the environment is built, and when it is left alone."""

import shutil
import subprocess
from pathlib import Path

import pytest
from conftest import REPOSITORY


def make_env(folder: Path) -> subprocess.CompletedProcess[str]:
    """With no Python to build with, so that building is refused."""
    return subprocess.run(["make", "env", "PYTHON="], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A Makefile, a lock, and an environment that was built from it in this folder."""
    programs = tmp_path / ".venv/bin"
    programs.mkdir(parents=True)
    (tmp_path / "envs").mkdir()
    shutil.copy(REPOSITORY / "Makefile", tmp_path)
    for path in ("envs/requirements.txt", ".venv/installed-requirements.txt"):
        (tmp_path / path).write_text("numpy==2.0.0\n")
    (programs / "python").write_text("#!/bin/sh\n")
    (programs / "pip").write_text(f"#!{programs}/python\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    return tmp_path


def test_a_finished_environment_is_left_alone(checkout):
    assert make_env(checkout).returncode == 0


def test_another_lock_builds_it_again(checkout):
    (checkout / "envs/requirements.txt").write_text("numpy==2.1.0\n")
    assert "Python 3.11, 3.12 or 3.13 is needed" in make_env(checkout).stdout


def test_a_moved_folder_builds_it_again(checkout):
    moved = checkout.rename(checkout.with_name("moved"))
    assert "Python 3.11, 3.12 or 3.13 is needed" in make_env(moved).stdout
