"""The card of released found structures."""

from ase import Atoms

from tests.helpers.golden import golden
from tools.released.release_found import card


def found(pressure_GPa, study, seconds):
    return Atoms("SiO2", info={"pressure_GPa": pressure_GPa, "found_by": study, "seconds": seconds})


def test_structures_are_counted_by_pressure_and_by_the_study_that_found_them():
    frames = [found(10.0, "released", 5400.0), found(0.0, "open", 1800.0), found(0.0, "released", 900.0)]
    frames += [found(0.0, "released", 2700.0), found(2.5, "open", 0.0)]
    golden("found.md", card("silica-pbe-found.extxyz.gz", frames, "s0123456789abcde"))
