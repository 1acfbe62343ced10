"""Melts from files: what a frame must say, and a split that parts no walk."""

import json

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.units import GPa

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.liquid.melts_from_files import complaint, each_once, held_out, walk_of
from tests.helpers.programs import program

FORMULA = {"Si": 1, "O": 2}


def frame(pressure, temperature, origin, **info):
    atoms = Atoms("SiO2" * 24, positions=np.arange(216).reshape(72, 3) / 20, cell=[10.0] * 3, pbc=True)
    atoms.info = {"pressure_GPa": pressure, "temperature_K": temperature, "origin": origin, **info}
    return atoms


def melts(walks_per_pressure=6, frames_per_walk=5):
    return [
        frame(p, 4000.0 + 100 * k, f"liquid/train/p{p}/T{4000 + 100 * k}/{n:03d}")
        for p in (0, 10, 40)
        for k in range(walks_per_pressure)
        for n in range(frames_per_walk)
    ]


@pytest.mark.parametrize(
    "origin, walk",
    [
        ("liquid/train/p0/T4000/019", "liquid/train/p0/T4000"),
        ("explore/00/p0/T3400/00000100", "explore/00/p0/T3400"),
        ("starter/train_T3500_p00_0", "starter/train_T3500_p00"),
        ("liquid seed 2 packing 70 frame 19", "liquid seed 2 packing 70"),
        ("by hand", "by hand"),
        ("run1_100fs", "run1"),
        ("npt/run2 t=0.25 ps", "npt/run2"),
        ("run_b/12.5", "run_b"),
        ("aimd_run2_step000100", "aimd_run2"),
        ("a_step100_t0.5ps", "a"),
        ("run1.019", "run1"),
        ("heat10ps_017", "heat10ps"),
    ],
)
def test_the_number_of_the_frame_is_no_part_of_its_walk(origin, walk):
    assert walk_of(frame(0, 4000, origin)) == (0.0, 4000.0, walk)


def test_a_walk_is_what_the_frame_declares():
    frames = [frame(0, 4000.0, f"x/{name}", walk=walk) for name, walk in (("a1b", "07"), ("c", "07"), ("d", "7"))]
    assert [walk_of(atoms)[2] for atoms in frames] == ["07", "07", "7"]


@pytest.mark.parametrize("name", ["run{walk}_{n}00fs", "melt{walk}/t={n}.25", "w{walk} step {n}000", "{walk}_frame{n}"])
def test_neighbours_in_time_stand_on_one_side(name):
    frames = [frame(0, 4000.0, name.format(walk="abcd"[k % 4], n=k // 4)) for k in range(40)]
    chosen = held_out(frames, 0.25, 1)
    assert sum(chosen) == 10 and len({k % 4 for k in range(40) if chosen[k]}) == 1


def shaken(seed, origin, **info):
    atoms = frame(0, 4000.0, origin, **info)
    atoms.positions += np.random.default_rng(seed).normal(0, 0.1, (72, 3))
    return atoms


def test_a_frame_that_is_wrapped_or_ordered_otherwise_counts_once():
    first, second = shaken(1, "melt_a/0"), shaken(2, "melt_a/1")
    wrapped, ordered = first.copy(), second[np.arange(72)[::-1]]
    wrapped.positions[::2] += [10.0, 0, -10.0]
    wrapped.info["origin"] = "melt_b/0"
    frames, odd = each_once([first, second, wrapped, ordered])
    assert frames == [first, second]
    assert odd == ["2 frames are there twice and count once; the first: 'melt_a/0' and 'melt_b/0'"]


def test_two_labels_of_one_melt_that_differ_are_refused():
    frames = [shaken(1, "a/0"), shaken(1, "b/0")]
    frames[1].wrap()
    for atoms, energy in zip(frames, (-72.0, -73.0), strict=True):
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=np.zeros((72, 3)), stress=np.zeros(6))
    with pytest.raises(UserError, match=r"their labels differ: energies 13.9 meV/atom"):
        each_once(frames)


def test_walks_of_one_frame_are_told():
    frames = [shaken(k, origin) for k, origin in enumerate(["a/0", "a/1", "b", "c"])]
    (odd,) = each_once(frames)[1]
    assert odd.startswith("2 of 3 walks have one frame, the first: 'b' (0 GPa, 4000 K)") and "walk=" in odd


def test_whole_walks_are_held_out_at_every_pressure():
    frames = melts()
    chosen = held_out(frames, 0.2, 1)
    assert sum(chosen) == pytest.approx(0.2 * len(frames), abs=5)
    sides = {walk_of(atoms): set() for atoms in frames}
    for atoms, held in zip(frames, chosen, strict=True):
        sides[walk_of(atoms)].add(held)
    assert all(len(side) == 1 for side in sides.values())
    for pressure in (0, 10, 40):
        assert {side.copy().pop() for walk, side in sides.items() if walk[0] == pressure} == {True, False}


def test_the_split_depends_on_the_seed_and_not_on_the_order():
    frames = melts()
    ids = [id(atoms) for atoms in frames]
    first = dict(zip(ids, held_out(frames, 0.2, 1), strict=True))
    backwards = dict(zip(ids[::-1], held_out(frames[::-1], 0.2, 1), strict=True))
    assert first == backwards
    assert any(held_out(frames, 0.2, seed) != list(first.values()) for seed in (2, 3, 4))


def test_new_walks_move_few_old_ones():
    old = melts()
    grown = held_out([*old, frame(10, 5000.0, "liquid/train/p10/T5000/000")], 0.2, 1)[: len(old)]
    moved = [a != b for a, b in zip(held_out(old, 0.2, 1), grown, strict=True)]
    assert sum(moved) <= 5  # one walk


def test_melts_made_to_be_held_out_come_first():
    other = [frame(p, 4000.0, f"liquid/heldout/p{p}/T4000/{n}") for p in (0, 10, 40) for n in range(6)]
    frames = [*melts(), *other]
    chosen = held_out(frames, 0.17, 1)
    assert all(chosen[-len(other) :]) and sum(chosen) <= len(other) + 5


def test_a_split_in_the_file_is_followed():
    frames = [frame(0, 4000.0, "same walk", split=split) for split in ("train", "heldout", "train")]
    assert held_out(frames, 0.5, 1) == [False, True, False]
    del frames[0].info["split"]
    with pytest.raises(UserError, match=r"of the walk 'same walk' \(0 GPa, 4000 K\) some frames say split"):
        held_out(frames, 0.5, 1)


def test_frames_that_say_their_split_move_no_others():
    others = melts()
    marked = [frame(0, 300.0, f"quench/{n}", split="train") for n in range(40)]
    marked += [frame(0, 1000.0, "quench/x", split="heldout")]
    assert held_out([*marked, *others], 0.2, 1) == [False] * 40 + [True] + held_out(others, 0.2, 1)


def test_few_frames_still_give_one_to_hold_out_and_one_walk_none():
    few = [frame(0, 4000.0, "a/0"), frame(0, 4000.0, "a/1"), frame(0, 4000.0, "b/0"), frame(30, 4000.0, "c/0")]
    assert held_out(few, 0.01, 1) == [False, False, True, False]  # the smallest walk that leaves another
    with pytest.raises(UserError, match="at least two walks"):
        held_out(few[:2], 0.2, 1)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"temperature_K": None}, "does not say temperature_K"),
        ({"temperature_K": "3000K"}, "says temperature_K='3000K', which is no number"),
        ({"pressure_GPa": True}, "says pressure_GPa=True, which is no number"),
        ({"split": "energy-volume"}, "belongs to a benchmark (split energy-volume)"),
        ({"polymorph": "stishovite"}, "belongs to a benchmark (polymorph stishovite)"),
        ({"split": "train"}, ""),
    ],
)
def test_frames_of_a_benchmark_are_refused(change, said):
    atoms = frame(0, 4000.0, "x")
    atoms.info = {key: value for key, value in (atoms.info | change).items() if value is not None}
    assert complaint(atoms, FORMULA).startswith(said) and bool(complaint(atoms, FORMULA)) == bool(said)


def test_small_and_foreign_melts_are_refused():
    assert "72 atoms; melts below 73" in complaint(frame(0, 4000.0, "x"), FORMULA, 73)
    assert "no whole formula units" in complaint(frame(0, 4000.0, "x"), {"Ge": 1, "O": 2})
    assert "no whole formula units" in complaint(frame(0, 4000.0, "x")[:71], FORMULA)


def test_the_program_leaves_labels_behind_and_tells_their_pressure(tmp_path):
    liquid_frames = program("liquid_frames").liquid_frames
    frames = melts(2, 1)
    for atoms in frames:
        atoms.positions += np.random.default_rng(int(atoms.info["temperature_K"] + atoms.info["pressure_GPa"])).normal(
            0, 0.1, (72, 3)
        )
        stress = -20 * GPa * np.eye(3)
        atoms.calc = SinglePointCalculator(atoms, energy=-72.0, forces=np.zeros((72, 3)), stress=stress)
    write_frames(tmp_path / "melts.extxyz", [*frames, frames[0]])  # one of them twice
    settings = {"substance": {}, "seed": 1, "heldout_share": 0.3}
    out = {name: tmp_path / name for name in ("train", "heldout", "table")}
    liquid_frames.__wrapped__([tmp_path / "melts.extxyz"], **out, settings=json.dumps(settings))
    train, heldout = read_frames(out["train"]), read_frames(out["heldout"])
    assert len({atoms.info["frame_id"] for atoms in train + heldout}) == len(frames)
    assert all(atoms.calc is None and set(atoms.info) >= {"origin", "pressure_GPa"} for atoms in train + heldout)
    table = pd.read_csv(out["table"])
    assert list(table["purpose"]).count("heldout") == len(heldout) > 0
    ideal_gas = 72 * 1.380649e-23 * table["temperature_K"] / 1000e-30 / 1e9
    assert table["label_pressure_GPa"].to_numpy() == pytest.approx(20 + ideal_gas.to_numpy(), rel=1e-6)
    assert table["label_energy_eV_per_atom"].to_numpy() == pytest.approx(-1.0)
