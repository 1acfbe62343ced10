"""LAMMPS that could not work is never taken for physics: killed, no space, an unknown command; wherever it is run."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from melt2crystal.benchmark.vibrational_walk import StartingState
from melt2crystal.benchmark.vibrational_walk import run_walks as run_vibrations
from melt2crystal.engines.lammps import LammpsEngine
from melt2crystal.errors import EngineError
from melt2crystal.explore.walks import ExplorationWalk
from melt2crystal.explore.walks import run_walks as run_exploration
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.lammps import program
from melt2crystal.lammps.endings import broken_by, signal_of, stopped
from melt2crystal.lammps.include import potential_commands
from melt2crystal.liquid.certificate import certify
from melt2crystal.liquid.packing import random_packing
from melt2crystal.liquid.walks import run_walks as run_melt
from melt2crystal.sections.benchmark import VibrationalSpectrum
from melt2crystal.sections.explore import Explore
from melt2crystal.sections.liquid import Certificate, Liquid
from melt2crystal.sections.reference import LammpsReference
from melt2crystal.sections.substance import PressureRow, Substance

BKS = Path("data/potentials/silica_bks.lmp").resolve()
SPECIES = ["Si", "O"]
VIBRATIONS = VibrationalSpectrum(atoms=48, equilibrate_ps=1.0, walk_ps=0.6, resolution_THz=5)


def crystal():
    return canonical_frame(read("data/polymorphs/stishovite.cif"))


def melt():
    substance = Substance()
    liquid = Liquid(potential=str(BKS), formula_units=8, melt_ps=0.05, equilibrate_ps=0.05, walk_ps=0.1)
    start = random_packing(substance.formula, 8, 2.2, substance.minimum_distances_A, np.random.default_rng(1))
    row = PressureRow(pressure_GPa=0.0, temperatures_K=[5000, 4000], melt_temperature_K=6000.0)
    return run_melt(start, liquid, SPECIES, row, 4, 1, Path(tempfile.mkdtemp()))


def exploration():
    walk = ExplorationWalk(crystal(), 3000.0, 0.0, 1)
    return run_exploration([walk, walk], [Path("no model.pb")], SPECIES, Explore(), Path(tempfile.mkdtemp()))


def vibrations():
    tasks = [StartingState(crystal(), 300, 0, 1)] * 2
    return run_vibrations(tasks, potential_commands(BKS, SPECIES, 1e-4), SPECIES, VIBRATIONS, deepmd=False)


def engine():
    return LammpsEngine(LammpsReference(potential=str(BKS)), SPECIES)


PLACES = {
    "melt": melt,
    "certificate": lambda: certify([crystal()] * 3, [], Certificate(), Substance(), BKS),
    "exploration": exploration,
    "vibrations": vibrations,
    "labels": lambda: list(engine().label([crystal()] * 60)),
    "relaxation": lambda: engine().relax([crystal()], 0.0),
    "check": lambda: engine().check(),
}


@pytest.fixture
def lmp(tmp_path, monkeypatch):
    """Puts a shell script in the place of LAMMPS."""

    def put(script):
        path = tmp_path / "lmp"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(program, "find_lammps", lambda deepmd=False: ([str(path)], dict(os.environ)))

    return put


SAYS = 'printf "%s\\n" "{}" > log.lammps; exit 1'


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("kill -9 $$", "killed by signal 9, mostly a lack of memory.*retries"),
        ("exit 247", "killed by signal 9, mostly a lack of memory"),  # how the wheel's lmp tells it
        ("kill -11 $$", "killed by signal 11"),
        (SAYS.format("ERROR on proc 0: Failed to allocate 10 bytes for array x"), "lacked memory: .*allocate 10 bytes"),
        (SAYS.format("ERROR: Cannot open file in.potential: No such file"), "could not work: ERROR: Cannot open file"),
        ("echo 'error while loading shared libraries: libmpi.so' >&2; exit 127", "could not work: .*libmpi.so"),
        ("exit 0", "ended in order, but its outputs .* are cut off"),
    ],
)
def test_what_is_no_explosion_fails_with_its_own_words(place, script, words, lmp):
    lmp(script)
    with pytest.raises(EngineError, match=words):
        PLACES[place]()


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kilobytes", [8, 24])
def test_a_full_disk_fails_with_its_own_words(place, kilobytes, disk_of, monkeypatch):
    """8 kB hold not even the inputs; on 24 kB LAMMPS has no room for what it finds."""
    disk = disk_of(kilobytes)
    (disk / "of others").write_bytes(bytes(1024 * (kilobytes - 8)))
    monkeypatch.setattr(tempfile, "tempdir", str(disk))
    monkeypatch.setenv("TMPDIR", str(disk))
    if place == "exploration":  # without a model, which LAMMPS would ask for first
        monkeypatch.setattr(program, "find_lammps", lambda deepmd=False: (["/bin/cp", "/bin/bash", "x"], {}))
    with pytest.raises((EngineError, OSError), match="No space left on device"):
        PLACES[place]()


@pytest.mark.parametrize(
    "words",
    [
        "ERROR: Lost atoms: original 48 current 47",
        "ERROR: Non-numeric pressure - simulation unstable",
        "ERROR on proc 0: Non-numeric atom coords - simulation unstable",
        "ERROR: Fix halt condition for fix-id too_hot met on step 20 with value 90000",
    ],
)
def test_what_lammps_calls_broken_is_an_answer(words, tmp_path):
    log = f"LAMMPS\nrun 10\n{words}\nLast command: run 10\n"
    assert broken_by(1, log) == words and stopped(1, log, "", tmp_path) is None
    assert broken_by(0, log) is None


def test_signals_are_told_as_programs_and_shells_tell_them():
    assert [signal_of(status) for status in (-9, 137, 247, -11, 1, 127, 0)] == [9, 9, 9, 11, 0, 0, 0]


def test_the_log_of_the_process_before_is_not_read(tmp_path, lmp):
    (tmp_path / "log.lammps").write_text("ERROR: Lost atoms: original 6 current 5\n")
    lmp("exit 1")
    with pytest.raises(EngineError, match="ended with status 1"):
        program.run_lammps("", tmp_path)


def test_the_job_of_the_certificate_ends_with_one_message_and_without_a_table(disk_of, tmp_path):
    """As an outsider found it: TMPDIR full, exit status 0, "6 of 12 disordered"."""
    disk = disk_of(40)
    frames = [crystal() for _ in range(3)]
    for number, frame in enumerate(frames):
        frame.info.update(temperature_K=3000.0, pressure_GPa=0.0, origin=f"x/{number}")
    write_frames(tmp_path / "frames.extxyz", frames)
    words = ["--frames", "frames.extxyz", "--potential", BKS, "--table", "table.csv", "--certified", "out.extxyz"]
    settings = json.dumps({"certificate": {}, "substance": {}})
    root, library = Path.cwd(), Path("data/polymorphs/stishovite.cif").resolve()
    done = subprocess.run(
        [sys.executable, root / "scripts/liquid/certify.py", library, *words, "--settings", settings],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(disk), "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stdout
    assert done.stderr.count("No space left on device") == 1 and "Traceback" not in done.stderr
    assert not (tmp_path / "table.csv").exists()
