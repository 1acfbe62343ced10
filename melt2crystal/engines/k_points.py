"""K-points of a cell: the mesh that the settings ask for, and what of them the numbers depend on."""

import math

import numpy as np
from ase import Atoms

from melt2crystal.sections.reference import EspressoKPoints


def k_mesh(atoms: Atoms, points: EspressoKPoints) -> tuple[int, int, int] | None:
    """Mesh of a cell (divisions along its vectors), or None for Gamma alone (real wavefunctions, half the cost).

    A frame of an energy-volume curve says in ``info`` by how much its volume was scaled (``volume_scale``); the mesh of
    the unscaled cell is then taken, so that a whole curve has one mesh and no step where another one would begin.
    """
    if points.mode in ("mesh", "shifted-mesh"):
        return points.mesh
    if points.mode == "density" and len(atoms) < points.gamma_from_atoms:
        stretch = float(atoms.info.get("volume_scale", 1.0)) ** (1 / 3)
        lengths = 2 * np.pi * stretch * np.linalg.norm(atoms.cell.reciprocal(), axis=1)
        # cells are rounded to 1e-8 Å: a length that is a multiple of the spacing must not tip over on one volume alone
        first, second, third = (max(1, math.ceil(length / points.spacing_per_A - 1e-6)) for length in lengths)
        return first, second, third
    return None


def identity_of(points: EspressoKPoints) -> dict[str, object]:
    """The settings that the mesh depends on, as plain data."""
    identity: dict[str, object] = {"mode": points.mode}
    if points.mode in ("mesh", "shifted-mesh"):
        identity["mesh"] = list(points.mesh)
    if points.mode == "density":
        identity["spacing_per_A"] = float(points.spacing_per_A)
        identity["gamma_from_atoms"] = points.gamma_from_atoms
    return identity
