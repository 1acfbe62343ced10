import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import GPa

from melt2crystal.frames import read_frames
from tests.helpers.golden import golden
from tools.experiments import melt_k_points
from tools.experiments.melt_k_points import crystal_differences, differences, points_of, release, spread_out


def melt(edge, energy=-100.0, push=0.0, pressure_GPa=0.0, **info):
    atoms = Atoms("SiO2", positions=[[0, 0, 0], [1.6, 0, 0], [0, 1.6, 0]], cell=[edge] * 3, pbc=True)
    stress = np.array([-pressure_GPa * GPa] * 3 + [0.0] * 3)
    atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.full((3, 3), push), stress=stress)
    known = {"frame_id": f"{edge:g}", "temperature_K": 4000.0, "origin": "liquid", "seconds": 9.0}
    atoms.info = {**known, "settings_digest": "s1", **info}
    return atoms


def test_each_beginning_of_the_frames_covers_the_densities():
    edges = [atoms.cell[0, 0] for atoms in spread_out([melt(edge) for edge in (5, 4, 8, 7, 6)])]
    assert edges[:2] == [8, 4], "least dense, then densest"
    assert edges[2] == 6 and sorted(edges) == [4, 5, 6, 7, 8]
    assert [atoms.cell[0, 0] for atoms in spread_out([melt(5)])] == [5]


def test_differences_are_gamma_minus_the_other_points():
    gamma = {"5": melt(5, energy=-100.0, push=0.5, pressure_GPa=3.0)}
    other = melt(5, energy=-100.3, push=0.1, pressure_GPa=1.0, k_points="baldereschi")
    row = differences(gamma, [other]).iloc[0]
    assert row.energy == pytest.approx(100.0), "0.3 eV over three atoms"
    assert row.pressure == pytest.approx(2.0)
    assert (row.force, row.of_force) == (pytest.approx(0.4), pytest.approx(0.5))


def test_a_crystal_at_gamma_is_compared_with_its_curve_at_the_same_volume():
    cell = melt(5, energy=-100.0, polymorph="quartz", displacement=0.0)
    moved = melt(5, energy=-99.0, polymorph="quartz", displacement=0.03)
    curve = [melt(edge, energy=-100.06 + edge - 5, polymorph="quartz") for edge in (4.9, 5, 5.1)]
    table = crystal_differences([*curve, melt(5, energy=-50.0, polymorph="coesite")], [cell, moved])
    assert len(table) == 1 and table.energy[0] == pytest.approx(20.0)


def test_labels_card_and_figure_are_written(tmp_path, monkeypatch):
    for name in ("RELEASED", "PAGE", "FIGURE"):
        monkeypatch.setattr(melt_k_points, name, tmp_path / getattr(melt_k_points, name).name)
    others = [
        melt(edge, energy=-100.3 + shift, push=0.02, pressure_GPa=1.5, k_points=name)
        for name, shift in (("2x2x2", 0.0), ("baldereschi", 0.36))
        for edge, shift in ((5, shift), (6, shift / 2), (4, 0.0))
    ]
    release(others, [melt(5, push=0.2), melt(6, origin="quench/4/liquid"), melt(4, push=0.04, pressure_GPa=2.0)])
    back = read_frames(tmp_path / "silica-pbe-k-points.extxyz.gz")
    assert [atoms.info["k_points"] for atoms in back] == ["2x2x2"] * 3 + ["baldereschi"] * 3
    golden("k-points.md", (tmp_path / "k-points.md").read_text())
    assert (tmp_path / "melt-k-points.png").stat().st_size > 10_000


def test_names_of_k_points():
    assert points_of("baldereschi").mode == "baldereschi"
    shifted = points_of("2x2x1")
    assert (shifted.mode, shifted.mesh) == ("shifted-mesh", (2, 2, 1))
