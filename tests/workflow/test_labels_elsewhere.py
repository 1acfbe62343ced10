"""Labels computed elsewhere come back, and every study with the same settings finds them and computes nothing."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from ase.build import bulk

from melt2crystal.engines.base import Label
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import labelled
from tests.helpers.checkout import REPOSITORY, Checkout, environment

RECORDED = REPOSITORY / "tests/data/espresso"
STUDY = {
    "extends": "ci",
    "reference": {
        "engine": "espresso",
        "name": "PBE (stand-in)",
        "pseudopotentials": {"Si": "Si.UPF", "O": "O.UPF"},
        "pseudopotential_folder": "pseudo",
        "checksums": {},
        "ecutwfc_Ry": 16,
        "ecutrho_Ry": 64,
        "k_points": {"mode": "mesh", "mesh": [2, 2, 2]},  # as in the recorded output
        "command": "no-such-pw.x",  # here nothing can be computed, only found
    },
    "label": {"failure_tolerance": 0.6, "frames_per_shard": 20},
    "benchmark": {"vdos": {"reference": False}},
}


def silicon(seed):
    """With seed 1 the structure of the recorded output."""
    crystal = bulk("Si", "diamond", 5.43)
    crystal.rattle(0.05, seed=seed)
    frame = canonical_frame(crystal)
    frame.info |= {"temperature_K": 4000.0, "pressure_GPa": 0.0, "origin": f"test/{seed}"}
    return frame


class Site:
    """A checkout without pw.x, with studies that ask for labels."""

    def __init__(self, checkout: Checkout, results: str = "results") -> None:
        self.folder, self.results = checkout.folder, results

    def study(self, name, frames, **changes):
        """A study whose melts are there already: it has asked for these frames."""
        content = {**STUDY, **changes, "name": name}
        (self.folder / f"config/studies/{name}.yaml").write_text(yaml.safe_dump(content))
        write_frames(self.folder / f"{self.results}/{name}/label/initial/requested.extxyz", frames)

    def run(self, *words, status=0):
        done = subprocess.run(
            [sys.executable, *words], cwd=self.folder, env=environment(), capture_output=True, text=True, timeout=300
        )
        assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
        return done.stdout + done.stderr

    def labels(self, *words, status=0):
        return self.run("-m", "melt2crystal", "labels", *words, "--results", self.results, status=status)

    def label_stage(self, name, status=0):
        """The study's own label jobs, nothing before them."""
        target = f"{self.results}/{name}/label/initial/labels.extxyz"
        rules = ["--allowed-rules", "label_shard", "label_collect", "--config", f"study={name}"]
        return self.run("-m", "snakemake", "--cores", "2", target, *rules, f"results={self.results}", status=status)

    def journal(self):
        found = sorted((self.folder / self.results).glob("label-store/*/*.jsonl"))
        return {path.name: [json.loads(line) for line in path.read_text().splitlines()] for path in found}


def run_elsewhere(folder: Path, good: str) -> None:
    """The other machine: its pw.x converges for one frame and never for the others."""
    program = folder.parent / "pw-elsewhere"
    program.write_text(
        f'#!/bin/bash\n[ "$(basename "$PWD")" = {good} ] && exec cat {RECORDED}/silicon.out\n'
        f"cat {RECORDED}/silicon-unconverged.out; exit 2\n"
    )
    program.chmod(0o755)
    subprocess.run(["bash", "run.sh"], cwd=folder, env={**os.environ, "PW": str(program)}, check=True, timeout=60)


@pytest.fixture
def site(fresh, tmp_path):
    made = Site(fresh.edited(tmp_path / "site"))
    (made.folder / "pseudo").mkdir()
    for name in ("Si", "O"):
        (made.folder / f"pseudo/{name}.UPF").write_text(name)
    return made


def test_labels_computed_elsewhere_are_found_by_every_study_with_these_settings(site, tmp_path):
    frames = [silicon(1), silicon(2)]
    site.study("first", frames)
    site.study("second", frames)  # the same settings
    assert "2 frames exported" in site.labels("export", str(tmp_path / "out"), "--study", "first")
    assert "no-such-pw.x is not on PATH" in site.label_stage("second", status=1)  # so it would have to compute
    assert site.journal() == {}
    run_elsewhere(tmp_path / "out", frames[0].info["frame_id"])
    shutil.copytree(tmp_path / "out", tmp_path / "back")
    assert "1 ok, 1 unconverged; 2 new" in site.labels("import", str(tmp_path / "back"), "--study", "first")
    before = site.journal()
    ((name, rows),) = before.items()
    assert name.startswith("first-import-") and [row["status"] for row in rows] == ["ok", "unconverged"]
    site.label_stage("second")
    assert site.journal() == before
    place = site.folder / "results/second/label/initial"
    (label,) = read_frames(place / "labels.extxyz")
    assert label.get_potential_energy() == pytest.approx(-211.4837005)
    assert (place / "labels.csv").read_text().count("NOT achieved") == 1

    site.results = "elsewhere"  # through label.known, with an empty store
    site.study("third", frames[:1], label={**STUDY["label"], "known": [str(place / "labels.extxyz")]})
    site.label_stage("third")
    assert site.journal() == {}
    site.labels("report", "--study", "third")
    report = (site.folder / "elsewhere/third/labels-report/report.md").read_text()
    assert "# Labels by PBE (stand-in)" in report and "| free, from: released | 1 |" in report
    assert (site.folder / "elsewhere/third/labels-report/labels.png").stat().st_size > 10_000


def test_labels_of_other_settings_are_not_imported(site, tmp_path):
    site.study("first", [silicon(1)])
    site.labels("export", str(tmp_path / "out"), "--study", "first")
    run_elsewhere(tmp_path / "out", silicon(1).info["frame_id"])
    site.study("finer", [silicon(1)], reference={**STUDY["reference"], "ecutwfc_Ry": 20})
    told = site.labels("import", str(tmp_path / "out"), "--study", "finer", status=1)
    assert "ecutwfc_Ry is 16.0 there and 20.0 here" in told and "Traceback" not in told
    assert site.journal() == {}


def test_a_dataset_of_two_settings_is_refused_with_both_digests(fresh, tmp_path):
    label = Label("ok", "", -1.0, np.zeros((2, 3)), np.zeros((3, 3)))
    for seed, digest in ((1, "s1111"), (2, "s2222")):
        write_frames(tmp_path / f"{digest}.extxyz", [labelled(silicon(seed), label, digest)])
    words = [str(path) for path in sorted(tmp_path.glob("s*.extxyz"))]
    out = ["--out", str(tmp_path / "dataset.extxyz"), "--manifest", str(tmp_path / "manifest.json")]
    told = Site(fresh).run("scripts/train/assemble.py", *words, *out, status=1)
    assert "can't be mixed: s1111 (1 frames), s2222 (1 frames)" in told and "Traceback" not in told
    assert not (tmp_path / "dataset.extxyz").exists()
