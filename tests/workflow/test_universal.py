"""Studies that judge an ASE calculator: what they plan, what a change of it reruns; CHGNet and SevenNet for real."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from ase.build import bulk

from melt2crystal.relaxation.relaxer import Target
from melt2crystal.train.calculators import write_calculator
from melt2crystal.train.models import Ensemble, RelaxerFactory
from tests.helpers.checkout import REPOSITORY, jobs

STUDIES = ("universal-chgnet", "universal-sevennet")
PYTHON = REPOSITORY / ".venv-universal/bin/python"
GIVEN = {"calculator": "ase.calculators.lj:LennardJones", "arguments": {"sigma": 1.6, "epsilon": 0.1, "rc": 5.0}}
MEMBER = "results/judged/train/hp/0/calculator.json"


def judging(checkout, base="released", **changes):
    """Write a study whose HP is a calculator here; numbers inside ``--config`` would reach it as text."""
    release = {"lp": {"enabled": False}, "hp": {"given": {**GIVEN, **changes}, "training": {"members": 1}}}
    study = {"name": "judged", "extends": base, "release": release}
    (checkout.folder / "config/studies/judged.yaml").write_text(json.dumps(study))
    return ("study=judged",)


@pytest.mark.parametrize("study", STUDIES)
def test_all_judgements_are_planned_and_no_training(fresh, study):
    planned = jobs(fresh.snakemake("-n", "--quiet", "rules", config=(f"study={study}",)))
    assert (
        planned["train_calculator"] == planned["train_zero"] == planned["train_heldout"] == planned["train_card"] == 1
    )
    wanted = {"benchmark_energy_volume", "benchmark_relaxed", "benchmark_harmonic", "search_given", "report_summary"}
    assert wanted <= set(planned)
    never = {"train_member", "train_given", "train_data", "explore_walks", "benchmark_vdos", "train_release_member"}
    assert not never & set(planned)


def test_a_calculator_searches_too(fresh, tmp_path):
    """Melts are those of the ci study, the search is its own."""
    checkout = fresh.edited(tmp_path / "checkout")
    config = judging(checkout, "ci")
    planned = jobs(
        checkout.snakemake("-n", "--quiet", "rules", config=(*config, 'benchmark={"vdos": {"enabled": false}}'))
    )
    assert {"search_melts", "search_structures", "search_unique", "train_zero"} <= set(planned)
    refused = checkout.snakemake("-n", check=False, config=config)
    assert "benchmark.vdos.enabled" in refused and "LAMMPS, which takes no ASE calculator" in refused


def test_what_a_change_of_the_calculator_reruns(fresh, tmp_path):
    checkout = fresh.edited(tmp_path / "checkout")
    (checkout.folder / "weights.bin").write_text("1")
    (checkout.folder / "python").symlink_to(Path(sys.executable))

    def planned(**changes):
        words = (MEMBER, "-n", "--quiet", "rules")
        return jobs(checkout.snakemake(*words, config=judging(checkout, **{"files": ["weights.bin"], **changes})))

    assert planned() == {"train_calculator": 1}
    checkout.snakemake(MEMBER, config=judging(checkout, files=["weights.bin"]))
    assert planned() == {}
    changes = (
        {"arguments": {"sigma": 1.7, "epsilon": 0.1, "rc": 5.0}},
        {"calculator": "ase.calculators.morse:MorsePotential", "arguments": {}},
        {"interpreter": "./python"},
        {"packages": {"ase": "3.29.0"}},
        {"calculator_per_frame": True},
    )
    for change in changes:
        assert planned(**change) == {"train_calculator": 1}, change
    (checkout.folder / "weights.bin").write_text("2")
    assert planned() == {"train_calculator": 1}
    lost = checkout.snakemake("-n", MEMBER, check=False, config=judging(checkout, files=["nowhere.bin"]))
    assert "release.hp.given.files[0]: there is no file nowhere.bin" in lost


def test_a_calculator_that_is_not_there_ends_the_study_before_labels_are_read(fresh, tmp_path):
    checkout = fresh.edited(tmp_path / "checkout")
    config = judging(checkout, interpreter=".venv-nowhere/bin/python")
    said = checkout.snakemake(MEMBER, check=False, config=config)
    assert "train_calculator" in said
    log = (checkout.folder / "results/judged/logs/train_calculator/hp-0.log").read_text()
    assert "release.hp.given.interpreter: .venv-nowhere/bin/python can't be started" in log


@pytest.mark.universal
@pytest.mark.parametrize(
    ("calculator", "arguments"),
    [
        ("chgnet.model.dynamics:CHGNetCalculator", {"use_device": "cpu"}),
        ("sevenn.calculator:SevenNetCalculator", {"model": "7net-0", "device": "cpu"}),
    ],
)
def test_universal_potentials_know_silicon(tmp_path, calculator, arguments):
    """Forces against finite differences, and the lattice constant that PBE has (5.47 Å)."""
    path = write_calculator(tmp_path / "0.json", calculator, arguments, interpreter=str(PYTHON))
    ensemble, atoms, step = Ensemble([path]), bulk("Si"), 0.01
    atoms.rattle(0.1, seed=1)
    ends = [atoms.copy(), atoms.copy()]
    for end, sign in zip(ends, (1, -1), strict=True):
        end.positions[1, 2] += sign * step
    energies, forces, _ = ensemble.evaluate([atoms, *ends])
    assert forces[0][0, 1, 2] == pytest.approx((energies[0, 2] - energies[0, 1]) / (2 * step), abs=0.02)
    assert np.abs(forces[0][0].sum(axis=0)).max() < 1e-3
    (end,) = RelaxerFactory(str(path))().relax_all([bulk("Si", a=5.6)], Target(0.0, 0.02, 100))
    assert end.converged and (4 * end.atoms.get_volume()) ** (1 / 3) == pytest.approx(5.47, abs=0.05)
