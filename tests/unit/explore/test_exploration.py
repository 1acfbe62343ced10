import re

import numpy as np
import pytest
from ase import Atoms
from ase.io import read

from melt2crystal.explore import walks as exploration
from melt2crystal.explore.walks import ExplorationWalk, collect_walk, nearest_state, run_walks
from melt2crystal.lammps.program import LammpsRun
from melt2crystal.sections.explore import Explore

EXPLORE = Explore(walk_ps=0.02, frame_every_steps=10)
HEADER = "# step max_devi_v min_devi_v avg_devi_v max_devi_f min_devi_f avg_devi_f\n"


@pytest.fixture
def walks():
    start = read("data/polymorphs/stishovite.cif")
    return [ExplorationWalk(start, temperature, 0.0, seed=1) for temperature in (3000.0, 4000.0, 5000.0, 6000.0)]


def test_an_exploding_walk_ends_alone(walks, tmp_path, monkeypatch):
    """LAMMPS is acted here: it stops on walk 1, as it does when atoms are lost, and must be asked for 2 and 3 again."""
    asked = []

    def lammps(text, folder, deepmd=False):
        numbers = [int(n) for n in re.findall(r'print "finished (\d+)"', text)]
        asked.append(numbers)
        with open(folder / "finished.txt", "a") as handle:
            for number in numbers:
                if number == 1:
                    return LammpsRun("ERROR: Lost atoms: original 6 current 5")
                handle.write(f"finished {number}\n")
        return LammpsRun()

    monkeypatch.setattr(exploration, "run_lammps", lammps)
    statuses = run_walks(walks, [], ["Si", "O"], EXPLORE, tmp_path)
    assert statuses == ["finished", "exploded: ERROR: Lost atoms: original 6 current 5", "finished", "finished"]
    assert asked == [[0, 1, 2, 3], [2, 3]]


def write_walk(folder, dumped, deviations, tail=""):
    box = "ITEM: BOX BOUNDS pp pp pp\n0 4\n0 4\n0 3\n"
    text = ""
    for step, x in dumped:
        text += f"ITEM: TIMESTEP\n{step}\nITEM: NUMBER OF ATOMS\n2\n{box}"
        text += f"ITEM: ATOMS id type x y z\n1 1 {x} 0 0\n2 2 2 2 1\n"
    (folder / "0.dump").write_text(text + tail)
    (folder / "0.model_devi.out").write_text(HEADER + deviations)


def test_frames_and_deviations_are_paired_by_step_and_the_start_is_left_out(tmp_path):
    write_walk(tmp_path, [(0, 0.0), (10, 0.1), (20, 0.2)], "0 1 1 1 0 0 0\n10 1 1 1 0.2 0 0\n20 1 1 1 0.3 0 0\n")
    frames, visits = collect_walk(0, ["Si", "O"], EXPLORE, tmp_path)
    assert len(frames) == 2
    assert [visit.frame for visit in visits] == [0, 1] and [visit.max_devi_f for visit in visits] == [0.2, 0.3]
    assert visits[0].density_g_per_cm3 == pytest.approx((28.085 + 15.999) * 1.66053907 / 48, rel=1e-4)


def test_nan_truncated_and_missing_rows_are_kept_as_untrusted(tmp_path):
    """A NaN deviation, a frame without a deviation, a deviation without a frame, NaN coordinates, a dump cut off."""
    write_walk(
        tmp_path,
        [(0, 0.0), (5, 0.0), (10, 0.1), (20, 0.2), (30, "nan")],
        "5 1 1 1 nan 0 0\n10 1 1 1 0.3 0 0\n30 1 1 1 0.3 0 0\n40 1 1 1 0.3 0 0\n50 1 1",
        tail="ITEM: TIMESTEP\n40\nITEM: NUMBER OF ATOMS\n2\nITEM: BOX BO",
    )
    frames, visits = collect_walk(0, ["Si", "O"], EXPLORE, tmp_path)
    assert len(frames) == 3
    rows = {visit.step: visit for visit in visits}
    assert np.isnan(rows[5].max_devi_f) and rows[5].frame == 0
    assert rows[10].max_devi_f == 0.3 and rows[10].frame == 1
    assert np.isnan(rows[20].max_devi_f) and rows[20].frame == 2
    assert rows[30].frame == -1 and rows[40].frame == -1
    assert rows[50].frame == -1 and np.isnan(rows[50].max_devi_f)


def test_a_walk_that_wrote_nothing_gives_an_empty_table(tmp_path):
    frames, visits = collect_walk(0, ["Si", "O"], EXPLORE, tmp_path)
    assert frames == [] and visits == []


def melt_at(*states):
    frames = []
    for number, (pressure, temperature) in enumerate(states):
        frame = Atoms("Si", info={"pressure_GPa": pressure, "temperature_K": temperature, "number": number})
        frames.append(frame)
    return frames


def test_walks_start_from_the_nearest_state():
    melt = melt_at((0, 3400), (0, 4800), (15, 4000), (15, 4000), (15, 5500))
    chosen = [frame.info["number"] for frame in nearest_state(melt, 15.0, 4200.0)]
    assert chosen == [2, 3]
    assert [frame.info["number"] for frame in nearest_state(melt, -3.0, 3600.0)] == [0]
    assert [frame.info["number"] for frame in nearest_state(melt, 0.0, 4100.0)] == [1]  # equally near: the hotter
    assert nearest_state([], 0.0, 3000.0) == []
