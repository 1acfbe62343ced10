"""A copy of the repository in which the ci study has run to its end: made once, used by all tests that need it; disks
that fill up."""

import fcntl
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SILICON = Path("/usr/share/espresso/pseudo/Si.pbe-rrkj.UPF")


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


@dataclass(frozen=True)
class Checkout:
    """A working copy of the repository."""

    folder: Path

    def snakemake(self, *arguments: str, check: bool = True, config: tuple[str, ...] = ()) -> str:
        """Run snakemake on the ci study and return everything it printed."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, "--config", "study=ci", *config]
        done = subprocess.run(
            command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(command)} ended with status {done.returncode}:\n{done.stdout[-6000:]}")
        return done.stdout

    def planned(self) -> dict[str, int]:
        """Rule -> number of jobs that a dry run would run."""
        return jobs(self.snakemake("-n", "--quiet", "rules"))

    def edited(self, target: Path) -> "Checkout":
        """A copy of this checkout with its results and its memory of them, free to be edited."""
        shutil.copytree(self.folder, target, symlinks=True, copy_function=shutil.copy2)
        return Checkout(target)


def environment() -> dict[str, str]:
    """The tests' environment without what the outer snakemake or pytest set."""
    return {key: value for key, value in os.environ.items() if not key.startswith(("SNAKEMAKE", "PYTEST"))}


def jobs(text: str) -> dict[str, int]:
    """The table 'job count' of a dry run."""
    counts: dict[str, int] = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.split() == ["job", "count"]:
            next(lines)
            for row in lines:
                parts = row.split()
                if len(parts) != 2:
                    break
                counts[parts[0]] = int(parts[1])
            break
    counts.pop("total", None)
    counts.pop("all", None)
    return counts


def copy_repository(target: Path) -> Path:
    """Copy what git tracks or would track."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        source = REPOSITORY / name
        if source.exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name, follow_symlinks=False)
    return target


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
