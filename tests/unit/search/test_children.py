"""Cuts of melts and children of structures: composition, distances, and the same from the same seed."""

import itertools

import numpy as np
import pytest
from ase import Atoms
from ase.geometry import minkowski_reduce
from ase.io import read
from ase_ga.soft_mutation import BondElectroNegativityModel, SoftMutation

from melt2crystal.frames import frame_id, minimum_distances, pair_limits, read_frames
from melt2crystal.search.found.fingerprint import SAME, apart, fingerprint
from melt2crystal.search.shares import origin_for
from melt2crystal.search.starts.children import (
    LOOSE,
    MOVED_A,
    REACH_A,
    SHARES,
    _made,
    _nearest,
    _Springs,
    _upright,
    child,
    shares_of,
)
from melt2crystal.search.starts.generate import Recipe, in_order, rattled, start
from melt2crystal.search.starts.melt_born import ORIGINS, _pieces, cut, moved_apart
from melt2crystal.seeds import generator_for

DISTANCES = {"Si-O": 1.1, "O-O": 1.4, "Si-Si": 1.8}
NEIGHBOURS = {"Si-O": 1.6, "O-O": 2.6, "Si-Si": 3.0}
MELTS = read_frames("tests/data/melts.extxyz")[:4]


def crystal(name: str) -> Atoms:
    return in_order(read(f"data/polymorphs/{name}.cif"), ["Si", "O"])


def keeps(atoms: Atoms, limits: dict[str, float], factor: float = 1.0) -> bool:
    found = minimum_distances(atoms)
    either = {**limits, **{"-".join(reversed(pair.split("-"))): limit for pair, limit in limits.items()}}
    return all(distance >= factor * either[pair] - 1e-6 for pair, distance in found.items())


@pytest.mark.parametrize("units", [1, 2, 4, 8])
def test_a_cut_of_the_melt_has_composition_volume_and_distances(units):
    symbols = ["Si"] * units + ["O"] * 2 * units
    for seed in range(3):
        piece = cut(MELTS, symbols, 12.0 * 3 * units, DISTANCES, np.random.default_rng(seed))
        assert piece.get_chemical_symbols() == symbols
        assert piece.get_volume() == pytest.approx(36.0 * units)
        assert keeps(piece, DISTANCES)
        again = cut(MELTS, symbols, 36.0 * units, DISTANCES, np.random.default_rng(seed))
        assert frame_id(again) == frame_id(piece)


def test_a_large_cut_keeps_the_bonds_of_the_melt_and_a_random_packing_has_none():
    symbols = ["Si"] * 8 + ["O"] * 16
    volume = MELTS[0].get_volume() / 3
    bonds = [
        minimum_distances(cut(MELTS[:1], symbols, volume, DISTANCES, np.random.default_rng(seed)))["Si-O"]
        for seed in range(3)
    ]
    assert max(bonds) < 1.75  # BKS melts have Si-O bonds of 1.6 A


def test_what_can_not_be_cut_is_no_start():
    rng = np.random.default_rng(0)
    assert cut(MELTS, ["Si", "O", "O"], 30.0, dict.fromkeys(DISTANCES, 4.0), rng) is None
    assert cut(MELTS, ["Al", "O"], 20.0, {"Al-O": 1.0, "Al-Al": 1.0, "O-O": 1.0}, rng) is None


def test_a_recipe_without_melts_has_none_of_their_starts():
    recipe = Recipe({"Si": 1, "O": 2}, 2, (9.0, 14.0), DISTANCES, (1.0, 0.0, 0.0), 0.1)
    born = Recipe(recipe.formula, 2, (9.0, 14.0), DISTANCES, (1.0, 0.0, 0.0), 0.1, tuple(MELTS))
    for made in (start(recipe, "melt", generator_for(1, "a")), start(born, "melt", generator_for(1, "a"))):
        assert made.get_chemical_symbols() == ["Si"] * 2 + ["O"] * 4
        assert 9.0 <= made.get_volume() / 6 <= 14.0


@pytest.mark.parametrize("number", [6, 24, 150])
def test_pieces_hold_what_lies_in_them(number):
    """Every image of every atom asked, one origin after the other; 150 atoms reach over a melt of 72."""
    melt, species, wanted = MELTS[0], ["Si", "O"], np.array([number // 3, 2 * number // 3])
    lattice = minkowski_reduce(np.array([[1.0, 0.1, 0], [-0.3, 1.1, 0.2], [0.2, 0, 0.9]]))[0]
    lattice *= (melt.get_volume() / len(melt) * number / abs(np.linalg.det(lattice))) ** (1 / 3)
    found, plain = [], []
    for seed in range(20):
        found += _pieces(melt, lattice, species, wanted, np.random.default_rng(seed))
        images = np.array(list(np.ndindex(7, 7, 7))) - 3
        everywhere = (melt.get_scaled_positions()[None] + images[:, None]).reshape(-1, 3) @ melt.cell.array
        kinds = np.tile([species.index(symbol) for symbol in melt.symbols], len(images))
        for origin in np.random.default_rng(seed).random((ORIGINS, 3)) @ melt.cell.array:
            scaled = (everywhere - origin) @ np.linalg.inv(lattice)
            own = ((scaled >= 0) & (scaled < 1)).all(axis=1)
            if np.array_equal(np.bincount(kinds[own], minlength=2), wanted):
                plain.append((scaled[own], kinds[own]))
    assert len(found) == len(plain) > 0
    for (scaled, own), (expected, expected_kinds) in zip(found, plain, strict=True):
        assert np.array_equal(own, expected_kinds) and scaled == pytest.approx(expected, abs=1e-9)


def test_atoms_are_moved_apart_or_refused():
    symbols, cell = ["Si"] * 4 + ["O"] * 8, 5.3 * np.eye(3)
    limits = pair_limits(symbols, DISTANCES)
    for seed in range(5):
        apart_ = moved_apart(np.random.default_rng(seed).random((12, 3)), cell, limits)
        assert apart_ is not None and keeps(Atoms(symbols, scaled_positions=apart_, cell=cell, pbc=True), DISTANCES)
    assert moved_apart(np.random.default_rng(0).random((12, 3)), 2.2 * np.eye(3), limits) is None
    assert moved_apart(np.zeros((12, 3)), 1.0 * np.eye(3), limits) is None


@pytest.mark.parametrize("operator", SHARES)
def test_every_operator_makes_children_of_the_same_composition(operator):
    parents = [rattled(crystal(name), 0.02, np.random.default_rng(5)) for name in ("alpha_quartz", "alpha_quartz")]
    parents[1] = rattled(parents[1], 0.3, np.random.default_rng(6))
    name, first = child(operator, parents, DISTANCES, np.random.default_rng(1))
    assert name == operator
    assert first.get_chemical_symbols() == parents[0].get_chemical_symbols()
    assert keeps(first, DISTANCES, LOOSE)
    assert frame_id(first) not in {frame_id(parent) for parent in parents}
    assert apart(fingerprint(first), fingerprint(parents[0])) > 1e-4
    assert frame_id(child(operator, parents, DISTANCES, np.random.default_rng(1))[1]) == frame_id(first)


def test_what_an_operator_can_not_do_falls_to_another():
    alone = crystal("stishovite")
    assert child("splice", [alone], DISTANCES, np.random.default_rng(0))[0] != "splice"
    copper = Atoms(
        "Cu4", scaled_positions=[[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]], cell=[3.6] * 3, pbc=True
    )
    assert child("permute", [copper], {"Cu-Cu": 1.5}, np.random.default_rng(0))[0] not in ("permute", "splice")
    crowded = dict.fromkeys(DISTANCES, 2.9)
    name, made = child("strain", [alone], crowded, np.random.default_rng(0))
    assert len(made) == len(alone) and name in SHARES
    for species, named in ((1, set(SHARES) - {"permute"}), (2, set(SHARES))):
        assert {origin_for(shares_of(species), draw) for draw in np.linspace(0, 0.999, 50)} == named


@pytest.mark.parametrize("name", ["stishovite", "alpha_quartz", "alpha_cristobalite"])
def test_atoms_move_along_soft_modes_as_far_as_the_package_moves_them(name):
    atoms = _upright(rattled(crystal(name), 0.05, np.random.default_rng(2)))
    atoms.info["confid"] = 0
    words = {"calculator": BondElectroNegativityModel, "rcut": REACH_A, "used_modes_file": None}
    moved = 0
    for scale, number in itertools.product((0.5, 0.8, 0.95), (3, 4, 5, 8)):
        nearest = _nearest({pair: scale * distance / LOOSE for pair, distance in NEIGHBOURS.items()})
        springs = _Springs(nearest, MOVED_A, **words)
        springs.used_modes = {0: list(range(3, number))}
        expected, own = springs.mutate(atoms), springs.along(atoms, number)
        assert (own is None) == (expected is None), (scale, number)
        if own is not None:
            moved += 1
            between = (own.positions - expected.positions) @ np.linalg.inv(atoms.cell.array)
            assert np.abs(between - np.round(between)).max() < 1e-6
    assert moved > 1


def test_springs_have_the_hessian_that_the_package_takes_from_finite_differences():
    atoms = _upright(rattled(crystal("stishovite"), 0.05, np.random.default_rng(2)))
    atoms.calc = BondElectroNegativityModel(atoms, rcut=REACH_A)
    numerical = SoftMutation({}, rcut=REACH_A, used_modes_file=None)._get_hessian(atoms, 0.005)
    written = _Springs({}, rcut=REACH_A, used_modes_file=None)._get_hessian(atoms, 0.005)
    assert np.abs(written - numerical).max() < 2e-3 * np.abs(numerical).max()


def test_a_splice_of_a_cell_described_otherwise_is_made_too():
    one, other = crystal("alpha_quartz"), crystal("alpha_quartz")
    other.set_cell(other.cell.array[[1, 0, 2]])
    other.rotate(40, (1, 2, 3), rotate_cell=True)
    made = _made("splice", [one, other], DISTANCES, np.random.RandomState(3))
    assert made is not None and np.linalg.det(made.cell.array) > 0


def test_fingerprints_know_a_crystal_however_it_is_described():
    quartz = crystal("alpha_quartz")
    turned = quartz.copy()
    turned.rotate(50, (1, 1, 2), rotate_cell=True)
    turned.positions += [0.3, 1.2, 0.7]
    mirrored = Atoms(quartz.symbols, -quartz.positions, cell=-quartz.cell.array, pbc=True)
    for same in (turned, quartz * (2, 1, 1), mirrored):
        assert apart(fingerprint(quartz), fingerprint(same)) < 1e-9
    squeezed = quartz.copy()
    squeezed.set_cell(0.98 * squeezed.cell.array, scale_atoms=True)
    near = rattled(quartz, 0.02, np.random.default_rng(0))
    assert max(apart(fingerprint(quartz), fingerprint(one)) for one in (squeezed, near)) < SAME
    others = ["stishovite", "alpha_cristobalite", "coesite", "seifertite", "moganite"]
    prints = [fingerprint(crystal(name)) for name in ("alpha_quartz", *others)]
    nearest = min(apart(a, b) for k, a in enumerate(prints) for b in prints[:k])
    assert nearest > SAME
