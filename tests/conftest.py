"""A copy of the repository in which the ci study has run to its end: made once, used by all tests that need it; disks
that fill up."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers.checkout import Checkout, copy_repository
from tests.helpers.golden import OPTION, Updating, refusal

SILICON = Path("/usr/share/espresso/pseudo/Si.pbe-rrkj.UPF")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that writes golden pages anew."""
    parser.addoption(OPTION, action="store_true", help="write the pages of tests/golden/pages anew; then look at them")


def pytest_configure(config: pytest.Config) -> None:
    """Compare golden pages or write them."""
    Updating.asked = bool(config.getoption(OPTION))
    if reason := refusal(Updating.asked, os.environ.get("CI")):
        raise pytest.UsageError(reason)


def _missing_python(*names: str) -> list[str]:
    return [name for name in names if importlib.util.find_spec(name) is None]


def lacking() -> dict[str, str]:
    """Marker -> why its tests skip here: what `make env` does not build. Empty where all of it is installed."""
    reasons = {}
    if missing := _missing_python("torch", "e3nn", "vesin"):
        reasons["pytorch"] = f"no {', '.join(missing)} (make env-pytorch)"
    if not (shutil.which("pw.x") and SILICON.exists()):
        reasons["pw_x"] = "no pw.x or its pseudopotentials (make env-espresso)"
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        reasons["chromium"] = "no Chromium (Debian: apt-get install chromium)"
    return reasons


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs more than this machine has."""
    reasons = lacking()
    for item in items:
        for marker in reasons.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=reasons[marker]))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Checkout:
    """A checkout in which nothing has run."""
    return Checkout(copy_repository(tmp_path_factory.mktemp("fresh")))


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """One of pytest's workers at a time."""
    with open(path, "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Checkout:
    """A checkout in which the ci study has run to its end (minutes, once for all workers). Don't edit it: copy it.

    FINISHED_CHECKOUT names one that was made before, with the same sources, to try a single test in seconds.
    """
    if "FINISHED_CHECKOUT" in os.environ:
        return Checkout(Path(os.environ["FINISHED_CHECKOUT"]))
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "finished"
    done = folder.with_suffix(".done")
    with locked(folder.with_suffix(".lock")):
        if not done.exists():  # a worker that comes after a failed run tries again, and fails with the same message
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            Checkout(copy_repository(folder)).snakemake()
            done.touch()
    return Checkout(folder)


@pytest.fixture
def edited(finished, tmp_path) -> Checkout:
    """A finished checkout that may be edited."""
    return finished.edited(tmp_path / "edited")


@pytest.fixture
def disk_of(tmp_path) -> Iterator[Callable[[int], Path]]:
    """A maker of file systems of so many kB (of 4 kB pages); skips where nobody may mount one."""
    made: list[Path] = []

    def make(kilobytes: int) -> Path:
        folder = tmp_path / f"disk-{kilobytes}"
        folder.mkdir()
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True
        )
        if done.returncode:
            pytest.skip("only root can mount a small file system")
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", "--lazy", folder], check=True)
