"""Lines of the label store: altered ones are no labels, old ones stay labels, and atoms are known however written."""

import json

import numpy as np
import pytest

from melt2crystal.engines.base import Label
from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.label.journal import journal_attempts
from melt2crystal.label.lines import DIGEST, label_in, line_of, seal
from melt2crystal.label.report import _batch_of
from melt2crystal.label.store import LabelStore, labelled
from tests.helpers.counting_engine import Counting, frames, run


def written(tmp_path, count=3):
    given = frames(count)
    run(Counting(), LabelStore(tmp_path, "d", "a"), given)
    return given, tmp_path / "d" / "a.jsonl"


def change(journal, number, old=False, **changes):
    lines = journal.read_text().splitlines()
    values = json.loads(lines[number])
    values |= changes
    if old:
        del values[DIGEST]
    lines[number] = json.dumps(values)
    journal.write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "changes",
    [
        {"energy": -500.0},
        {"energy": None},
        {"forces": [[0.0, 0.0, 0.0]]},
        {"status": "unconverged"},
        {"positions": [[0.0, 0.0, 0.0]] * 6},
        {"frame_id": "f000000000000000"},
        {"seconds": 1e9},
        {"energy": "-1.0"},
        {"symbols": ["Si"] * 6},
        {"seconds": 10**400},
        {"energy": 10**400},
        {"forces": [[10**400, 0, 0]] * 6},
    ],
)
def test_an_altered_line_is_no_label_and_is_computed_again(tmp_path, changes):
    given, journal = written(tmp_path)
    change(journal, 1, **changes)
    store, engine = LabelStore(tmp_path, "d", "b"), Counting()
    assert len(store.warnings) == 1 and "1 labels are not as they were written" in store.warnings[0]
    run(engine, store, given)
    assert engine.asked == [given[1].info["frame_id"]]
    assert journal_attempts(tmp_path / "d", 100.0)[1] == 1


@pytest.mark.parametrize("line", ["[1, 2]", "null", "3", '"text"', "{}", "[" * 100_000, '{"frame_id": []}', "\x00\x00"])
def test_lines_that_hold_no_label_are_passed_over(tmp_path, line):
    given, journal = written(tmp_path)
    journal.write_text(line + "\n" + journal.read_text())
    store, engine = LabelStore(tmp_path, "d", "b"), Counting()
    run(engine, store, given)
    assert engine.asked == [] and len(store.warnings) == 1


HUGE = 10**400  # digits that Python reads and no float holds


@pytest.mark.parametrize(
    "changes",
    [
        {"energy": None},
        {"energy": float("nan")},
        {"energy": HUGE},
        {"forces": [[0.0] * 3]},
        {"forces": [[None] * 3] * 6},
        {"forces": [[HUGE, 0, 0]] * 6},
        {"stress": [[float("inf")] * 3] * 3},
        {"seconds": HUGE},
        {"seconds": float("nan")},
        {"positions": [[0.0] * 3] * 6},
        {"positions": None},
        {"cell": [[0.0] * 3] * 3},
        {"cell": [[HUGE, 0, 0]] * 3},
        {"symbols": "OOOOSiSi"},
        {"symbols": {"Si": 2}},
        {"status": "unphysical", "positions": None},
    ],
)
def test_old_lines_are_checked_as_far_as_they_can_be(tmp_path, changes):
    given, journal = written(tmp_path)
    change(journal, 1, old=True, **changes)
    before = journal.read_text()
    assert seal(journal) == 0 and journal.read_text() == before
    assert journal_attempts(tmp_path / "d", 100.0)[1] == 1
    engine = Counting()
    run(engine, LabelStore(tmp_path, "d", "b"), given)
    assert engine.asked == [given[1].info["frame_id"]]


@pytest.mark.parametrize("missing", ["positions", "cell", "seconds"])
def test_an_old_line_without_its_structure_is_not_believed(tmp_path, missing):
    given, journal = written(tmp_path)
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    del lines[1][DIGEST], lines[1][missing]
    journal.write_text("".join(json.dumps(values) + "\n" for values in lines))
    store, engine = LabelStore(tmp_path, "d", "b"), Counting()
    assert f"it has no {missing}" in store.warnings[0]
    run(engine, store, given)
    assert engine.asked == [given[1].info["frame_id"]]


@pytest.mark.parametrize("line", ["[" * 200_000, '{"a": ' * 900 + "1" + "}" * 900, '{"frame_id": ' + "9" * 5000 + "}"])
def test_a_journal_of_ones_own_with_an_odd_line_is_sealed_and_kept(tmp_path, line):
    given, journal = written(tmp_path)
    change(journal, 0, old=True)
    with open(journal, "a") as handle:
        handle.write(line + "\n")
    store, engine = LabelStore(tmp_path, "d", "a"), Counting()
    store.seal()
    assert journal.read_text().splitlines()[-1] == line
    run(engine, store, given)
    assert engine.asked == []


@pytest.mark.parametrize("what", ["folder", "link to itself", "link to nowhere"])
def test_what_is_no_journal_but_named_like_one_is_told_and_passed_over(tmp_path, what):
    given, _ = written(tmp_path)
    odd = tmp_path / "d" / "odd.jsonl"
    if what == "folder":
        odd.mkdir()
    else:
        odd.symlink_to(odd if what == "link to itself" else tmp_path / "nowhere")
    store, engine = LabelStore(tmp_path, "d", "b"), Counting()
    store.refresh()
    assert len(store.warnings) == 1 and "odd.jsonl: can't be read" in store.warnings[0]
    run(engine, store, given)
    assert engine.asked == [] and len(journal_attempts(tmp_path / "d", 100.0)[0]) == 3


def test_labels_paid_for_before_there_were_digests_stay_and_get_theirs(tmp_path):
    given, journal = written(tmp_path)
    for number in range(3):
        change(journal, number, old=True)
    with open(journal, "a") as handle:
        handle.write('{"frame_id": "cut off')
    before = [label_in(json.loads(line)).energy for line in journal.read_text().splitlines()[:3]]
    store, engine = LabelStore(tmp_path, "d", "a"), Counting()
    store.seal()
    store.refresh()
    run(engine, store, given)
    assert engine.asked == []
    lines = journal.read_text().splitlines()
    assert lines[3] == '{"frame_id": "cut off' and all(DIGEST in json.loads(line) for line in lines[:3])
    assert [label_in(json.loads(line)).energy for line in lines[:3]] == before
    assert seal(journal) == 0
    change(journal, 0, energy=-500.0)
    again = Counting()
    run(again, LabelStore(tmp_path, "d", "b"), given)
    assert again.asked == [given[0].info["frame_id"]]


def other_way(frame, seed=1):
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(frame))
    other = frame[order]
    other.positions += generator.integers(-1, 2, (len(frame), 3)) @ frame.cell.array
    return canonical_frame(other), order


def test_a_label_is_found_for_the_same_atoms_written_otherwise(tmp_path):
    given = frames(3)
    forces = np.arange(18.0).reshape(6, 3) / 10
    label = Label("ok", "", -1.25, forces, np.diag([1.0, 2.0, 3.0]))
    LabelStore(tmp_path, "d", "a").add(given[0], label)
    released = tmp_path / "released.extxyz"
    write_frames(released, [labelled(given[1], label, "d")])
    store = LabelStore(tmp_path, "d", "b", [released])
    for frame in given[:2]:
        other, order = other_way(frame)
        assert other.info["frame_id"] != frame.info["frame_id"]
        found = store.find(other)
        assert found.energy == -1.25 and found.forces == pytest.approx(forces[order])
    assert store.find(other_way(given[2])[0]) is None
    store.add(given[2], label)
    assert store.find(other_way(given[2])[0]) is not None


def test_two_released_labels_of_one_frame_that_differ_are_refused(tmp_path):
    frame, zero = frames(1)[0], np.zeros((6, 3))
    labels = [Label("ok", "", energy, zero, np.zeros((3, 3))) for energy in (-1.0, -1.1)]
    for name, label in zip("ab", labels, strict=True):
        write_frames(tmp_path / f"{name}.extxyz", [labelled(frame, label, "d")])
    with pytest.raises(UserError, match=r"b.extxyz: frame 0 \(f\w+\) has another label before it: energies 16.7 meV"):
        LabelStore(tmp_path, "d", "x", [tmp_path / "a.extxyz", tmp_path / "b.extxyz"])
    LabelStore(tmp_path, "d", "x", [tmp_path / "a.extxyz"] * 2)
    turned, _ = other_way(frame)
    write_frames(tmp_path / "b.extxyz", [labelled(turned, labels[1], "d")])
    with pytest.raises(UserError, match=r"b.extxyz: frame 0 \(f\w+\) has another label before it: energies 16.7 meV"):
        LabelStore(tmp_path, "d", "x", [tmp_path / "a.extxyz"], [tmp_path / "b.extxyz"])


def test_a_released_label_that_is_not_whole_is_told_with_file_and_frame(tmp_path):
    frame = labelled(frames(1)[0], Label("ok", "", -1.0, np.zeros((6, 3)), None), "d")
    write_frames(tmp_path / "a.extxyz", [frame])
    with pytest.raises(UserError, match=r"a\.extxyz: frame 0 has no stress"):
        LabelStore(tmp_path, "d", "x", [tmp_path / "a.extxyz"])


def test_a_line_is_the_same_for_the_same_label():
    frame, label = frames(1)[0], Label("crashed", "out of memory", seconds=1.5)
    assert line_of(frame, label) == line_of(frame, label)
    assert label_in(json.loads(line_of(frame, label))) == label


@pytest.mark.parametrize("batch", ["initial", "heldout", "eos", "harmonic", "iteration-00", "found-p-2.5", "found-p10"])
def test_every_batch_is_the_studys_own(batch):
    assert _batch_of(f"mine-{batch}-3", "mine") == batch and _batch_of(f"mine-{batch}-3", "min") is None
