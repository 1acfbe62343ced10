"""``make env``: when the environment is built, when it is left alone, and that it holds what the lock says."""

import re
import shutil
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.helpers.checkout import REPOSITORY, environment


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
    (programs / "melt2crystal").write_text(f"#!{programs}/python\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    return tmp_path


def test_a_finished_environment_is_left_alone(checkout):
    assert make_env(checkout).returncode == 0


def test_another_lock_builds_it_again(checkout):
    (checkout / "envs/requirements.txt").write_text("numpy==2.1.0\n")
    assert "Python 3.11, 3.12 or 3.13 is needed" in make_env(checkout).stdout


def test_one_that_lacks_the_command_is_completed(checkout):
    (checkout / ".venv/bin/melt2crystal").unlink()
    assert "Python 3.11, 3.12 or 3.13 is needed" in make_env(checkout).stdout


def test_a_moved_folder_builds_it_again(checkout):
    moved = checkout.rename(checkout.with_name("moved"))
    assert "Python 3.11, 3.12 or 3.13 is needed" in make_env(moved).stdout


@pytest.mark.parametrize(
    ("study", "needed"), [("ci", False), ("released", False), ("released-messages", True), ("absent", False)]
)
def test_pytorch_is_asked_for_by_studies_that_need_it_alone(study, needed):
    command = [sys.executable, "-m", "melt2crystal", "needs-pytorch", study]
    done = subprocess.run(command, cwd=REPOSITORY, env=environment(), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (int(needed), "")


def test_without_pytorch_a_run_says_what_to_do_and_a_plan_is_made_all_the_same(tmp_path):
    """What PyTorch studies need is hidden from Python by a finder, whether or not it is installed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\nfound = importlib.util.find_spec\n"
        "hidden = ('e3nn', 'torch', 'vesin')\n"
        "importlib.util.find_spec = lambda name, *more: None if name in hidden else found(name, *more)\n"
    )
    variables = environment() | {"PYTHONPATH": str(tmp_path)}
    config = ["--config", "study=released-messages", f"results={tmp_path / 'results'}"]
    for words, status in (
        (["-n"], 0),
        (["--cores", "1", "--nolock", f"{tmp_path}/results/released-messages/dataset/00/manifest.json"], 1),
    ):
        command = [sys.executable, "-m", "snakemake", *words, *config]
        done = subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True)
        assert done.returncode == status, done.stderr[-2000:]
        assert ("dpa4 needs e3nn, torch, vesin; run 'make env-pytorch'" in done.stderr) == bool(status)
    assert not (tmp_path / "results/released-messages/liquid").exists()


PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)
NOT_PINNED = {"pip", "setuptools", "wheel", "melt2crystal"}


def normal(name: str) -> str:
    """A name as the package index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(*locks: str) -> dict[str, str]:
    text = "\n".join((REPOSITORY / "envs" / lock).read_text(encoding="utf-8") for lock in locks)
    return {normal(name): version for name, version in PIN.findall(text)}


def installed() -> dict[str, str]:
    return {normal(found.metadata["Name"]): found.version for found in distributions() if found.metadata["Name"]}


def unlike_the_lock(found: dict[str, str], lock: dict[str, str], also: dict[str, str]) -> list[str]:
    """Packages that are missing, of another release, or there although no lock names them."""
    other = [f"{name} {version}, installed {found.get(name)}" for name, version in lock.items()]
    other = [text for text, (name, version) in zip(other, lock.items(), strict=True) if found.get(name) != version]
    return other + [
        f"{name} is in no lock" for name in found if name not in {**lock, **also} | dict.fromkeys(NOT_PINNED)
    ]


def test_what_is_installed_is_what_the_lock_says():
    also = pinned("requirements-pytorch.txt")
    assert unlike_the_lock(installed(), pinned("requirements.txt"), also) == []


def test_another_release_a_missing_package_and_one_too_many_are_told():
    found = {"numpy": "2.0", "torch": "2.11.0", "requests": "1.0", "pip": "1"}
    said = unlike_the_lock(found, {"numpy": "2.1", "ase": "3.29.0"}, {"torch": "2.11.0"})
    assert said == ["numpy 2.1, installed 2.0", "ase 3.29.0, installed None", "requests is in no lock"]
