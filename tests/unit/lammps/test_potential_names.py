"""A potential's file may be called anything."""

import pytest

from melt2crystal.lammps.include import lammps_word
from melt2crystal.lammps.program import run_lammps

NAMES = [
    "plain-1.0_a.lmp",
    "melt (copy) 2.lmp",
    "a #b & c.lmp",
    "it's.lmp",
    'the "best".lmp',
    "both ' and \".lmp",
    "costs $x ${y} $(shell touch RAN).lmp",
    "ünï 硅.lmp",
    "ends with &",
    "a\nprint 'another command'.lmp",
]


@pytest.mark.parametrize("name", NAMES)
def test_a_potential_is_read_whatever_its_file_is_called(name, tmp_path):
    (tmp_path / name).write_text('print "the potential was read"\n')
    run = run_lammps(f"include {lammps_word(tmp_path / name)}\nprint 'and what follows'\n", tmp_path)
    assert run.error is None
    log = (tmp_path / "log.lammps").read_text()
    assert "the potential was read" in log and "and what follows" in log
    assert "another command" not in log and not list(tmp_path.rglob("RAN"))
