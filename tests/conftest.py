"""A copy of the repository in which the ci study has run to its end: made once, used by all tests that need it; disks
that fill up."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.helpers import hostile
from tests.helpers.checkout import Checkout, copy_repository
from tests.helpers.golden import OPTION, Updating, refusal

# Of the tests on the finished study those that take a minute and more, the longest first.
LONGEST = ("test_rebuild_keys", "test_faults", "test_study", "test_rebuild", "test_trained_elsewhere", "test_report")
UNIVERSAL = Path(__file__).resolve().parents[1] / ".venv-universal"
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
    if not (UNIVERSAL / "installed-requirements.txt").exists():
        reasons["universal"] = "no .venv-universal (make env-universal: 3 GB to fetch, too much for CI)"
    if not (shutil.which("pw.x") and SILICON.exists()):
        reasons["pw_x"] = "no pw.x or its pseudopotentials (make env-espresso)"
    if not any(shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")):
        reasons["chromium"] = "no Chromium (Debian: apt-get install chromium)"
    return reasons


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip, with the reason, what needs more than this machine has; files that need the finished study come last.

    Of these the longest come first, so that all workers end at about the same time.
    """
    reasons = lacking()
    for item in items:
        for marker in reasons.keys() & {mark.name for mark in item.iter_markers()}:
            item.add_marker(pytest.mark.skip(reason=reasons[marker]))
    late = {item.path for item in items if uses_finished(item)}
    place = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (item.path in late, place.get(item.path.stem, len(LONGEST))))


def uses_finished(item: pytest.Item) -> bool:
    """Whether a test needs the ci study to have run."""
    return "finished" in getattr(item, "fixturenames", ()) and item.get_closest_marker("skip") is None


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


def place_of_finished(basetemp: Path) -> Path:
    """Where the finished checkout stands, or shall stand: the same place for all workers."""
    ours = (basetemp.parent if "PYTEST_XDIST_WORKER" in os.environ else basetemp) / hostile.FOLDER
    return Path(os.environ.get("FINISHED_CHECKOUT", ours))


def make_finished(folder: Path) -> None:
    """Run the ci study to its end, unless that was done before; whoever comes second waits."""
    with locked(folder.with_suffix(".lock")):
        if not folder.exists():  # a worker that comes after a failed run tries again, and fails with the same message
            making = folder.with_suffix(".making")
            shutil.rmtree(making, ignore_errors=True)
            making.mkdir()
            hostile.plant_in_ci(copy_repository(making))
            Checkout(making).snakemake()
            making.rename(folder)


def pytest_collection_finish(session: pytest.Session) -> None:
    """The first worker runs the ci study beside its tests, so that none has to wait for it."""
    if os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and any(map(uses_finished, session.items)):
        folder = place_of_finished(session.config._tmp_path_factory.getbasetemp())
        threading.Thread(target=make_finished, args=(folder,), daemon=True).start()


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Checkout:
    """A checkout in which the ci study has run to its end (minutes, once for all workers). Don't edit it: copy it.

    Its files and captions bear names that run commands or scripts where they are pasted into a language.
    FINISHED_CHECKOUT says where: what stands there was made before, with the same sources, and is taken as it is.
    """
    folder = place_of_finished(tmp_path_factory.getbasetemp())
    make_finished(folder)
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
