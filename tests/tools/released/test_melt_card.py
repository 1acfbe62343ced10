import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import GPa

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames
from melt2crystal.sections.substance import Substance
from tests.helpers.checkout import REPOSITORY
from tests.helpers.golden import golden
from tools.released.melt_card import MARK, card, melt_card, row_of


def frame(origin, pressure, stress_GPa=-2.0):
    atoms = Atoms("SiO2", positions=[[0, 0, 0], [1.6, 0, 0], [0, 1.6, 0]], cell=[4, 4, 4], pbc=True)
    atoms.info = {"origin": origin, "pressure_GPa": pressure, "temperature_K": 4000.0, "settings_digest": "d"}
    stress = np.eye(3) * stress_GPa * GPa
    atoms.calc = SinglePointCalculator(atoms, energy=-30.0, forces=np.ones((3, 3)) * [0, 0, 3.0], stress=stress)
    return atoms


def test_pressure_is_minus_the_mean_stress_and_forces_are_root_mean_squares():
    row = row_of(frame("explore/00/p0/T4000/1", 0.0), Substance())
    assert row["of_forces"] == pytest.approx(2.0)
    assert row["force"] == pytest.approx(np.sqrt(3.0))
    assert row["coordination"] == 2 and row["driven"] == "a model" and row["energy"] == -10.0


def test_frames_are_counted_by_choice_and_by_pressure():
    frames = [frame("liquid/train/p0/1", 0), frame("explore/00/p0/2", 0), frame("explore/01/p0/3", 0)]
    frames += [frame("quench/5.5/x", 31.4, -40.0), frame("elsewhere", -1.0, 1.0)]
    for number, atoms in enumerate(frames):
        atoms.info |= {"seconds": 150.0 + number, "temperature_K": 4000.0 + 500 * (number == 2)}
    golden("melt-card.md", card(frames, Substance()))


def test_the_released_card_is_the_one_of_the_released_labels():
    released = read_frames(REPOSITORY / "data/labels/silica-pbe-melt.extxyz.gz")
    written = (REPOSITORY / "data/labels/README.md").read_text().partition(MARK)[2]
    assert written == card(released, Substance()), "run python -m tools.released.melt_card"
    assert len({atoms.info["frame_id"] for atoms in released}) == len(released)


def test_a_page_without_the_mark_is_left_alone(tmp_path):
    (tmp_path / "page.md").write_text("words\n")
    with pytest.raises(UserError, match="has no line"):
        melt_card.__wrapped__(REPOSITORY / "data/labels/silica-pbe-melt.extxyz.gz", tmp_path / "page.md")
    assert (tmp_path / "page.md").read_text() == "words\n"
