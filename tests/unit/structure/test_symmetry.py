"""One way to ask spglib: what it answers, and what becomes of its failures."""

import pytest
import spglib
from ase import Atoms
from ase.build import bulk

from melt2crystal.structure.crystals import conventional_cell, primitive_cell, read_crystal, space_group
from melt2crystal.structure.symmetry import (
    SYMPREC_A,
    Symmetry,
    primitive_part,
    space_group_number,
    space_group_plateau,
    standard_cell,
    symmetry,
)


def test_a_known_crystal_is_found_by_every_function():
    quartz = read_crystal("data/polymorphs/alpha_quartz.cif")
    assert space_group_number(quartz) == symmetry(quartz, SYMPREC_A).space_group == 154
    assert space_group_plateau(quartz, [0.001, 0.01]).number == 154
    doubled = quartz.repeat((2, 1, 1))
    assert symmetry(doubled, 0.01) == Symmetry(154, 0.01, len(quartz))
    assert len(standard_cell(doubled, primitive=True)) == len(primitive_part(doubled, 0.01)) == len(quartz)
    assert len(standard_cell(bulk("Cu"), primitive=False)) == 4


def raises(*_, **__):
    raise spglib.error.SpglibError("no symmetry today")


def raises_something_else(*_, **__):
    raise TypeError("a release that was never seen")


@pytest.mark.parametrize("failure", [raises, raises_something_else, lambda *_, **__: None])
def test_a_failing_spglib_is_the_same_as_one_that_finds_nothing(failure, monkeypatch):
    for function in ("get_symmetry_dataset", "standardize_cell", "find_primitive"):
        monkeypatch.setattr(spglib, function, failure)
    cell = bulk("Cu", cubic=True)
    assert space_group_number(cell) is None and space_group_plateau(cell, [0.01, 0.1]) is None
    assert standard_cell(cell, primitive=True) is None and primitive_part(cell, 0.01) is None
    assert symmetry(cell, 0.01) == Symmetry(0, 0.01, 4)
    assert space_group(cell) == 1
    assert primitive_cell(cell) == conventional_cell(cell) == cell


def test_atoms_on_top_of_each_other_have_no_space_group():
    broken = Atoms("Si2", positions=[[0, 0, 0], [0, 0, 1e-5]], cell=[3, 3, 3], pbc=True)
    assert space_group_number(broken) is None
    assert space_group(broken) == 1
