"""Settings, frames and stand-ins of the tests of the espresso engine."""

import stat
import time
from pathlib import Path

import pytest
from ase.build import bulk

from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.sections.reference import EspressoKPoints, EspressoReference

DATA = Path("tests/data/espresso")
SOFT_SILICON = EspressoReference(
    pseudopotentials={"Si": "Si.pbe-rrkj.UPF"},
    checksums={},
    ecutwfc_Ry=16,
    ecutrho_Ry=64,
    k_points=EspressoKPoints(mode="mesh", mesh=(2, 2, 2)),
    conv_thr_Ry=1e-9,
)
needs_pw = pytest.mark.pw_x


def silicon():
    crystal = bulk("Si", "diamond", 5.43)
    crystal.rattle(0.05, seed=1)
    return crystal


def recorded(name="silicon.out"):
    return (DATA / name).read_text()


def write_pseudopotentials(folder: Path) -> Path:
    """A folder of files that are no pseudopotentials, for stand-ins that don't read them."""
    folder.mkdir()
    for name, content in (("Si.UPF", "silicon"), ("O.UPF", "oxygen")):
        (folder / name).write_text(content)
    return folder


def reference(folder, **changes):
    files = {"Si": "Si.UPF", "O": "O.UPF"}
    values = {"pseudopotentials": files, "checksums": {}, "pseudopotential_folder": str(folder), **changes}
    return EspressoReference.model_validate(values)


def stand_in(tmp_path, script):
    """An executable in the place of pw.x; it runs in the working folder of the frame."""
    path = tmp_path / "pw-stand-in"
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def label_with(tmp_path, folder, script, **changes):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    chosen = reference(folder, command=stand_in(tmp_path, script), scratch=str(scratch), **changes)
    label = next(EspressoEngine(chosen, ["Si"]).label([silicon()]))
    assert list(scratch.iterdir()) == []
    return label


def gone(process):
    """Whether a process ends within two seconds (a zombie of a careless init counts)."""
    for _ in range(20):
        try:
            if Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False
