"""Walks of pw.x: input, output, and that a kill costs one step at most. A stand-in moves atoms on springs."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms, units
from ase.io import read

from melt2crystal.engines.espresso.dynamics import VELOCITY, steps_of, velocities_at_end, write_md_input
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.espresso.walk import EspressoWalk, locked
from melt2crystal.errors import EngineError, UserError
from melt2crystal.sections.reference import EspressoReference
from tests.helpers.espresso_cases import DATA, SOFT_SILICON, needs_pw, reference, silicon, write_pseudopotentials

STAND_IN = Path("tests/golden/espresso/md_stand_in.py").resolve()
RECORDED = (DATA / "silicon-md.out").read_text()  # pw.x 6.7, 4 steps of 2 fs
START = np.array([[0.0, 0.0, 0.0], [1.4, 1.35, 1.3575]])  # of the recorded run
STEP_FS = 2.0


def moving(count=4):
    """Atoms on their springs' places, in motion."""
    rng = np.random.default_rng(7)
    atoms = Atoms("SiO2" * count, positions=rng.uniform(0, 6, (3 * count, 3)).round(8), cell=[6, 6, 6], pbc=True)
    atoms.set_velocities(0.01 * rng.standard_normal((3 * count, 3)))
    return atoms


@pytest.fixture
def make(tmp_path):
    """A walk, and an engine whose pw.x is the stand-in with some options."""
    pseudo, start = write_pseudopotentials(tmp_path / "pseudo"), moving()
    np.savetxt(tmp_path / "places.txt", start.positions)

    def made(options="", folder="walk"):
        command = f"{sys.executable} {STAND_IN} {tmp_path / 'places.txt'} {options}"
        engine = EspressoEngine(reference(pseudo, command=command), ["Si", "O"])
        return EspressoWalk(tmp_path / folder, start, STEP_FS), engine

    return made


def test_the_input_says_what_moves_and_how(tmp_path):
    atoms = Atoms("SiO", positions=[[0, 0, 0], [0, 0, 1.6]], cell=[5, 6, 7], pbc=True)
    atoms.set_velocities([[VELOCITY, 0, 0], [0, -2 * VELOCITY, 1e-3 * VELOCITY]])
    chosen = EspressoReference(pseudopotential_folder="/p", k_points={"mode": "gamma"})
    write_md_input(tmp_path / "pw.in", atoms, chosen, chosen.recipes[0], 2.0, 750)
    text = re.sub(r" +", " ", (tmp_path / "pw.in").read_text())
    for line in (
        "calculation = 'md'",
        "nstep = 750",
        "tstress = .false.",
        "nosym = .true.",
        "ion_dynamics = 'verlet'",
        "ion_velocities = 'from_input'",
        "pot_extrapolation = 'second_order'",
        "wfc_extrapolation = 'second_order'",
        "K_POINTS gamma",
    ):
        assert f"{line}\n" in text, line
    assert float(re.search(r" dt = (\S+)", text).group(1)) == pytest.approx(41.3414, abs=1e-3)  # 2 fs in hbar/Ry
    assert text.endswith(
        "ATOMIC_VELOCITIES a.u\nSi 1.00000000000000e+00 0.00000000000000e+00 0.00000000000000e+00\n"
        "O 0.00000000000000e+00 -2.00000000000000e+00 1.00000000000000e-03\n"
    )


def test_a_recorded_walk_obeys_verlet_and_the_units_are_right():
    """Of pw.x itself: the first displacement from the velocity it was given, the others from positions and forces."""
    steps, time = steps_of(RECORDED, START), STEP_FS * units.fs
    mass = 28.085
    assert [step.energy for step in steps] == pytest.approx(
        np.array([-14.49605140, -14.49656727, -14.49719160, -14.49772928]) * units.Rydberg, abs=1e-4
    )
    given = 1e-4 * VELOCITY * np.array([[1, 0, 0], [-1, 0, 0]])
    first = steps[0].positions + time * given + 0.5 * time**2 * steps[0].forces / mass
    assert steps[1].positions == pytest.approx(first, abs=2e-8)
    for before, here, after in zip(steps, steps[1:], steps[2:], strict=False):
        verlet = 2 * here.positions - before.positions + time**2 * here.forces / mass
        assert after.positions == pytest.approx(verlet, abs=2e-8)
    velocity = velocities_at_end(steps[:3], np.full(2, mass), STEP_FS)
    assert velocity == pytest.approx((steps[3].positions - steps[1].positions) / (2 * time), abs=1e-8)


def test_an_output_cut_anywhere_gives_its_whole_steps_and_no_others():
    whole = steps_of(RECORDED, START)
    counts = []
    for end in range(0, len(RECORDED), 97):
        found = steps_of(RECORDED[:end], START)
        counts.append(len(found))
        for here, there in zip(found, whole, strict=False):
            assert here.energy == there.energy
            assert np.array_equal(here.positions, there.positions) and np.array_equal(here.forces, there.forces)
    assert counts == sorted(counts) and set(counts) == {0, 1, 2, 3, 4}


def test_a_walk_that_is_killed_again_and_again_is_the_walk_of_one_piece(make):
    whole, engine = make(folder="whole")
    whole.compute(engine, 40)
    killed, engine = make("--die-after 9", folder="killed")
    killed.compute(engine, 40)
    (steps, off), (same, none) = killed.steps(), whole.steps()
    assert (len(steps), len(same), len(killed.segments()), none) == (40, 40, 5, [])
    for here, there in zip(steps, same, strict=True):
        assert here.positions == pytest.approx(there.positions, abs=3e-7)  # forces are printed with eight decimals
        assert here.energy == pytest.approx(there.energy, abs=1e-5)
    assert off == pytest.approx(np.zeros(4), abs=1e-7)
    moved = np.ptp([step.positions for step in same], axis=0).max()
    assert moved > 0.02


def test_a_second_call_computes_only_what_is_missing(make):
    walk, engine = make()
    walk.compute(engine, 10)
    before = (walk.segments()[0] / "pw.out").stat().st_mtime_ns
    walk.compute(engine, 10)
    assert len(walk.segments()) == 1 and (walk.segments()[0] / "pw.out").stat().st_mtime_ns == before
    walk.compute(engine, 25)
    text = (walk.segments()[1] / "pw.in").read_text()
    assert re.search(r"nstep\s*=\s*16\n", text) and len(walk.steps()[0]) == 25


@pytest.mark.parametrize("written", ["", "pw.in", "pw.out"])
def test_a_segment_that_came_to_nothing_is_begun_again(make, written):
    walk, engine = make()
    walk.compute(engine, 6)
    empty = walk.folder / "segments/001"
    (empty / "scratch").mkdir(parents=True)
    if written:
        (empty / "pw.in").write_text((walk.segments()[0] / "pw.in").read_text())
    if written == "pw.out":
        (empty / "pw.out").write_text("     Program PWSCF v.6.7MaX starts\n")
    walk.compute(engine, 8)
    assert len(walk.segments()) == 2 and len(walk.steps()[0]) == 8
    assert not list(walk.folder.rglob("scratch"))


def test_pw_x_that_gets_nowhere_is_told_and_does_not_go_round_in_circles(make):
    walk, engine = make()
    walk.compute(engine, 5)
    walk, engine = make("--never")
    with pytest.raises(EngineError, match=r"segments/001/pw\.out: unconverged: convergence NOT achieved"):
        walk.compute(engine, 10)
    assert len(walk.steps()[0]) == 5


def test_segments_of_another_walk_are_refused(make):
    walk, engine = make()
    walk.compute(engine, 5)
    walk.compute(engine, 9)
    path = walk.segments()[1] / "pw.in"
    first = read(path, format="espresso-in").positions[0, 0]
    path.write_text(path.read_text().replace(f"{first:.10f}", f"{first + 0.01:.10f}"))
    with pytest.raises(UserError, match="does not go on where the segment before ended"):
        walk.steps()


def test_two_processes_do_not_compute_in_one_folder(make):
    walk, engine = make()
    with locked(walk.folder), pytest.raises(UserError, match="another process computes here"):
        walk.compute(engine, 5)
    walk.compute(engine, 3)


@needs_pw
def test_pw_x_takes_up_a_walk_where_it_was_left(tmp_path):
    start = silicon()
    start.set_velocities([[0.01, 0, 0], [-0.01, 0, 0]])
    engine = EspressoEngine(SOFT_SILICON, ["Si"])
    whole, pieces = (EspressoWalk(tmp_path / name, start, 1.0) for name in ("whole", "pieces"))
    whole.compute(engine, 6)
    for count in (3, 6):
        pieces.compute(engine, count)
    (steps, off), (same, _) = pieces.steps(), whole.steps()
    assert abs(off[0]) < 1e-6
    for here, there in zip(steps, same, strict=True):
        assert here.positions == pytest.approx(there.positions, abs=2e-7)
        assert here.energy == pytest.approx(there.energy, abs=1e-6)
        assert here.forces == pytest.approx(there.forces, abs=2e-4)
