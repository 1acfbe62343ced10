"""The k-mesh of a cell, and that it is one along an energy-volume curve."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from melt2crystal.engines.espresso.files import write_input
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.frames import canonical_frame
from melt2crystal.sections.benchmark import EnergyVolume, eleven_polymorphs
from melt2crystal.sections.reference import EspressoKPoints, EspressoRecipe, EspressoReference
from melt2crystal.structure.crystals import primitive_cell, read_crystal, scaled_volume

SCALES = EnergyVolume().volume_scales


def curve(crystal: Atoms) -> list[Atoms]:
    """The frames of an energy-volume curve as the study writes them."""
    frames = []
    for scale in SCALES:
        frame = scaled_volume(crystal, scale)
        frame.info = {"volume_scale": scale}
        frames.append(canonical_frame(frame))
    return frames


@pytest.mark.parametrize("name", eleven_polymorphs())
@pytest.mark.parametrize("spacing", [0.35, 0.5, 0.7])
def test_one_mesh_along_a_curve(name: str, spacing: float) -> None:
    crystal = primitive_cell(read_crystal(eleven_polymorphs()[name].file))
    points = EspressoKPoints(spacing_per_A=spacing)
    assert {k_mesh(frame, points) for frame in curve(crystal)} == {k_mesh(crystal, points)}


def test_without_the_scale_the_mesh_would_change() -> None:
    """The case the rule is for: stishovite's mesh by density differs between the ends of its curve."""
    crystal = primitive_cell(read_crystal("data/polymorphs/stishovite.cif"))
    frames = curve(crystal)
    for frame in frames:
        frame.info = {}
    assert len({k_mesh(frame, EspressoKPoints()) for frame in frames}) > 1


def test_a_spacing_that_divides_the_cell_exactly() -> None:
    """Rounding the scaled cell must not add a point where the unscaled cell has a whole number of spacings."""
    crystal = Atoms("SiO2", positions=np.eye(3), cell=2 * np.pi * np.diag([1 / 0.7, 1 / 1.05, 1 / 1.4]), pbc=True)
    points = EspressoKPoints(spacing_per_A=0.35)
    assert {k_mesh(frame, points) for frame in curve(crystal)} == {(2, 3, 4)}


def test_spacing_is_the_largest_distance() -> None:
    crystal = Atoms("Si", cell=np.diag([4.0, 5.0, 12.0]), pbc=True)
    mesh = k_mesh(crystal, EspressoKPoints(spacing_per_A=0.5))
    assert mesh == (4, 3, 2)
    lengths = 2 * np.pi / np.array([4.0, 5.0, 12.0])
    assert (lengths / mesh <= 0.5).all() and (lengths / (np.array(mesh) - 1) > 0.5).all()


def test_large_cells_are_computed_at_gamma() -> None:
    crystal = primitive_cell(read_crystal("data/polymorphs/alpha_quartz.cif"))
    assert k_mesh(crystal.repeat((2, 2, 2)), EspressoKPoints()) is None
    assert k_mesh(crystal.repeat((2, 2, 1)), EspressoKPoints()) == (3, 3, 4)


def test_the_mesh_reaches_the_input(tmp_path: Path) -> None:
    crystal = primitive_cell(read_crystal("data/polymorphs/stishovite.cif"))
    meshes = set()
    for frame in curve(crystal):
        write_input(tmp_path / "pw.in", frame, EspressoReference(), EspressoRecipe())
        lines = (tmp_path / "pw.in").read_text().splitlines()
        meshes.add(lines[lines.index("K_POINTS automatic") + 1])
    assert meshes == {"5 5 7  0 0 0"}
