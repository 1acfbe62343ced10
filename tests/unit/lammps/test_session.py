"""A LAMMPS process that stays gives what one process a batch gives, and what breaks it costs one structure."""

import os
import signal

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from melt2crystal.errors import EngineError, UserError
from melt2crystal.lammps import session as session_module
from melt2crystal.lammps.session import Session
from melt2crystal.lammps.static import evaluate
from melt2crystal.search.alone.work import core_s
from melt2crystal.train.models import Ensemble
from tests.helpers.checkout import REPOSITORY

BKS = REPOSITORY / "data/potentials/silica_bks.lmp"
SILICA = ["Si", "O"]
BROKEN = 1  # of the three that LAMMPS sees
MORSE = "# species: Si O\npair_style morse 6.0\npair_coeff * * 1.5 2.0 1.6\n"


@pytest.fixture(scope="module")
def crystals():
    return [read(REPOSITORY / f"data/polymorphs/{name}.cif") for name in ("stishovite", "coesite")]


@pytest.fixture
def bks():
    session = Session(BKS, SILICA, 1e-7)
    yield session
    session.close()


def alike(one, other):
    assert one.energy == pytest.approx(other.energy, abs=1e-8)
    np.testing.assert_allclose(one.forces, other.forces, atol=1e-7)
    np.testing.assert_allclose(one.stress, other.stress, atol=1e-9)


def test_the_same_numbers_again_and_again(bks, crystals):
    expected = evaluate(crystals, BKS, SILICA, 1e-7)
    for order in ([0, 1], [1, 0], [1]):
        for k, result in zip(order, bks.evaluate([crystals[k] for k in order]), strict=True):
            alike(result, expected[k])
    assert bks.core_s() > 0


def test_what_breaks_it_costs_one_structure(bks, crystals, monkeypatch):
    torn = crystals[0].copy()
    torn.positions[0] = np.nan
    original = session_module.write_result
    halted = "variable big equal 2\nfix stop all halt 1 v_big > 1 error hard message yes\nrun 5 post no\n"
    monkeypatch.setattr(
        session_module, "write_result", lambda index: (halted if index == BROKEN else "") + original(index)
    )
    results = bks.evaluate([crystals[0], torn, crystals[0], crystals[1]])
    monkeypatch.undo()
    assert results[1].error == "positions or cell are not finite"
    assert "Fix halt condition" in results[2].error and results[2].energy is None
    expected = evaluate(crystals, BKS, SILICA, 1e-7)
    alike(results[0], expected[0])
    alike(results[3], expected[1])


def test_a_structure_that_takes_too_long_is_given_up(tmp_path, crystals, monkeypatch):
    (tmp_path / "slow.lmp").write_text(MORSE)
    session = Session(tmp_path / "slow.lmp", SILICA, 1e-4)
    (expected,) = session.evaluate(crystals[:1])
    original = session_module.write_result
    monkeypatch.setattr(session_module, "write_result", lambda index: "shell sleep 60\n" + original(index))
    session.timeout_s = 0.5
    (late,) = session.evaluate(crystals[:1])
    assert late.error == "LAMMPS needed more than 0.5 s"
    monkeypatch.undo()
    session.timeout_s = 600.0
    alike(session.evaluate(crystals[:1])[0], expected)  # in a process of its own
    session.close()


@pytest.mark.parametrize(
    ("end", "said"), [("nonsense 3\n", "Unknown command"), ("quit\n", "take 'quit' out of this file")]
)
def test_a_potential_that_cannot_work_is_told(tmp_path, crystals, end, said):
    (tmp_path / "bad.lmp").write_text(MORSE + end)
    with pytest.raises(EngineError, match=said):
        Session(tmp_path / "bad.lmp", SILICA, 1e-4).evaluate(crystals)


def test_a_killed_process_is_told_and_another_one_goes_on(bks, crystals):
    (expected,) = bks.evaluate(crystals[:1])
    os.kill(bks._process.pid, signal.SIGKILL)
    with pytest.raises(EngineError, match="killed by signal 9"):
        bks.evaluate(crystals[:1])
    alike(bks.evaluate(crystals[:1])[0], expected)


def test_other_species_are_refused():
    with pytest.raises(UserError, match="written for the species Si O"):
        Session(BKS, ["O", "Si"], 1e-4)


def test_an_include_file_is_a_member_of_an_ensemble(tmp_path, crystals):
    """Types are the file's, whatever the order of the atoms; a cell of the left hand is the mirror image."""
    ensemble = Ensemble([BKS])
    mirrored = crystals[1].copy()
    mirrored.set_cell(crystals[1].cell.array * [1, 1, -1], scale_atoms=True)
    assert np.linalg.det(mirrored.cell.array) < 0
    energies, forces, virials = ensemble.evaluate([crystals[1], mirrored, crystals[1][::-1]])
    np.testing.assert_allclose(energies[0], energies[0, 0], atol=1e-6)
    np.testing.assert_allclose(forces[1][0], forces[0][0] * [1, 1, -1], atol=1e-5)
    np.testing.assert_allclose(forces[2][0], forces[0][0][::-1], atol=1e-5)
    np.testing.assert_allclose(virials[0, 2], virials[0, 0], atol=1e-4)
    moving = crystals[1].copy()
    moving.calc = ensemble.calculator()
    np.testing.assert_allclose(moving.get_forces(), forces[0][0], atol=1e-6)
    with pytest.raises(UserError, match="knows Si O only, not Ti"):
        ensemble.evaluate([Atoms("Ti", cell=[3] * 3, pbc=True)])
    (tmp_path / "nameless.lmp").write_text("pair_style zero 5.0\n")
    with pytest.raises(UserError, match="has no line '# species"):
        Ensemble([tmp_path / "nameless.lmp"])


def test_core_seconds_of_lammps_are_counted(bks, crystals):
    begun, before = core_s(), bks.core_s()
    bks.evaluate(crystals * 10)
    assert core_s() - begun >= 0.9 * (bks.core_s() - before) > 0.02
    spent = core_s()
    bks.close()
    assert core_s() >= spent - 0.02  # of a process that is no more, too
