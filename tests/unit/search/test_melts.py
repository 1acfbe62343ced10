"""What a search knows beforehand comes from the melts around its pressure."""

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from melt2crystal.errors import UserError
from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.search.melts import around, bounds_of, over_density, quenched, read_bounds, write_bounds


def melt(pressure_GPa: float, edge_A: float, seed: int = 0) -> Atoms:
    grid = np.array(list(np.ndindex(2, 2, 2))) * edge_A / 2
    moved = grid + np.random.default_rng(seed).normal(scale=0.2, size=(8, 3))
    atoms = Atoms("Ar8", positions=moved, cell=edge_A * np.eye(3), pbc=True)
    atoms.info |= {"pressure_GPa": pressure_GPa, "frame_id": f"f{pressure_GPa:g}-{seed}"}
    return atoms


GRID = [melt(pressure, 7.4 - pressure / 100) for pressure in (0, 8, 15, 25, 40)]


@pytest.mark.parametrize(
    ("pressure_GPa", "expected"),
    [(10, [0, 8, 15, 25]), (0, [0, 8]), (8, [0, 8, 15]), (-5, [0, 8]), (30, [15, 25, 40]), (100, [25, 40])],
)
def test_melts_around_a_pressure(pressure_GPa, expected):
    assert [frame.info["pressure_GPa"] for frame in around(GRID, pressure_GPa)] == expected


def test_a_single_pressure_serves_every_search_and_no_melt_none():
    assert around(GRID[4:], 0) == GRID[4:]
    with pytest.raises(UserError, match="none was certified"):
        around([], 10)


def test_melts_are_chosen_over_their_density():
    chosen = over_density(GRID, 3)
    assert [frame.info["pressure_GPa"] for frame in chosen] == [40, 15, 0]
    assert over_density(GRID, 100) == GRID[::-1]


def test_melts_come_to_rest_and_say_what_a_search_may_know(tmp_path):
    relaxer = OneByOne(LennardJones(sigma=3.0, epsilon=0.1, rc=9.0, smooth=True))
    at_rest = quenched(GRID, relaxer, 1.0, 100, {"Ar-Ar": 2.0})
    assert len(at_rest) == 5
    for frame in at_rest:
        frame.calc = LennardJones(sigma=3.0, epsilon=0.1, rc=9.0, smooth=True)
        assert np.abs(frame.get_forces()).max() < 0.3
        assert frame.info["energy_eV_per_atom"] == pytest.approx(frame.get_potential_energy() / 8)
    bounds = bounds_of(GRID, at_rest)
    assert bounds.volumes_A3_per_atom == pytest.approx((7.0**3 / 8, 7.4**3 / 8))
    assert bounds.lowest_eV_per_atom == min(frame.info["energy_eV_per_atom"] for frame in at_rest)
    assert (bounds.pressures_GPa, bounds.melts) == ((0, 8, 15, 25, 40), 5)
    write_bounds(tmp_path / "bounds.json", bounds)
    assert read_bounds(tmp_path / "bounds.json") == bounds


def test_a_potential_that_does_not_know_its_melt_is_told():
    class Lost(LennardJones):
        def calculate(self, *arguments, **words):
            super().calculate(*arguments, **words)
            self.results["energy"] = np.nan

    with pytest.raises(UserError, match=r"none of 5 melts .* not finite.*search.relax_member"):
        quenched(GRID, OneByOne(Lost(sigma=3.0, epsilon=0.1, rc=9.0)), 1.0, 100, {})
    with pytest.raises(UserError, match="Ar-Ar distance"):  # at rest, and nearer than any melt may be
        quenched(GRID[:1], OneByOne(LennardJones(sigma=3.0, epsilon=0.1, rc=9.0)), 1.0, 5, {"Ar-Ar": 4.5})


@pytest.mark.parametrize("text", ["", "{}", '{"volumes_A3_per_atom": [1]}'])
def test_damaged_bounds_are_refused(tmp_path, text):
    (tmp_path / "bounds.json").write_text(text)
    with pytest.raises(UserError, match="rule search_melts"):
        read_bounds(tmp_path / "bounds.json")
