"""``melt2crystal certificate check``: crystals and melts side by side, for whoever brings another substance."""

import pandas as pd
import pytest
from typer.testing import CliRunner

from melt2crystal.commands.certificate import app
from melt2crystal.errors import UserError
from tests.helpers.checkout import REPOSITORY

MELTS, QUARTZ = "tests/data/melts.extxyz", "data/polymorphs/alpha_quartz.cif"


def check(monkeypatch, *words):
    monkeypatch.chdir(REPOSITORY)
    return CliRunner().invoke(app, ["check", "--study", "ci", "--frames", "1", *words])


def test_both_sides_are_shown_and_every_frame_is_in_the_table(monkeypatch, tmp_path):
    done = check(monkeypatch, "--crystal-k", "600", "--melts", MELTS, "--out", str(tmp_path / "found.csv"), QUARTZ)
    assert done.exit_code == 0, done.output
    rows = {line.split("|")[1].strip(): line.split("|") for line in done.output.splitlines() if line.startswith("| ")}
    assert set(rows) == {"measure", "crystal_fraction", "repeated_fraction", "order_nats"}
    least, most = float(rows["crystal_fraction"][2]), float(rows["crystal_fraction"][5])
    assert least > 0.4 > most and most < float(rows["crystal_fraction"][9]) < least
    found = pd.read_csv(tmp_path / "found.csv")
    assert found["side"].value_counts().to_dict() == {"melt": 7, "crystal": 1}


def test_crystals_of_another_composition_alone_are_refused(monkeypatch, tmp_path):
    from ase.build import bulk

    bulk("NaCl", "rocksalt", a=5.6, cubic=True).write(tmp_path / "salt.cif")
    done = check(monkeypatch, "--melts", MELTS, str(tmp_path / "salt.cif"))
    with pytest.raises(UserError, match="no crystals of this composition"):
        raise done.exception
