"""Melts to glasses of low density: states, order of a sublattice and bridging angles against what is known."""

from collections import Counter

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from melt2crystal.sections.substance import Substance
from tools.experiments.make_open_network import DENSITIES_G_CM3, STATES, bridging_angles, oxygen_order, state_of


def test_walks_in_a_row_cover_densities_and_kinds_evenly():
    states = [state_of(walk) for walk in range(24)]
    assert Counter(density for _, density, _ in states) == dict.fromkeys(DENSITIES_G_CM3, 4)
    assert Counter(kind for kind, _, _ in states) == {"melt": 6, "supercooled": 6, "glass": 12}
    assert {temperature for *_, temperature in states} <= {t for _, temperatures in STATES for t in temperatures}


def test_order_of_the_oxygen_is_one_in_a_crystal_and_small_where_places_are_random():
    crystal = read("data/polymorphs/stishovite.cif").repeat((2, 2, 3))
    assert oxygen_order(crystal) > 0.6  # two sites of oxygen interfere, a simple lattice is exactly one:
    lattice = Atoms("O", cell=[2.5] * 3, pbc=True).repeat(3)
    assert oxygen_order(lattice) == pytest.approx(1)
    rng = np.random.default_rng(1)
    random = Atoms("O48", rng.random((48, 3)) * 10, cell=[10] * 3, pbc=True)
    assert oxygen_order(random) < 0.35


def test_the_bridging_angle_of_alpha_quartz_is_the_measured_one():
    quartz = read("data/polymorphs/alpha_quartz.cif")
    angles = bridging_angles(quartz, Substance())
    assert len(angles) == 6 and angles == pytest.approx(143.7, abs=0.5)  # Levien, Prewitt, Weidner 1980
