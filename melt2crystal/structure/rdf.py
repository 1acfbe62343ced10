"""Partial radial distribution functions of periodic structures."""

from collections.abc import Sequence
from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from melt2crystal.errors import UserError

Array = NDArray[np.float64]


def pairs_of(species: list[str]) -> list[tuple[str, str]]:
    """All unordered pairs, unlike ones first: Si, O -> (Si, O), (Si, Si), (O, O)."""
    pairs = list(combinations_with_replacement(species, 2))
    return sorted(pairs, key=lambda pair: pair[0] == pair[1])


def partial_rdf(
    atoms: Atoms, pair: tuple[str, str], r_max_A: float, bin_A: float = 0.02, broadening_A: float = 0.0
) -> tuple[Array, Array]:
    """Partial radial distribution function g_ab(r) of one periodic structure.

    g_ab(r) = V / (N_a N_b 4 pi r^2 dr) * (number of pairs a-b, periodic images of the same atom included, within dr of
    r); see M. P. Allen and D. J. Tildesley, Computer Simulation of Liquids (2nd ed., 2017), section 2.6. Because
    images are counted, r_max may exceed the cell, and g -> 1 at large r for every structure.

    Args:
        atoms: periodic in three directions.
        pair: the two species (a, b); the order does not matter.
        r_max_A: end of the r axis, Å.
        bin_A: width of the bins, Å.
        broadening_A: standard deviation of a Gaussian that replaces each distance (thermal motion in a crystal at
            rest), Å; the number of neighbours in a peak is kept.

    Returns:
        r [bins] centres of the bins, Å; g [bins].

    Raises:
        UserError: the structure lacks one of the species, or is not periodic.
    """
    return partial_rdfs(atoms, [pair], r_max_A, bin_A, broadening_A)[0]


def partial_rdfs(
    atoms: Atoms, pairs: Sequence[tuple[str, str]], r_max_A: float, bin_A: float = 0.02, broadening_A: float = 0.0
) -> list[tuple[Array, Array]]:
    """``partial_rdf`` of several pairs, from one list of neighbours, which is what takes the time."""
    symbols = np.array(atoms.get_chemical_symbols())
    for a, b in pairs:
        if a not in symbols or b not in symbols:
            raise UserError(f"RDF of {a}-{b}: {atoms.get_chemical_formula()} has no such pair; name species it has")
        if not atoms.pbc.all():
            raise UserError(f"RDF of {a}-{b}: {atoms.get_chemical_formula()} is not periodic in three directions")
    # Peaks just beyond the end reach into the last bins when they are broadened.
    reach = r_max_A + 5 * broadening_A
    bins = round(r_max_A / bin_A)
    edges = bin_A * np.arange(int(np.ceil(reach / bin_A)) + 1)
    first, second, distance = neighbor_list("ijd", atoms, float(edges[-1]))
    shells = 4.0 / 3.0 * np.pi * np.diff(edges**3)
    found = []
    for a, b in pairs:
        of_pair = (symbols[first] == a) & (symbols[second] == b)
        counts = np.histogram(distance[of_pair], bins=edges)[0].astype(float)
        if broadening_A > 0:
            counts = gaussian_filter1d(counts, broadening_A / bin_A, mode="constant", truncate=5.0)
        number = int((symbols == a).sum()) * int((symbols == b).sum())
        g = counts * atoms.get_volume() / (number * shells)
        found.append((0.5 * (edges[1:] + edges[:-1])[:bins], g[:bins]))
    return found
