"""Structures of an earlier search: rows at the geometry of the file, and where a model's relaxation takes them."""

import pytest
from ase.calculators.lj import LennardJones

from melt2crystal.search.found.structures_from_files import RELAXED, at_pressure, relaxed_row, unique_table
from melt2crystal.sections.search import Relaxation
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import read_crystal

SYMPRECS = [0.01, 0.1]


@pytest.fixture
def found():
    """Stishovite found at 10 GPa, with its row."""
    crystal = read_crystal("data/polymorphs/stishovite.cif")
    crystal.info |= {"id": "p10-z2-g00-0001", "pressure_GPa": 10.0}
    frames = at_pressure([crystal], 10.0)
    table, ordered = unique_table(frames, [-50.0], [0.1], 10.0, Substance(), SYMPRECS)
    return ordered[0], table.to_dict("records")[0]


def test_a_structure_is_listed_at_the_geometry_of_the_file(found):
    frame, row = found
    assert at_pressure([frame], 0.0) == []
    assert (row["space_group"], row["coordination"], row["status"], row["occurrences"]) == (136, 6.0, "ok", 1)
    assert row["energy_eV_per_atom"] == pytest.approx(-50 / 6)
    assert row["volume_A3_per_atom"] == pytest.approx(frame.get_volume() / 6)


def test_a_relaxation_is_compared_with_the_file(found):
    frame, row = found
    calculator = LennardJones(sigma=1.6, epsilon=0.5, rc=4.0, smooth=True)
    relaxation = Relaxation(relax_steps=10, volume_range_A3_per_atom=(1.0, 50.0))
    end = relaxed_row(frame, row, calculator, relaxation, Substance(), SYMPRECS)
    assert set(end) == set(RELAXED) and end["status"] == "unconverged"
    assert (end["space_group_given"], end["coordination_given"]) == (136, 6.0)
    assert end["volume_change_percent"] != 0 and end["same_structure"] in (True, False)


def test_a_relaxation_that_leaves_the_range_of_volumes_is_given_up(found):
    frame, row = found
    relaxation = Relaxation(relax_steps=10, volume_range_A3_per_atom=(20.0, 50.0))
    end = relaxed_row(frame, row, LennardJones(), relaxation, Substance(), SYMPRECS)
    assert end["status"].startswith("insane: volume") and "space_group" not in end
    assert end["space_group_given"] == 136
