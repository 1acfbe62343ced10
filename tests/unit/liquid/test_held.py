"""Structures held at a temperature and a pressure with the classical potential."""

from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from melt2crystal.liquid.held import held
from melt2crystal.sections.liquid import Liquid

ROOT = Path(__file__).parents[3]
LIQUID = Liquid(potential=str(ROOT / "data/potentials/silica_bks.lmp"))


def test_a_crystal_held_warm_stays_where_it_is_in_the_frame_of_its_file():
    """Monoclinic and turned: LAMMPS wants another orientation, and what comes back is in the caller's."""
    start = read(ROOT / "data/polymorphs/moganite.cif")
    start.rotate(50, (1, 1, 0), rotate_cell=True)
    start.info |= {"temperature_K": 300.0, "pressure_GPa": 0.0}
    (walk,) = held([start], LIQUID, ["Si", "O"], 0.1, 4, 1)
    assert len(walk) == 4
    for frame in walk:
        assert frame.symbols.get_chemical_formula() == start.symbols.get_chemical_formula()
        assert frame.info == {"temperature_K": 300.0, "pressure_GPa": 0.0}
        scale = (frame.get_volume() / start.get_volume()) ** (1 / 3)
        assert frame.cell.array == pytest.approx(start.cell.array * scale, abs=1e-6)
        moved = frame.get_scaled_positions() - start.get_scaled_positions()
        moved = (moved - moved.round()) @ frame.cell.array
        assert 0.01 < np.sqrt((moved**2).sum(axis=1).mean()) < 0.5


def test_a_walk_that_explodes_leaves_fewer_frames_and_hurts_no_other():
    good = read(ROOT / "data/polymorphs/alpha_quartz.cif").repeat((2, 2, 2))
    good.info |= {"temperature_K": 300.0, "pressure_GPa": 0.0}
    bad = good.copy()
    bad.positions[1] = bad.positions[0]
    walks = held([bad, good], LIQUID, ["Si", "O"], 0.02, 2, 1)
    assert len(walks[0]) < 2 and len(walks[1]) == 2
