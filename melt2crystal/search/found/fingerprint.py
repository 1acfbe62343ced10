"""A fingerprint of a crystal: its pair distances, smoothed. Structures with like fingerprints share a niche."""

from itertools import combinations_with_replacement

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from melt2crystal.frames import image_shifts

Array = NDArray[np.float64]
ATOM_A = 2.2  # edge of the cube that an atom fills, to which every structure is scaled
REACH_A = 7.0
BIN_A = 0.1
WIDTH_A = 0.1  # standard deviation of a smoothed distance
SAME = 0.01  # share a niche below this: crystals of silica moved by 0.02 A reach 0.009, the nearest two are 0.017 apart


def fingerprint(atoms: Atoms) -> Array:
    """Smoothed pair distances minus those of a gas, one stretch for each pair of species, of unit length.

    A. R. Oganov and M. Valle, J. Chem. Phys. 130, 104504 (2009), eq. 3. Every structure is scaled to one volume
    per atom, so that it and the same one a little compressed are near.
    """
    scale = (atoms.get_volume() / len(atoms)) ** (1 / 3)
    positions = atoms.get_positions(wrap=True)
    shifts = image_shifts(atoms, REACH_A / ATOM_A * scale)
    distances = np.linalg.norm(positions[:, None, None] - (positions[:, None] + shifts)[None], axis=3) * ATOM_A / scale
    symbols = np.array(atoms.get_chemical_symbols())
    centres = np.arange(BIN_A / 2, REACH_A, BIN_A)
    parts = []
    for a, b in combinations_with_replacement(dict.fromkeys(symbols), 2):
        own = distances[symbols == a][:, symbols == b].ravel()
        own = own[(own > 1e-3) & (own < REACH_A + 4 * WIDTH_A)]
        counted = np.histogram(own, bins=np.append(centres - BIN_A / 2, REACH_A), weights=own**-2)[0]
        near = np.abs(centres[:, None] - centres) / WIDTH_A
        smooth = np.exp(-(near**2) / 2) @ counted / (WIDTH_A * np.sqrt(2 * np.pi))
        pairs = (symbols == a).sum() * (symbols == b).sum()
        volume = len(symbols) * ATOM_A**3
        parts.append(smooth * volume / (4 * np.pi * pairs) - 1.0)
    vector = np.concatenate(parts)
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def apart(one: Array, other: Array) -> float:
    """Cosine distance of two fingerprints, 0 (the same) to 1."""
    return float((1 - one @ other) / 2)
