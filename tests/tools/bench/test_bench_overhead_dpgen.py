"""The times of DP-GEN's iterations, from its log."""

import json

import numpy as np
import pytest

from tools.bench.overhead_dpgen import LABELS, find, iteration_seconds, set_up, stage_seconds, task_starts


def line(when: str, iteration: int, task: int) -> str:
    words = f"iter.{iteration:06d} task {task:02d}"
    return f"2026-11-25 {when} - INFO : {words.center(70, '-')}\n"


LOG = (
    "2026-11-25 23:58:00,100 - INFO : start running\n"
    + f"2026-11-25 23:58:01,000 - INFO : {'iter.000000'.center(70, '=')}\n"
    + line("23:58:01,000", 0, 0)
    + line("23:58:35,500", 0, 3)
    + "2026-11-25 23:58:36,000 - INFO : system 000 candidate :     22 in     22 100.00 %\n"
    + line("23:58:37,250", 0, 6)
    + line("23:59:20,000", 1, 0)
    + line("23:59:24,000", 1, 3)
    + line("23:59:26,000", 1, 6)
    + line("23:59:59,500", 2, 0)
    + line("23:59:59,900", 2, 3)
)


def test_an_iteration_lasts_until_the_next_begins():
    assert iteration_seconds(task_starts(LOG)) == pytest.approx([79.0, 39.5])


def test_stages_add_up_to_their_iteration():
    stages = stage_seconds(task_starts(LOG), 0)
    assert stages == pytest.approx({"train": 34.5, "walks": 1.75, "labels": 42.75})


def test_a_log_without_a_second_beginning_has_no_iteration():
    assert iteration_seconds(task_starts(LOG[: LOG.index("23:59:20") - 15])) == []


def test_the_run_is_set_up_with_start_data_and_jobs(tmp_path):
    set_up(tmp_path, iterations=2)
    parameters = json.loads((tmp_path / "param.json").read_text())
    assert len(parameters["model_devi_jobs"]) == 2
    assert np.load(tmp_path / "init/set.000/coord.npy").shape == (24, 72 * 3)
    assert len((tmp_path / "start.vasp").read_text().splitlines()) == 8 + 72
    machine = json.loads((tmp_path / "machine.json").read_text())
    assert machine["fp"]["resources"]["group_size"] == LABELS


def test_a_named_program_that_is_not_there_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find("") is None
    with pytest.raises(SystemExit, match="no such program"):
        find("/nowhere/dpgen")
