import json
import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from melt2crystal.engines.ase.engine import AseEngine
from melt2crystal.engines.base import Label, settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import EngineError, UserError
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import LabelStore, label_frames, labelled, one_digest, validated
from melt2crystal.sections.reference import AseReference
from tests.helpers.counting_engine import Counting, frames, run

LENNARD_JONES = AseReference(
    name="Lennard-Jones", calculator="ase.calculators.lj:LennardJones", arguments={"sigma": 1.5, "epsilon": 0.1}
)


def test_finished_labels_survive_an_interruption_and_are_not_asked_again(tmp_path):
    given = frames(5)
    first = Counting(stop_after=3)
    with pytest.raises(KeyboardInterrupt):
        run(first, LabelStore(tmp_path, "d", "a"), given)
    second = Counting()
    answers = run(second, LabelStore(tmp_path, "d", "a"), given)
    assert second.asked == [frame.info["frame_id"] for frame in given[3:]]
    assert len(answers) == 5 and all(label.status == "ok" for _, label, _ in answers)


def test_a_journal_line_cut_off_by_a_kill_costs_that_label_only(tmp_path):
    given = frames(3)
    run(Counting(), LabelStore(tmp_path, "d", "a"), given)
    journal = tmp_path / "d" / "a.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])
    again = Counting()
    run(again, LabelStore(tmp_path, "d", "a"), given)
    assert again.asked == [given[2].info["frame_id"]]
    lines = journal.read_text().splitlines()
    assert len(lines) == 4 and json.loads(lines[-1])["status"] == "ok"
    third = Counting()
    run(third, LabelStore(tmp_path, "d", "a"), given)
    assert third.asked == []


def test_one_failing_frame_of_ten_is_a_row_and_is_tried_again_next_time(tmp_path):
    given = frames(10)
    answers = run(Counting(failing={4}), LabelStore(tmp_path, "d", "a"), given)
    assert [label.status for _, label, _ in answers].count("crashed") == 1
    again = Counting()
    run(again, LabelStore(tmp_path, "d", "b"), given)
    assert again.asked == [given[4].info["frame_id"]]


def test_labels_of_another_digest_are_not_found(tmp_path):
    given = frames(2)
    run(Counting(), LabelStore(tmp_path, "d", "a"), given)
    other = Counting()
    run(other, LabelStore(tmp_path, "e", "a"), given)
    assert len(other.asked) == 2


def test_released_labels_are_looked_up_before_anything_is_computed(tmp_path):
    given = frames(3)
    label = Label("ok", "", -1.25, np.full((6, 3), 0.5), np.diag([1.0, 2.0, 3.0]))
    released = tmp_path / "released.extxyz"
    write_frames(released, [labelled(given[0], label, "d")])
    engine = Counting()
    answers = run(engine, LabelStore(tmp_path / "store", "d", "a", [released]), given)
    assert engine.asked == [frame.info["frame_id"] for frame in given[1:]]
    found = answers[0][1]
    assert found.energy == -1.25
    assert found.stress == pytest.approx(np.diag([1.0, 2.0, 3.0]))


def test_too_close_atoms_are_not_paid_for(tmp_path):
    given = frames(1)
    engine = Counting()
    answers = list(label_frames(given, engine, LabelStore(tmp_path, "d", "a"), 100.0, {"Si-O": 2.5}))
    assert engine.asked == []
    assert answers[0][1].status == "unphysical" and "Si-O distance" in answers[0][1].reason


def test_numbers_that_cannot_be_right_are_unphysical():
    huge = Label("ok", "", 0.0, np.full((2, 3), 200.0), np.zeros((3, 3)))
    assert validated(huge, 100.0).status == "unphysical"
    not_a_number = Label("ok", "", float("nan"), np.zeros((2, 3)), np.zeros((3, 3)))
    assert validated(not_a_number, 100.0).status == "unphysical"


def test_mixed_settings_are_refused_with_both_digests():
    label = Label("ok", "", 0.0, np.zeros((6, 3)), np.zeros((3, 3)))
    mixed = [labelled(frame, label, digest) for frame, digest in zip(frames(2), "ab", strict=True)]
    with pytest.raises(UserError, match=r"a \(1 frames\), b \(1 frames\)"):
        one_digest(mixed, "dataset")


def test_ase_engine_labels_and_its_stress_is_a_strain_derivative():
    step, frame = 1e-4, frames(1)[0]
    strained = []
    for sign in (1, -1):
        copy = frame.copy()
        copy.set_cell(frame.cell.array @ np.diag([1, 1, 1 + sign * step]), scale_atoms=True)
        strained.append(copy)
    here, plus, minus = AseEngine(LENNARD_JONES).label([frame, *strained])
    assert (plus.energy - minus.energy) / (2 * step) / frame.get_volume() == pytest.approx(here.stress[2, 2], rel=1e-4)


def test_ase_engine_says_what_is_missing():
    with pytest.raises(EngineError, match="No module named"):
        AseEngine(LENNARD_JONES.model_copy(update={"calculator": "no.such:Thing"})).check()
    with pytest.raises(EngineError, match="can't be started"):
        AseEngine(LENNARD_JONES.model_copy(update={"interpreter": "/no/python"})).check()


def test_ase_engine_outlives_a_calculator_that_kills_its_process(tmp_path, monkeypatch):
    (tmp_path / "deadly.py").write_text(
        "import os\nfrom ase.calculators.lj import LennardJones\n"
        "class Deadly(LennardJones):\n"
        "    def calculate(self, atoms=None, *args, **kwargs):\n"
        "        if len(atoms) == 1: os._exit(9)\n"
        "        if len(atoms) == 2: raise RuntimeError('SCF did not converge')\n"
        "        super().calculate(atoms, *args, **kwargs)\n"
    )
    given = [
        Atoms("Si" * n, positions=[[0, 0, 2.5 * k] for k in range(n)], cell=[9] * 3, pbc=True) for n in (3, 1, 2, 4)
    ]
    engine = AseEngine(LENNARD_JONES.model_copy(update={"calculator": "deadly:Deadly"}))

    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{os.environ.get('PYTHONPATH', '')}")
    statuses = [label.status for label in engine.label(given)]
    assert statuses == ["ok", "crashed", "unconverged", "ok"]


def test_the_digest_follows_content_not_paths(tmp_path):
    text = Path("data/potentials/silica_bks.lmp").read_text()
    copies = []
    for name, content in (("a.lmp", text), ("b.lmp", text), ("c.lmp", text + "# changed\n")):
        (tmp_path / name).write_text(content)
        copies.append(
            settings_digest(reference_engine({"engine": "lammps", "potential": str(tmp_path / name)}, ["Si", "O"]))
        )
    assert copies[0] == copies[1] != copies[2]


def test_frame_ids_survive_writing_and_reading(tmp_path):
    given = frames(3)
    write_frames(tmp_path / "frames.extxyz", given)
    assert [canonical_frame(f).info["frame_id"] for f in read_frames(tmp_path / "frames.extxyz")] == [
        frame.info["frame_id"] for frame in given
    ]


def test_without_computing_a_frame_that_is_not_known_says_so(tmp_path):
    given, engine = frames(3), Counting()
    run(engine, LabelStore(tmp_path, "d", "a"), given[:2])
    answers = list(label_frames(given, engine, LabelStore(tmp_path, "d", "b"), 100.0, {}, compute=False))
    assert [(label.status, known) for _, label, known in answers] == [("ok", True), ("ok", True), ("not known", False)]
    assert "label.compute is false" in answers[2][1].reason
    assert len(engine.asked) == 2 and not (tmp_path / "d" / "b.jsonl").exists()
