"""Pinned versions as parameters of jobs."""

import pytest

from melt2crystal.errors import UserError
from melt2crystal.versions import pinned, pins_text

LOCK = "# all\nase==3.29.0\ntensorflow_cpu==2.21.0  # no GPU\nspglib>=2\n"


def test_names_are_those_of_the_registry_and_comments_are_left_out():
    assert pinned(LOCK.splitlines()) == {"ase": "3.29.0", "tensorflow-cpu": "2.21.0"}


def test_the_same_packages_give_the_same_text_in_any_order(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text(LOCK)
    assert pins_text(lock, ["tensorflow-cpu", "ase"]) == "ase==3.29.0 tensorflow-cpu==2.21.0"
    assert pins_text(lock, ["ase", "tensorflow-cpu"]) == pins_text(lock, ["tensorflow-cpu", "ase"])
    lock.write_text(LOCK.replace("3.29.0", "3.30.0"))
    assert pins_text(lock, ["ase"]) == "ase==3.30.0"


def test_a_package_without_a_pin_and_a_missing_lock_are_told(tmp_path):
    (tmp_path / "requirements.txt").write_text(LOCK)
    with pytest.raises(UserError, match="spglib not pinned"):
        pins_text(tmp_path / "requirements.txt", ["ase", "spglib"])
    with pytest.raises(UserError, match="ase not pinned"):
        pins_text(tmp_path / "absent.txt", ["ase"])
