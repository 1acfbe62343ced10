"""Order of one species by itself: exact in crystals, what noise gives in packings, seen where the others are shaken."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read

from melt2crystal.liquid.ordering import limit_nats, strongest
from melt2crystal.liquid.packing import random_packing
from melt2crystal.sections.liquid import Certificate
from melt2crystal.structure.sublattice_order import (
    bragg_peak,
    coherent_fraction,
    sublattice_orders,
    translated_fraction,
)

POLYMORPHS = sorted((Path(__file__).parents[3] / "data/polymorphs").glob("*.cif"))
SETTINGS = Certificate()


def supercell(atoms: Atoms, smallest: int = 72) -> Atoms:
    repeats = np.ones(3, dtype=int)
    while len(atoms) * repeats.prod() < smallest:
        repeats[np.argmin(atoms.cell.lengths() * repeats)] += 1
    return atoms.repeat(repeats)


@pytest.mark.parametrize("name, structure", [("Al", "fcc"), ("Mg", "hcp"), ("Fe", "bcc")])
def test_an_element_at_rest_is_ordered_entirely(name, structure):
    atoms = bulk(name, structure).repeat(3)
    assert bragg_peak(atoms)[0] == pytest.approx(1)
    assert coherent_fraction(atoms) == translated_fraction(atoms) == 1
    (order,) = sublattice_orders(atoms)
    assert order.atoms == len(atoms) and order.species == name


def test_wave_vectors_are_counted_once_and_follow_from_the_atoms():
    """A simple cubic lattice of 27: k up to 2 in units of 2 pi / a, so 4 pi / 3 (2 * 3)^3 / 2 = 452 of them, about."""
    atoms = Atoms("Po", cell=[3.3] * 3, pbc=True).repeat(3)
    assert bragg_peak(atoms)[1] == pytest.approx(452, rel=0.03)
    atoms.set_cell(atoms.cell * 1.7, scale_atoms=True)
    assert bragg_peak(atoms)[1] == pytest.approx(452, rel=0.03)


def test_another_cell_of_the_same_structure_gives_the_same_numbers():
    atoms = random_packing(
        {"Si": 1, "O": 2}, 16, 2.2, {"Si-Si": 2.4, "Si-O": 1.4, "O-O": 2.0}, np.random.default_rng(4)
    )
    other = atoms.copy()
    other.set_cell(np.array([[1, 0, 0], [1, 1, 0], [-1, 0, 1]]) @ atoms.cell.array)
    other.rotate(40, (1, 2, 3), rotate_cell=True)
    other.wrap()
    for one, same in zip(sublattice_orders(atoms), sublattice_orders(other), strict=True):
        assert same.bragg_peak == pytest.approx(one.bragg_peak)
        assert same.wave_vectors == one.wave_vectors
        assert same.coherent_fraction == one.coherent_fraction
        assert same.translated_fraction == one.translated_fraction


def test_atoms_on_top_of_each_other_are_no_translation():
    atoms = Atoms("O48", np.random.default_rng(0).random((48, 3)) * 9, cell=[9] * 3, pbc=True)
    atoms.positions[1] = atoms.positions[0] + 0.05
    assert translated_fraction(atoms) < 0.4


@pytest.mark.parametrize("number", [24, 48, 114, 228])
def test_packings_of_any_size_are_no_order(number):
    """Hard cores as close as oxygen's in silica; the limit is one in a thousand for each measure."""
    for seed in range(4):
        atoms = random_packing({"O": 1}, number, 1.7, {"O-O": 2.1}, np.random.default_rng(seed))
        assert strongest(sublattice_orders(atoms), SETTINGS).nats < limit_nats(SETTINGS)


@pytest.mark.parametrize("number, structure", [(24, "hcp"), (48, "bcc"), (108, "fcc"), (228, "hcp")])
def test_lattices_of_any_size_shaken_by_a_tenth_of_their_spacing_are(number, structure):
    repeats = {24: (3, 2, 2), 48: (2, 3, 4), 108: (3, 3, 3), 228: (19, 3, 2)}[number]
    atoms = bulk("Mg", structure, a=3.2, cubic=structure != "hcp").repeat(repeats)
    assert len(atoms) == number
    spacing = (atoms.get_volume() / number) ** (1 / 3)
    atoms.positions += np.random.default_rng(1).normal(0, 0.1 * spacing / np.sqrt(3), atoms.positions.shape)
    assert strongest(sublattice_orders(atoms), SETTINGS).nats > 2 * limit_nats(SETTINGS)


@pytest.mark.parametrize("shaken", ["Si", "O"])
@pytest.mark.parametrize("path", POLYMORPHS, ids=lambda path: path.stem)
def test_one_sublattice_of_each_polymorph_is_seen_though_the_other_is_disordered(path, shaken):
    """Both rattled by 0.12 Å, one of them by 0.6 Å more: its neighbours are anywhere."""
    generator = np.random.default_rng(3)
    atoms = supercell(read(path))
    atoms.positions += generator.normal(0, 0.12, atoms.positions.shape)
    disordered = np.array(atoms.get_chemical_symbols()) == shaken
    atoms.positions[disordered] += generator.normal(0, 0.6, (disordered.sum(), 3))
    found = strongest(sublattice_orders(atoms), SETTINGS)
    assert found.nats > 3 * limit_nats(SETTINGS)  # 33 nats and more, measured
    assert found.species != shaken
