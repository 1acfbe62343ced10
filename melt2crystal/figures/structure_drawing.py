"""Crystals drawn as coordination polyhedra in orthographic projection."""

from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from ase import Atoms
from ase.neighborlist import neighbor_list
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, QhullError

Array = NDArray[np.float64]

LIGHT = np.array([-0.4, 0.6, 1.0]) / np.linalg.norm([-0.4, 0.6, 1.0])
LIGAND_COLOUR = "#D55E00"
WHITE = np.ones(3)
CORNERS = np.array(list(product((0, 1), repeat=3)))  # of a cell, in its own vectors
BLOCK_A = 7.0  # what is drawn of a crystal is at least so long in each direction, A
AZIMUTH_DEG, ELEVATION_DEG = -72.0, 14.0  # direction of the view; -90, 0 looks along y with x to the right and z up


@dataclass(frozen=True)
class Polyhedron:
    """A central atom and its ligands; Cartesian coordinates, A."""

    centre: Array  # [3]
    ligands: Array  # [ligands, 3]


def polyhedra(
    atoms: Atoms, central: str, ligand: str, cutoff_A: float, block_A: float
) -> tuple[list[Polyhedron], Array]:
    """The polyhedra of a block of the crystal at least ``block_A`` long in each direction.

    Centres on opposite faces of the block are both kept, and every polyhedron has all its ligands, also those outside.

    Returns:
        the polyhedra, and the block's cell [3, 3], A.
    """
    repeats = np.ceil((block_A - 0.5) / atoms.cell.lengths()).astype(int).clip(1, 4)
    block = atoms.repeat(tuple(repeats))
    block.wrap(eps=1e-3)
    symbols = np.array(block.get_chemical_symbols())
    first, second, offset = neighbor_list("ijS", block, cutoff_A)
    cell = block.cell.array
    found = []
    for index in np.flatnonzero(symbols == central):
        mine = (first == index) & (symbols[second] == ligand)
        ligands = block.positions[second[mine]] + offset[mine] @ cell
        scaled = np.linalg.solve(cell.T, block.positions[index])
        # An atom on a face of the block also sits on the opposite one.
        images = [(0, 1) if abs(x) < 1e-2 else (-1, 0) if abs(x - 1) < 1e-2 else (0,) for x in scaled]
        for shift in np.array(np.meshgrid(*images)).T.reshape(-1, 3):
            move = shift @ cell
            found.append(Polyhedron(block.positions[index] + move, ligands + move))
    return found, cell


def view(azimuth_deg: float, elevation_deg: float) -> Array:
    """Rotation [3, 3] whose rows are the directions right, up, and towards the reader (z of the crystal points up)."""
    azimuth, elevation = np.radians([azimuth_deg, elevation_deg])
    towards = np.array([np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth), np.sin(elevation)])
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    return np.array([right, np.cross(towards, right), towards])


def draw_structure(axes: Axes, atoms: Atoms, central: str, ligand: str, cutoff_A: float, colour: str) -> None:
    """Draw the coordination polyhedra, ligands and the outline of the block into empty axes.

    Args:
        atoms: a crystal; use ``conventional_cell`` first so that equal crystals look alike.
        colour: of the polyhedra; the far ones are paler.
    """
    found, cell = polyhedra(atoms, central, ligand, cutoff_A, BLOCK_A)
    rotation = view(AZIMUTH_DEG, ELEVATION_DEG)
    moved = [Polyhedron(p.centre @ rotation.T, p.ligands @ rotation.T) for p in found]
    depths = np.array([p.centre[2] for p in moved])
    near, far = depths.max(initial=0.0), depths.min(initial=0.0)
    for rank, k in enumerate(np.argsort(depths, kind="stable")):
        fog = 0.45 * (near - depths[k]) / max(near - far, 1e-9)
        _draw_polyhedron(axes, moved[k], np.array(to_rgb(colour)), fog, zorder=10.0 + rank)
    _draw_outline(axes, cell @ rotation.T, zorder_near=1000.0)
    points = np.vstack([p.ligands for p in moved if len(p.ligands)] + [CORNERS @ cell @ rotation.T])
    low, high = points[:, :2].min(axis=0) - 0.4, points[:, :2].max(axis=0) + 0.4
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal", adjustable="datalim")  # the axes keep their place, so that captions in a row stand level
    axes.set_axis_off()


def _draw_polyhedron(axes: Axes, shape: Polyhedron, colour: Array, fog: float, zorder: float) -> None:
    """Faces from back to front, each shaded by its direction; sticks where there are too few ligands for a body."""
    edge = _mix(0.35 * colour, fog)
    try:
        corners = shape.ligands[ConvexHull(shape.ligands).simplices]
    except (QhullError, ValueError):  # too few ligands, or all in one plane
        corners = np.empty((0, 3, 3))
    for face in corners[np.argsort(corners[:, :, 2].mean(axis=1), kind="stable")]:
        normal = np.cross(face[1] - face[0], face[2] - face[0])
        normal /= np.linalg.norm(normal)
        if normal @ (face.mean(axis=0) - shape.ligands.mean(axis=0)) < 0:
            normal = -normal
        bright = 0.62 + 0.38 * max(float(normal @ LIGHT), 0.0) if normal[2] > 0 else 0.5
        shade = _mix(np.clip(colour * bright + 0.25 * bright, 0, 1), fog)
        alpha = 0.72 if normal[2] > 0 else 0.5
        axes.add_patch(Polygon(face[:, :2], facecolor=(*shade, alpha), edgecolor=edge, linewidth=0.35, zorder=zorder))
    if not len(corners):
        for end in shape.ligands:
            axes.plot(*np.transpose([shape.centre[:2], end[:2]]), color=edge, linewidth=0.8, zorder=zorder)
        x, y, _ = shape.centre
        axes.add_patch(Circle((x, y), 0.3, facecolor=_mix(colour, fog), edgecolor=edge, zorder=zorder + 0.1))
    for end in shape.ligands:
        dot = _mix(np.array(to_rgb(LIGAND_COLOUR)), fog)
        body = Circle((end[0], end[1]), 0.26, facecolor=dot, edgecolor=_mix(0.3 * dot, fog), linewidth=0.3)
        # Ligands behind the centre are hidden by their own polyhedron, those before it are not.
        body.set_zorder(zorder + (0.2 if end[2] > shape.centre[2] else -0.2))
        axes.add_patch(body)


def _mix(colour: Array, fog: float) -> Array:
    """Colour paled towards white by ``fog`` in 0..1."""
    return (1 - fog) * colour + fog * WHITE


def _draw_outline(axes: Axes, cell: Array, zorder_near: float) -> None:
    """The twelve edges of the block; those that meet the farthest corner lie behind everything and are dashed."""
    corners = CORNERS @ cell
    farthest = int(np.argmin(corners[:, 2]))
    edges = [pair for pair in combinations(range(8), 2) if np.abs(np.diff(CORNERS[[*pair]], axis=0)).sum() == 1]
    for pair in edges:
        line, zorder = ((0, (2, 2)), 1.0) if farthest in pair else ("-", zorder_near)
        axes.plot(*corners[[*pair], :2].T, color="#333333", linewidth=0.5, linestyle=line, zorder=zorder)
