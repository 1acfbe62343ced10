"""The ladder of recipes that all engines with recipes share, with a program made of Python."""

import shutil
from types import SimpleNamespace

import pytest
from ase import Atoms
from ase.build import bulk

from melt2crystal.engines.base import Label
from melt2crystal.engines.process import Ended
from melt2crystal.engines.recipes import first_converged, relaxed
from melt2crystal.errors import EngineError

NAME = "melt2crystal-test"


def tried(tmp_path, *answers, timeout_s=100.0, inside=None):
    """The label of a ladder whose recipes are labels, ends or errors; and the recipes that were run."""
    ran = []

    def run(answer, folder, left_s):
        assert list(folder.iterdir()) == [] and 0 < left_s <= timeout_s
        ran.append(answer)
        if isinstance(answer, OSError):
            raise answer
        return answer if isinstance(answer, Ended) else Ended(0, "", ""), 2.0

    def read(ended, folder):
        return (ran[-1], Atoms("H")) if isinstance(ran[-1], Label) else (Label("crashed", "no words"), None)

    label, atoms = first_converged(answers, run, read, timeout_s, NAME, str(inside or tmp_path))
    assert list(tmp_path.iterdir()) == []  # no scratch folder stays
    return label, atoms, ran


def test_the_first_recipe_that_converges_is_kept_and_all_are_paid_for(tmp_path):
    first, second, third = Label("unconverged", "slow"), Label("ok", energy=-1.0), Label("ok", energy=-2.0)
    label, atoms, ran = tried(tmp_path, first, second, third)
    assert (label.status, label.energy, label.seconds) == ("ok", -1.0, 4.0)
    assert ran == [first, second] and len(atoms) == 1
    label, _, ran = tried(tmp_path, first, first)
    assert (label.status, label.reason, label.seconds, len(ran)) == ("unconverged", "slow", 4.0, 2)


@pytest.mark.parametrize("status", ["crashed", "timed out", "unphysical"])
def test_only_a_failure_to_converge_is_worth_another_recipe(tmp_path, status):
    label, _, ran = tried(tmp_path, Label(status, "why"), Label("ok"))
    assert (label.status, label.reason, len(ran)) == (status, "why", 1)


def test_a_run_cut_off_by_the_limit_says_which_recipe(tmp_path):
    label, _, ran = tried(tmp_path, Label("unconverged"), Ended(-15, "", "", late=True), Label("ok"), timeout_s=50)
    assert (label.status, label.reason) == ("timed out", "no result within 50 s (recipe 2 of 3)") and len(ran) == 2


def test_disks_that_are_full_and_folders_that_are_missing_cost_the_frame_only(tmp_path):
    label, atoms, _ = tried(tmp_path, Ended(2, "", "", full=True))
    assert (label.status, label.reason, atoms) == ("crashed", f"{tmp_path}: No space left on device", None)
    label, *_ = tried(tmp_path, OSError(28, "No space left on device"), Label("ok"))
    assert (label.status, label.reason) == ("crashed", f"{tmp_path}: No space left on device")
    missing = tmp_path / "gone"
    label, _, ran = tried(tmp_path, Label("ok"), inside=missing)
    assert label.status == "crashed" and str(missing) in label.reason and "No such file" in label.reason and not ran


def test_a_program_tells_whether_its_disk_was_full(tmp_path, monkeypatch):
    from melt2crystal.engines.process import run_program

    assert not run_program(["true"], tmp_path, 10, "true").full
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=100))
    assert run_program(["true"], tmp_path, 10, "true").full


def test_a_relaxed_structure_carries_its_label_or_is_an_error_with_its_name():
    start, end = bulk("Si"), bulk("Si", a=5.5)
    start.info["polymorph"] = "diamond"
    made = relaxed("pw.x", start, end, Label("ok", energy=-3.0))
    assert made.get_potential_energy() == -3.0 and made.info["polymorph"] == "diamond"
    with pytest.raises(EngineError, match=r"pw\.x could not relax diamond: crashed: out of memory"):
        relaxed("pw.x", start, None, Label("crashed", "out of memory"))
    with pytest.raises(EngineError, match="VASP could not relax Si2: unconverged: slow"):
        relaxed("VASP", bulk("Si"), end, Label("unconverged", "slow"))
