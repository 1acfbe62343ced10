"""A frame is known again however its atoms are wrapped and ordered, and is never taken for its neighbour in time."""

import numpy as np
import pytest
from ase import Atoms, units

from melt2crystal.structure.same_frame import KnownFrames, same_atoms


def melt(seed, atoms=24, faces=True, cell=None):
    generator = np.random.default_rng(seed)
    scaled = generator.random((atoms, 3))
    if faces:  # half of them in a face of the cell
        scaled[: atoms // 2, seed % 3] = 0.0
    species = ["Si", "O", "O"] * (atoms // 3)
    return Atoms(species, scaled_positions=scaled, cell=np.eye(3) * 7 if cell is None else cell, pbc=True)


def seen_otherwise(atoms, seed, noise_A=1e-7):
    """The same frame with other images, another order of atoms, and noise."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(atoms))
    other = atoms[order]
    other.positions += generator.integers(-2, 3, (len(atoms), 3)) @ atoms.cell.array
    other.positions += generator.uniform(-noise_A, noise_A, (len(atoms), 3))
    if seed % 2:
        other.wrap()
    return other, order


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.slow)])
def test_frames_with_atoms_in_the_faces_of_one_cell_are_all_known(count):
    known = KnownFrames()
    for seed in range(count):
        known.add(melt(seed, 12), str(seed))
    for seed in range(count):
        other, order = seen_otherwise(melt(seed, 12), seed)
        found = known.find(other)
        assert found is not None and found[0] == str(seed) and (found[1] == order).all()


CUBE, RHOMBUS = np.eye(3) * 7, [[0, 5, 5], [5, 0, 5], [5, 5, 0]]
LEFT_HANDED, OBLIQUE = [[0, 7, 0], [7, 0, 0], [1, 2, 7]], [[5, 0, 0], [30, 6, 0], [0, 0, 9]]


@pytest.mark.parametrize("cell", [CUBE, RHOMBUS, LEFT_HANDED, OBLIQUE])
def test_any_cell(cell):
    atoms = melt(3, 48, cell=cell)
    other, order = seen_otherwise(atoms, 5, 1e-6)
    assert (same_atoms(other, atoms) == order).all()
    assert (same_atoms(atoms, atoms) == np.arange(48)).all()


@pytest.mark.parametrize("temperature_K, step_fs", [(300, 5.0), (300, 0.5), (4000, 5.0)])
def test_neighbours_in_time_are_not_merged(temperature_K, step_fs):
    generator = np.random.default_rng(1)
    known = KnownFrames()
    for walk in range(100):
        atoms = melt(walk, 24, faces=False)
        speeds = np.sqrt(units.kB * temperature_K / atoms.get_masses())[:, None] * generator.normal(size=(24, 3))
        for _ in range(5):
            assert known.find(atoms) is None
            known.add(atoms.copy(), str(walk))
            atoms.positions += speeds * step_fs * units.fs


def test_what_differs_is_not_the_same():
    atoms = melt(1)
    strained, exchanged, moved, other = atoms.copy(), atoms.copy(), atoms.copy(), melt(1, 12)
    strained.set_cell(atoms.cell.array * 1.0001, scale_atoms=True)
    exchanged.numbers[[0, 1]] = exchanged.numbers[[1, 0]]
    moved.positions[3] += [0.001, 0, 0]
    known = KnownFrames()
    known.add(atoms, "a")
    assert [known.find(frame) for frame in (strained, exchanged, moved, other)] == [None] * 4


def test_two_atoms_in_one_place_are_not_one():
    atoms = melt(2, 12)
    doubled = atoms.copy()
    doubled.positions[1] = doubled.positions[2]
    assert same_atoms(doubled, atoms) is None
