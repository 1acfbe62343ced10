"""Potentials of other substances are those of their papers, and the search finds their ground states untuned."""

import numpy as np
import pandas as pd
import pytest
from ase.build import bulk
from ase.spacegroup import crystal

from melt2crystal.relaxation.relaxer import Target
from melt2crystal.search.api import search
from melt2crystal.train.models import RelaxerFactory
from tools.bench.other_substances import SUBSTANCES, Name, is_ground_state, searched, stillinger_weber, told

AT_REST = Target(0.0, 0.002, 300)


def relaxed(path, atoms):
    (end,) = RelaxerFactory(str(path))().relax_all([atoms], AT_REST)
    assert end.converged
    return end


def test_titania_has_the_lattice_constants_and_the_order_of_its_paper(tmp_path):
    """Rutile by Matsui and Akaogi: a = 4.493 Å, c = 3.009 Å (Mol. Simul. 6, 239 (1991)); anatase lies above it."""
    path = SUBSTANCES[Name.titania].potential(tmp_path)
    of_experiment = [4.594, 4.594, 2.959, 90, 90, 90]
    rutile = relaxed(path, crystal(["Ti", "O"], [(0, 0, 0), (0.305, 0.305, 0)], spacegroup=136, cellpar=of_experiment))
    assert rutile.atoms.cell.lengths() == pytest.approx([4.493, 4.493, 3.009], abs=0.002)
    assert rutile.atoms.get_volume() / 6 == pytest.approx(SUBSTANCES[Name.titania].volume_A3_per_atom, rel=2e-3)
    of_experiment = [3.785, 3.785, 9.514, 90, 90, 90]
    anatase = relaxed(path, crystal(["Ti", "O"], [(0, 0, 0), (0, 0, 0.208)], spacegroup=141, cellpar=of_experiment))
    assert anatase.energy_eV / 12 > rutile.energy_eV / 6 + 0.05


def test_silicon_has_the_cohesive_energy_of_its_paper(tmp_path):
    """Diamond by Stillinger and Weber: 2 epsilon = 4.3364 eV an atom, a = 5.431 Å."""
    diamond = relaxed(stillinger_weber(tmp_path), bulk("Si", a=5.3))
    assert diamond.energy_eV / 2 == pytest.approx(-4.3364, abs=5e-4)
    assert diamond.atoms.get_volume() / 2 == pytest.approx(SUBSTANCES[Name.silicon].volume_A3_per_atom, rel=1e-3)


def test_only_the_ground_state_is_one():
    diamond = pd.Series({"space_group": 227, "volume_A3_per_atom": 20.02})
    assert is_ground_state(Name.silicon, diamond)
    assert not is_ground_state(Name.silicon, diamond.replace(20.02, 20.5))
    assert not is_ground_state(Name.silicon, diamond.replace(227, 194))
    assert not is_ground_state(Name.titania, diamond)


def test_a_search_takes_an_include_file(tmp_path):
    """In worker processes, with the files it names in its digest."""
    path = stillinger_weber(tmp_path)
    found = search(
        "Si", path, out=tmp_path / "out", relaxations=8, formula_units=[2], workers=2, say=lambda _: None
    )  # fmt: skip
    assert len(found.table) and np.isfinite(found.table["enthalpy_eV_per_atom"].astype(float)).all()
    assert found.core_minutes > 0
    assert (tmp_path / "out/search.json").read_text().count('"sha256"') == 2


@pytest.mark.slow
@pytest.mark.parametrize("name", list(Name))
def test_the_ground_state_is_found_with_the_defaults(name):
    found, relaxations = searched(name, 256, 1)
    assert is_ground_state(name, found.table.iloc[0]), told(name, 1, found, relaxations)
