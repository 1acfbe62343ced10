"""A working copy of the repository, and what tests do with it."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


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


def tool(checkout, name, *arguments, check=True):
    """Run ``melt2crystal name`` in a checkout and return what it printed."""
    command = [sys.executable, "-m", "melt2crystal", name, *arguments]
    done = subprocess.run(
        command, cwd=checkout.folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment()
    )
    assert not check or done.returncode == 0, done.stdout[-4000:]
    return done.stdout
