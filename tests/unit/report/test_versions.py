"""Pinned versions as parameters of jobs."""

import pytest

from melt2crystal.errors import UserError
from melt2crystal.report.versions import pinned, pins_text

LOCK = "# all\nase==3.29.0\ntensorflow_cpu==2.21.0  # no GPU\nspglib>=2\n"


def test_names_are_those_of_the_registry_and_comments_are_left_out():
    assert pinned(LOCK.splitlines()) == {"ase": "3.29.0", "tensorflow-cpu": "2.21.0"}


def test_the_same_packages_give_the_same_text_in_any_order(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK)
    assert pins_text([lock], ["tensorflow-cpu", "ase"]) == "ase==3.29.0 tensorflow-cpu==2.21.0"
    assert pins_text([lock], ["ase", "tensorflow-cpu"]) == pins_text([lock], ["tensorflow-cpu", "ase"])
    lock.write_text(LOCK.replace("3.29.0", "3.30.0"))
    assert pins_text([lock], ["ase"]) == "ase==3.30.0"


def test_a_package_without_a_pin_and_a_missing_lock_are_told(tmp_path):
    (tmp_path / "requirements.txt").write_text(LOCK)
    with pytest.raises(UserError, match="spglib not pinned"):
        pins_text([tmp_path / "requirements.txt"], ["ase", "spglib"])
    with pytest.raises(UserError, match="ase not pinned"):
        pins_text([tmp_path / "absent.txt"], ["ase"])


def test_several_locks_pin_together(tmp_path):
    locks = [tmp_path / "requirements.txt", tmp_path / "requirements-pytorch.txt"]
    locks[0].write_text(LOCK)
    locks[1].write_text("torch==2.11.0\n")
    assert pins_text(locks, ["torch", "ase"]) == "ase==3.29.0 torch==2.11.0"
    with pytest.raises(UserError, match=r"requirements-pytorch\.txt: e3nn not pinned"):
        pins_text(locks, ["e3nn"])
