"""The tools that compute, release and compare walks of the reference, with the stand-in of pw.x on springs."""

import sys
from pathlib import Path

import numpy as np
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.errors import UserError
from tests.helpers.espresso_cases import reference, write_pseudopotentials
from tests.helpers.golden import golden
from tools.released import reference_md as computing
from tools.released import release_md as releasing
from tools.released.md_walk import read_walk

NAME, STRUCTURE = "alpha_cristobalite", Path("data/polymorphs/alpha_cristobalite.cif")
STAND_IN = Path("tests/golden/espresso/md_stand_in.py").resolve()
compute = computing.reference_md.__wrapped__
release = releasing.release_md.__wrapped__


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The stand-in takes the place of pw.x; nothing moves when it relaxes."""
    pseudo, path = write_pseudopotentials(tmp_path / "pseudo"), tmp_path / "places.txt"

    def relax(self, structures, pressure_GPa):
        (given,) = structures
        np.savetxt(path, given.get_positions(), fmt="%.10f")
        relaxed = given.copy()
        count = len(given)
        relaxed.calc = SinglePointCalculator(relaxed, energy=-1.0, forces=np.zeros((count, 3)), stress=np.zeros(6))
        return [relaxed]

    def engine(conv_thr_Ry):
        chosen = reference(pseudo, command=f"{sys.executable} {STAND_IN} {path}", conv_thr_Ry=conv_thr_Ry)
        return EspressoEngine(chosen, ["Si", "O"])

    monkeypatch.setattr(EspressoEngine, "relax", relax)
    for module in (computing, releasing):
        monkeypatch.setattr(module, "walk_engine", engine)
    return engine


def test_a_walk_is_computed_goes_on_and_is_released(places, tmp_path, capsys):
    arguments = {"structure": STRUCTURE, "temperature": None, "time_step_fs": 2.0, "conv_thr_ry": 1e-7, "seed": 3}
    compute(tmp_path, NAME, picoseconds=0.2, **arguments)
    folder, labels = tmp_path / NAME, tmp_path / "labels"
    with pytest.raises(UserError, match=r"101 steps are less than 0\.3 ps"):
        release(folder, labels)
    compute(tmp_path, NAME, picoseconds=0.4, **arguments)
    release(folder, labels)
    walk = read_walk(labels / "silica-pbe-md-alpha-cristobalite.extxyz.gz")
    assert (len(walk.positions), len(walk.atoms), walk.temperature_K) == (201, 24, 300.0)
    assert walk.settings_digest == settings_digest(places(1e-7))
    assert walk.atoms.cell.lengths() == pytest.approx([4.957 * np.sqrt(2)] * 2 + [6.8903], abs=1e-6)
    card = (labels / "molecular-dynamics.md").read_text()
    golden("molecular-dynamics.md", card)
    assert all(len(line) <= 130 for line in card.splitlines())
    with open(folder / "segments" / "000" / "pw.out", "a") as output:  # as of a killed pw.x, without its timing report
        output.write("     total cpu time spent up to now is     7200.0 secs\n")
    release(folder, labels)
    assert "CPU hours: 2.0." in (labels / "molecular-dynamics.md").read_text()

    start = computing.the_walk(folder).start
    assert computing.temperature_of(start) == pytest.approx(600, rel=1e-4)
    assert walk.beginning().get_velocities() == pytest.approx(start.get_velocities(), abs=1e-6)

    with pytest.raises(
        UserError, match=r"temperature_K of this walk is 300\.0, not 500\.0; another walk needs another"
    ):
        compute(tmp_path, NAME, picoseconds=0.4, **{**arguments, "temperature": 500.0})
    compute(tmp_path / "other", NAME, picoseconds=0.32, **arguments)
    with pytest.raises(UserError, match="holds a longer walk"):
        release(tmp_path / "other" / NAME, labels)
    release_again = releasing.joined(labels / "molecular-dynamics.md", "keatite", "## keatite\n\nthe second\n")
    assert release_again.count("\n## ") == 2 and release_again.startswith("# Released walks")
    assert releasing.joined(labels / "molecular-dynamics.md", NAME, f"## {NAME}\n\nnew\n").count("\n## ") == 1


def test_the_default_is_the_benchmark_s_state_and_the_melt_s_settings():
    engine = computing.walk_engine(1e-7)
    assert engine.reference.k_points.mode == "gamma"
    mine, melts = engine.identity(), EspressoEngine(computing.EspressoReference(), ["Si", "O"]).identity()
    assert {key for key in mine if mine[key] != melts[key]} == {"conv_thr_Ry", "k_points"}


def test_what_is_not_there_is_said(places, tmp_path):
    arguments = {"temperature": None, "time_step_fs": 2.0, "conv_thr_ry": 1e-7, "seed": 3, "picoseconds": 1.0}
    with pytest.raises(UserError, match=r"no such structure; relax it with the reference .*relax:alpha_cristobalite"):
        compute(tmp_path, NAME, structure=tmp_path / "none.cif", **arguments)
    with pytest.raises(UserError, match="'glass' is no polymorph"):
        compute(tmp_path, "glass", structure=None, **arguments)
    with pytest.raises(UserError, match=r"walk\.json: not the settings of a walk"):
        release(tmp_path, tmp_path)


def test_a_crystal_without_a_supercell_of_its_own_gets_a_compact_one():
    quartz = computing.read_crystal("data/polymorphs/alpha_quartz.cif")
    assert len(computing.supercell(quartz, "alpha_quartz")) >= 24
