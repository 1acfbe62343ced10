"""docs/guides/add-an-engine.md followed to the letter: its blocks of code go where it says, and the engine labels."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.io import read, write

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs/guides/add-an-engine.md"
SECTIONS, REGISTRY = Path("melt2crystal/sections/reference.py"), Path("melt2crystal/engines/registry.py")

# The program that the guide speaks of: springs of 2 eV/Å² to the places of the undisplaced crystal. The energy per
# atom, forces and virial are those of springs; what a frame is called decides how the program ends.
PROGRAM = """#!{python}
import json, sys
import numpy as np
from ase.io import read

frame = read(sys.argv[1])
assert not frame.info and frame.calc is None, "the engine hands on a bare configuration"
displaced = frame.get_positions() - np.array(json.load(open({places!r})))
if abs(displaced).max() > 1:
    sys.exit("atoms are lost")
if abs(displaced).max() > 0.5:
    print("NOT CONVERGED")
forces = -2.0 * displaced
virial = displaced.T @ forces
with open(sys.argv[2], "w") as out:
    energy = float((displaced**2).sum())
    json.dump(dict(energy_eV=energy, forces_eV_per_A=forces.tolist(), virial_eV=virial.tolist()), out)
"""

LABELLING = """
import json, sys
from ase.io import read
from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.registry import reference_engine

engine = reference_engine(json.loads(sys.argv[1]), ["Si", "O"])
engine.check()
plain = lambda array: None if array is None else array.tolist()
told = [
    [label.status, label.reason, label.energy, plain(label.forces), plain(label.stress)]
    for label in engine.label(read(sys.argv[2], ":"))
]
print(json.dumps({"digest": settings_digest(engine), "labels": told}))
"""


def blocks() -> list[str]:
    """Blocks of Python of the guide, in its order."""
    return re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def package(tmp_path_factory) -> Path:
    """A copy of the package into which the guide's blocks are put."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(ROOT / "melt2crystal", folder / "melt2crystal", ignore=shutil.ignore_patterns("__pycache__"))
    settings, union, engine, branch = blocks()
    module = re.search(r"`(melt2crystal/engines/\w+\.py)`:\n\n```python\n\"\"\"", GUIDE.read_text(encoding="utf-8"))
    assert module, "the guide names the file of the engine before its block"
    (folder / module[1]).write_text(engine, encoding="utf-8")

    text = (folder / SECTIONS).read_text(encoding="utf-8")
    old = re.search(r"^Reference = Annotated\[.*?\]\n(?=\n|\Z)", text, re.MULTILINE | re.DOTALL)
    assert old, "the union that the guide speaks of"
    known = set(re.findall(r"\w+Reference\b", old[0]))
    assert set(re.findall(r"\w+Reference\b", union)) == {*known, "MycodeReference"}, "the guide shows today's union"
    (folder / SECTIONS).write_text(text.replace(old[0], f"{settings}\n\n{union}"), encoding="utf-8")

    text = (folder / REGISTRY).read_text(encoding="utf-8")
    end = "    raise EngineError("
    assert text.count(end) == 1, "the error at the end that the guide speaks of"
    text = text.replace(end, branch + end)
    text = text.replace("    LammpsReference,\n", "    LammpsReference,\n    MycodeReference,\n", 1)
    (folder / REGISTRY).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def frames(tmp_path) -> Path:
    """Two frames that the program can label, one at which it does not converge, one at which it breaks; its places."""
    crystal = read(ROOT / "data/polymorphs/stishovite.cif")
    (tmp_path / "places.json").write_text(json.dumps(crystal.get_positions().tolist()))
    made = []
    for size in (0.1, 0.2, 0.7, 2.0):
        frame = crystal.copy()
        frame.positions[0, 0] += size
        frame.info = {"temperature_K": 300.0}
        made.append(frame)
    write(tmp_path / "frames.extxyz", made)
    program = tmp_path / "bin/mycode"
    program.parent.mkdir()
    program.write_text(PROGRAM.format(python=sys.executable, places=str(tmp_path / "places.json")))
    program.chmod(0o755)
    return tmp_path


def asked(package: Path, frames: Path, **reference: object) -> subprocess.CompletedProcess[str]:
    """What the labels of the frames are, or the error, in the copy of the package."""
    environ = {**os.environ, "PYTHONPATH": str(package), "PATH": f"{frames / 'bin'}:{os.environ['PATH']}"}
    settings = json.dumps({"engine": "mycode", **reference})
    command = [sys.executable, "-c", LABELLING, settings, str(frames / "frames.extxyz")]
    return subprocess.run(command, cwd=package, env=environ, capture_output=True, text=True)


def labels(package: Path, frames: Path, **reference: object) -> dict:
    done = asked(package, frames, **reference)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout)


def test_the_engine_of_the_guide_labels_frames_and_tells_why_it_does_not(package, frames):
    good, better, slow, broken = labels(package, frames)["labels"]
    volume = read(ROOT / "data/polymorphs/stishovite.cif").get_volume()
    for (status, reason, energy, forces, stress), size in ((good, 0.1), (better, 0.2)):
        assert (status, reason) == ("ok", "")
        assert energy == pytest.approx(size**2)
        assert np.array(forces)[0] == pytest.approx([-2 * size, 0, 0])
        assert np.array(forces)[1:] == pytest.approx(0)
        assert stress[0][0] == pytest.approx(2 * size**2 / volume), "ASE's sign: minus the virial over the volume"
    assert slow[:2] == ["unconverged", "mycode says NOT CONVERGED"]
    assert broken[:2] == ["crashed", "atoms are lost"]


def test_its_digest_is_that_of_what_the_numbers_depend_on(package, frames):
    digest = labels(package, frames)["digest"]
    assert labels(package, frames, timeout_s=60.0, name="another name")["digest"] == digest
    assert labels(package, frames, command=str(frames / "bin/mycode"))["digest"] == digest
    assert labels(package, frames, cutoff_eV=400.0)["digest"] != digest


def test_a_missing_program_and_a_wrong_setting_are_told_before_anything_is_paid_for(package, frames):
    assert "reference.command: nothing-there is not on PATH" in asked(package, frames, command="nothing-there").stderr
    assert "cutoff_eV" in asked(package, frames, cutoff_eV=-1).stderr


def test_the_code_of_the_guide_is_written_as_the_rest(package):
    engine, config = "melt2crystal/engines/mycode.py", f"--config={ROOT / 'pyproject.toml'}"
    files = [engine, str(SECTIONS), str(REGISTRY)]
    for command in (
        ["ruff", "format", "--check", config, engine, str(SECTIONS)],
        ["ruff", "format", config, str(REGISTRY)],  # its import has become long: `make format`
        ["ruff", "check", config, *files],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=package, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
