"""Names that would run commands, end scripts or fall to pieces: each rule passes them on as they are."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import hostile
from tests.helpers.checkout import Checkout, environment

JOBS = """
import json, sys
from melt2crystal.jobs.snakemake_plan import plan
with plan(beyond=True) as planned:
    told = [
        {"rule": job.rule.name, "command": job.shellcmd, "log": [str(path) for path in job.log],
         "files": [str(path) for path in [*job.input, *job.output]]}
        for job in planned.dag.jobs if job.shellcmd
    ]
    print(json.dumps(told))
"""
PLANTED = ("RAN-", "own files;", "own `touch")


def jobs_of(folder: Path) -> list[dict]:
    """Rule, command, log and files of every job of the study that config/config.yaml names."""
    command = [sys.executable, "-c", JOBS]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def words_of(jobs: list[dict], folder: Path) -> list[list[str]]:
    """What the program of each job is given, when a shell has read its command; programs only write that down."""
    programs = folder / "programs"
    programs.mkdir(parents=True)
    for name in ("python", "cp"):
        (programs / name).write_text('#!/bin/bash\nprintf "%s\\0" "$@" "END OF WORDS" >> "$WORDS"\n')
        (programs / name).chmod(0o755)
    lines = []
    for job in jobs:
        for log in job["log"]:
            (folder / log).parent.mkdir(parents=True, exist_ok=True)
        lines.append(f"( {job['command']} )\nprintf 'END OF JOB\\0' >> \"$WORDS\"\n")
    variables = {
        "PATH": f"{programs}:{os.environ['PATH']}",
        "WORDS": str(folder / "words"),
        "MELT2CRYSTAL_ROOT": "/clone",
    }
    subprocess.run(["bash"], input="".join(lines), text=True, cwd=folder, env=os.environ | variables, check=True)
    words = (folder / "words").read_text().removesuffix("\0").split("\0")
    found: list[list[str]] = [[]]
    for word in words:
        if word == "END OF JOB":
            found.append([])
        elif word != "END OF WORDS":
            found[-1].append(word)
    return found[:-1]


@pytest.mark.parametrize("plant", [hostile.plant, hostile.plant_files])
def test_a_shell_hands_every_name_over_as_it_is(plant, fresh, tmp_path):
    copy = fresh.edited(tmp_path / "checkout")
    plant(copy.folder)
    jobs = jobs_of(copy.folder)
    assert len({job["rule"] for job in jobs}) > 15 and not hostile.ran(tmp_path)
    shell = tmp_path / "shell"
    given = words_of(jobs, shell)
    assert len(given) == len(jobs) and not hostile.ran(tmp_path)
    for job, words in zip(jobs, given, strict=True):
        whole = {
            *job["files"],
            hostile.RESULTS,
            f"{hostile.RESULTS}/label-store",
            f"{hostile.RESULTS}/hostile/benchmarks",
        }
        for option, word in zip(["", *words], words, strict=False):
            if option in ("--settings", "--places"):
                json.loads(word)
            elif any(mark in word for mark in PLANTED):
                assert word in whole or word.partition("=")[2] in whole, (job["rule"], word)
        assert {word for word in words} & {*job["files"]} or not job["files"], job["rule"]


def test_what_snakemake_would_take_for_a_variable_is_refused_with_its_place(fresh, tmp_path):
    copy = fresh.edited(tmp_path / "checkout")
    for name in ("a{b}.lmp", "-a.lmp", "a\nb.lmp", "<results>.lmp"):
        (copy.folder / name).write_text((copy.folder / "data/potentials/silica_bks.lmp").read_text())
        study = json.dumps({"extends": "ci", "liquid": {"potential": name}, "reference": {"engine": "lammps"}})
        (copy.folder / "config/studies/named.yaml").write_text(study)
        said = copy.snakemake("-n", config=("study=named",), check=False)
        assert "named.yaml:1: liquid.potential:" in said and repr(name) in said, said[-2000:]
        assert "rename the file, or link to it" in said and "Traceback" not in said


@pytest.mark.parametrize("results", ["a{b}", "-a", "5", "<logs>/x", "[a]"])
def test_results_must_be_a_folder(fresh, results):
    said = fresh.snakemake("-n", config=(f"results={results}",), check=False)
    assert "results:" in said and "allowed: a folder for results alone" in said and "Traceback" not in said


def test_another_folder_runs_the_same_commands(fresh, tmp_path):
    """A project beside the clone: its own studies, potentials and results; no command and no parameter differs."""
    project = tmp_path / "my project (1)"
    (project / "config/studies").mkdir(parents=True)
    (project / "own").mkdir()
    (project / "own/melt 1.lmp").write_text((fresh.folder / "data/potentials/silica_bks.lmp").read_text())
    study = {"extends": "ci", "liquid": {"potential": "own/melt 1.lmp"}}
    (project / "config/studies/mine.yaml").write_text(json.dumps(study))
    options = ("-n", "-p", "--config", "study=mine")
    command = [sys.executable, "-m", "snakemake", "-s", str(fresh.folder / "Snakefile"), "--directory", str(project)]

    def said(*more: str) -> str:
        done = subprocess.run(
            [*command, "--cores", "1", *more], cwd=tmp_path, env=environment(), capture_output=True, text=True
        )
        return done.stdout + done.stderr

    of_clone = said(*options)  # the project has no crystals: those of the clone are taken
    assert str(fresh.folder / "data/polymorphs/alpha_quartz.cif") in of_clone and "an existing file" not in of_clone
    (project / "data").symlink_to(fresh.folder / "data")
    there = {line for line in said(*options).splitlines() if line.startswith("Shell command:")}
    clone = fresh.edited(tmp_path / "clone").folder
    for name in ("own", "config/studies/mine.yaml"):
        source, target = project / name, clone / name
        subprocess.run(["cp", "-r", source, target], check=True)
    here = Checkout(clone).snakemake("-n", "-p", config=("study=mine",))
    assert there == {line for line in here.splitlines() if line.startswith("Shell command:")} and len(there) > 30
    said("--config", "study=mine", "--until", "label_check", "benchmark_structures")
    assert (project / "results/mine/label/reference.json").is_file()
    assert (project / "results/mine/benchmark/structures.extxyz").is_file()
    assert not (fresh.folder / "results/mine").exists()
