"""Sizes of the crystals a study asks for: atoms of cells and supercells, k-points."""

from dataclasses import dataclass
from math import ceil, prod
from typing import Any

from ase import Atoms

from melt2crystal.structure.crystals import compact_supercell, conventional_cell, primitive_cell, read_crystal
from melt2crystal.study.model import Study

A3_PER_ATOM = 12.0  # of silica's known crystals: 8 (stishovite) to 16 (tridymite)


@dataclass(frozen=True)
class Cell:
    """Atoms of a crystal's cell, k-points the reference needs for it."""

    atoms: int
    k_points: int


def cells(study: Study) -> dict[str, Cell]:
    """Primitive cell of each polymorph."""
    return {name: _cell(primitive_cell(read_crystal(crystal.file)), study.reference)
            for name, crystal in study.benchmark.polymorphs.items()}  # fmt: skip


def supercell_atoms(study: Study) -> dict[str, int]:
    """Atoms of each polymorph's supercell for its vibrational spectrum."""
    smallest = study.benchmark.vdos.atoms
    return {name: len(compact_supercell(conventional_cell(read_crystal(crystal.file)), smallest))
            for name, crystal in study.benchmark.polymorphs.items()}  # fmt: skip


def cubic_cell(atoms: int, study: Study) -> Cell:
    """A cell of unknown shape, taken to be a cube."""
    edge = (A3_PER_ATOM * atoms) ** (1 / 3)
    return _cell(Atoms("Si" * atoms, cell=[edge] * 3, pbc=True), study.reference)


def _cell(atoms: Atoms, reference: Any) -> Cell:
    """K-points of a mesh are counted in pairs (k, -k)."""
    points = getattr(reference, "k_points", None)
    if points is None:
        return Cell(len(atoms), 1)
    from melt2crystal.engines.k_points import k_mesh

    mesh = k_mesh(atoms, points)
    return Cell(len(atoms), ceil(prod(mesh) / 2) if mesh else 1)
