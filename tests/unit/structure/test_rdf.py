"""Partial radial distribution functions against analytic truth."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.io import read

from melt2crystal.errors import UserError
from melt2crystal.structure.rdf import pairs_of, partial_rdf

POLYMORPHS = Path(__file__).resolve().parents[3] / "data/polymorphs"


def neighbours(r_A, g, density_of_b_per_A3, up_to_A):
    """Mean number of b around an a: the integral of 4 pi r^2 rho_b g_ab(r), whole shells."""
    width = r_A[1] - r_A[0]
    shells = 4.0 / 3.0 * np.pi * ((r_A + width / 2) ** 3 - (r_A - width / 2) ** 3)
    return density_of_b_per_A3 * np.sum((g * shells)[r_A + width / 2 <= up_to_A + 1e-9])


def ideal_gas(atoms: int, length: float) -> Atoms:
    positions = np.random.default_rng(5).random((atoms, 3)) * length
    symbols = ["Si"] * (atoms // 3) + ["O"] * (atoms - atoms // 3)
    return Atoms(symbols, positions=positions, cell=[length] * 3, pbc=True)


@pytest.mark.parametrize("pair", [("Si", "O"), ("O", "O")])
def test_ideal_gas_tends_to_one(pair):
    r, g = partial_rdf(ideal_gas(1500, 30.0), pair, 8.0, bin_A=0.5)
    far = r > 3
    pairs_in_bin = 500 * 1000 / 30.0**3 * 4 * np.pi * r[far] ** 2 * 0.5
    assert np.all(np.abs(g[far] - 1) < 5 / np.sqrt(pairs_in_bin))
    assert np.mean(g[far]) == pytest.approx(1, abs=0.01)


def test_shells_of_rocksalt():
    """Unlike neighbours of NaCl: 6 at a/2, 8 at a sqrt(3)/2, 24 at a sqrt(5)/2; like ones: 12 at a/sqrt(2), 6 at a."""
    a = 5.6
    crystal = bulk("NaCl", "rocksalt", a=a)  # two atoms: most neighbours are periodic images
    density = 1 / crystal.get_volume()
    r, g = partial_rdf(crystal, ("Na", "Cl"), 8.0, bin_A=0.02)
    peaks = r[g > 0]
    expected = np.array([0.5, np.sqrt(3) / 2, np.sqrt(5) / 2]) * a
    assert np.allclose(peaks[:3], expected, atol=0.02)
    assert [neighbours(r, g, density, x + 0.1) for x in expected] == pytest.approx([6, 14, 38])
    r, g = partial_rdf(crystal, ("Cl", "Cl"), 6.0, bin_A=0.02)
    assert [neighbours(r, g, density, x + 0.1) for x in (a / np.sqrt(2), a)] == pytest.approx([12, 18])


def test_broadening_keeps_the_neighbours_and_makes_a_gaussian():
    a, sigma = 5.6, 0.08
    crystal = bulk("NaCl", "rocksalt", a=a)
    density = 1 / crystal.get_volume()
    r, g = partial_rdf(crystal, ("Na", "Cl"), 4.0, bin_A=0.005, broadening_A=sigma)
    assert neighbours(r, g, density, a / 2 + 6 * sigma) == pytest.approx(6, rel=1e-3)
    peak = 6 / (np.sqrt(2 * np.pi) * sigma) / (4 * np.pi * (a / 2) ** 2 * density)
    assert g[np.argmin(abs(r - a / 2))] == pytest.approx(peak, rel=0.01)


def test_peaks_beyond_the_end_reach_in():
    """The last bins of a short curve equal the same bins of a longer one."""
    crystal = bulk("NaCl", "rocksalt", a=5.6)
    short = partial_rdf(crystal, ("Na", "Cl"), 2.75, bin_A=0.01, broadening_A=0.05)[1]
    longer = partial_rdf(crystal, ("Na", "Cl"), 6.0, bin_A=0.01, broadening_A=0.05)[1]
    assert short[-1] > 1
    assert np.allclose(short, longer[: len(short)])


@pytest.mark.parametrize(("name", "ligands"), [("stishovite", 6), ("alpha_quartz", 4)])
def test_coordination_of_silica(name, ligands):
    crystal = read(POLYMORPHS / f"{name}.cif")
    of = {s: crystal.get_chemical_symbols().count(s) / crystal.get_volume() for s in ("Si", "O")}
    r, g = partial_rdf(crystal, ("Si", "O"), 3.0)
    assert neighbours(r, g, of["O"], 2.2) == pytest.approx(ligands)
    assert neighbours(r, g, of["Si"], 2.2) == pytest.approx(ligands / 2)


def test_the_cell_does_not_matter():
    crystal = read(POLYMORPHS / "stishovite.cif")
    small = partial_rdf(crystal, ("O", "O"), 6.0)[1]
    large = partial_rdf(crystal.repeat((2, 1, 3)), ("O", "O"), 6.0)[1]
    assert np.allclose(small, large)


def test_missing_species_and_open_boundaries_are_told():
    crystal = bulk("NaCl", "rocksalt", a=5.6)
    with pytest.raises(UserError, match="no such pair"):
        partial_rdf(crystal, ("Na", "O"), 5.0)
    crystal.pbc = False
    with pytest.raises(UserError, match="not periodic"):
        partial_rdf(crystal, ("Na", "Cl"), 5.0)


def test_pairs():
    assert pairs_of(["Si", "O"]) == [("Si", "O"), ("Si", "Si"), ("O", "O")]
