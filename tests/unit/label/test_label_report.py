import json

import numpy as np
import pandas as pd
import pytest
from ase import Atoms

from melt2crystal.engines.base import Label
from melt2crystal.figures.labels import draw_labels
from melt2crystal.figures.style import journal_style
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.label.journal import journal_attempts, released_attempts
from melt2crystal.label.report import Batch, outliers, read_batches, report_table, robust_z
from melt2crystal.label.report_text import each_frame, good_here, report_text, totals
from melt2crystal.label.store import labelled
from melt2crystal.sections.figures import Figures
from tests.helpers.golden import golden

LIMIT = 100.0


def frame(number, pressure=0.0, temperature=4000.0):
    atoms = canonical_frame(Atoms("SiO2", positions=[[0, 0, 0.01 * number], [2, 0, 0], [0, 2, 0]], cell=[6] * 3))
    atoms.info |= {"pressure_GPa": pressure, "temperature_K": temperature}
    return atoms


def line(atoms, status="ok", seconds=10.0, energy=-30.0, force=1.0, reason=""):
    good = status == "ok"
    values = {
        "frame_id": atoms.info["frame_id"],
        "status": status,
        "reason": reason,
        "seconds": seconds,
        "symbols": atoms.get_chemical_symbols(),
        "cell": atoms.cell.array.tolist(),
        "positions": atoms.positions.tolist(),
        "energy": energy if good else None,
        "forces": [[force, 0, 0], [0, -force, 0], [0, 0, 0]] if good else None,
        "stress": np.zeros((3, 3)).tolist() if good else None,
    }
    return json.dumps(values) + "\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "d").mkdir()
    return tmp_path / "d"


def attempts(folder):
    return journal_attempts(folder, LIMIT)[0]


def requested(frames, name="initial", **verdicts):
    return Batch(name, frames, verdicts)


def test_a_journal_being_written_is_read_up_to_its_last_whole_line(folder):
    frames = [frame(k) for k in range(3)]
    whole = "".join(line(atoms) for atoms in frames)
    (folder / "mine-initial-0.jsonl").write_text(whole[:-30])
    (folder / "mine-initial-1.jsonl").write_bytes(b"\x00\x00\n[1, 2]\nnull\n\n" + line(frame(9)).encode())
    found, broken = journal_attempts(folder, LIMIT)
    assert [attempt.frame_id for attempt in found] == [atoms.info["frame_id"] for atoms in (*frames[:2], frame(9))]
    assert broken == 4
    assert found[0].energy_eV_per_atom == -10.0 and found[0].largest_force_eV_per_A == 1.0
    assert found[0].rms_force_eV_per_A == pytest.approx(np.sqrt(2 / 9)) and found[0].formula == "O2Si1"


def test_every_second_is_kept_or_wasted_once(folder):
    frames = [frame(k) for k in range(6)]
    (folder / "mine-initial-0.jsonl").write_text(
        line(frames[0], seconds=10)
        + line(frames[1], "crashed", 3, reason="out of memory")
        + line(frames[1], seconds=20)  # tried again
        + line(frames[2], "unconverged", 40, reason="NOT achieved")
        + line(frames[3], seconds=7, force=150)  # unphysical
    )
    (folder / "mine-long-initial-0.jsonl").write_text(line(frames[4], seconds=100))  # another study
    rows = report_table([requested(frames)], attempts(folder), [], "mine").set_index("frame_id")
    rows = rows.loc[[atoms.info["frame_id"] for atoms in frames]]
    assert list(rows.status) == ["ok", "ok", "unconverged", "unphysical", "ok", "not yet"]
    assert list(rows.source) == ["computed", "computed", "computed", "computed", "another study", ""]
    assert list(rows.wasted_seconds) == [0, 3, 40, 7, 0, 0]
    assert list(rows.attempts) == [1, 2, 1, 1, 0, 0]
    sums = totals(rows.reset_index())
    assert sums == {"kept_s": 30, "wasted_s": 50, "free_s": 100, "computed": 2, "free": 1}
    assert "largest force 150.0" in rows.reason.iloc[3]


def test_known_labels_cost_nothing_and_say_where_they_come_from(folder, tmp_path):
    frames = [frame(k) for k in range(4)]
    (folder / "mine-initial-0.jsonl").write_text(line(frames[0]))
    (folder / "mine-import-0123abcd.jsonl").write_text(line(frames[1], seconds=50))
    good = Label("ok", "", -30.0, np.ones((3, 3)), np.zeros((3, 3)))
    released = [labelled(frames[2], good, "d"), labelled(frames[3], good, "other")]
    for atoms in released:
        atoms.info["seconds"] = 90.0
    write_frames(tmp_path / "released.extxyz", released)
    known = released_attempts([tmp_path / "released.extxyz"], "d", LIMIT)
    batches = [requested(frames), requested(frames[:1], "iteration-00")]
    rows = report_table(batches, attempts(folder), known, "mine")
    assert list(rows.source) == ["computed", "imported", "released", "", "another batch"]
    assert totals(rows)["free_s"] == 140 and totals(rows)["kept_s"] == 10


def test_labels_paid_for_and_no_longer_requested_are_counted(folder):
    (folder / "mine-initial-0.jsonl").write_text(line(frame(0)) + line(frame(1), "crashed", 5))
    rows = report_table([requested([frame(2)])], attempts(folder), [], "mine")
    assert list(rows.batch) == ["initial", "no longer requested", "no longer requested"]
    assert totals(rows)["wasted_s"] == 5


def test_a_frame_of_two_batches_counts_once_and_a_failure_is_no_label_computed_here(folder):
    frames = [frame(k) for k in range(4)]
    (folder / "mine-initial-0.jsonl").write_text(line(frames[0]) + line(frames[1], "crashed", 3, reason="why"))
    (folder / "mine-eos-0.jsonl").write_text(line(frames[1], seconds=20) + line(frames[2], "unconverged", 7))
    asked = [requested(frames), requested(frames[:3], "eos"), requested(frames[2:], "harmonic")]
    rows = report_table(asked, attempts(folder), [], "mine")
    assert len(rows) == 9 and rows.frame_id.nunique() == 4
    once = each_frame(rows)
    assert sorted(once.status) == ["not yet", "ok", "ok", "unconverged"]
    assert list(good_here(rows).seconds) == [10, 20]
    text = report_text(rows, "PBE", "d", "mine", [], 0)
    assert "| ok | 2 | 50.0% |" in text and "| unconverged | 1 | 25.0% |" in text
    assert "| good labels computed here | 2 | 30 s |" in text and "free, from" not in text
    assert "| wasted: failures and repetitions | 2 | 10 s |" in text
    assert "| 0 | 2 | 11 | 15 | 19 | 20 | 30 s |" in text  # CPU seconds: of the two good ones
    assert text.count("| 0 | O2Si1 | 2 |") == 1  # energies: each label once


def test_tables_of_the_study_are_believed_and_other_settings_left_out(tmp_path):
    place = tmp_path / "label/initial"
    write_frames(place / "requested.extxyz", [frame(0), frame(1)])
    header = "frame_id,status,reason,seconds,engine,settings_digest\n"
    first, second = (frame(k).info["frame_id"] for k in (0, 1))
    (place / "shard-0.csv").write_text(
        f"{header}{first},unphysical,not computed: too close,0,x,d\n{second},ok,,1,x,e\n"
    )
    (place / "shard-1.csv").write_text("")
    (tmp_path / "label/heldout").mkdir()
    batches, notes = read_batches(tmp_path / "label", "d")
    rows = report_table(batches, [], [], "mine")
    assert list(rows.status) == ["unphysical", "not yet"] and rows.reason[0] == "not computed: too close"
    assert len(notes) == 2 and "1 rows of other settings" in notes[0] and "shard-1.csv" in notes[1]


def test_robust_z_is_sigma_for_normal_numbers_and_ignores_the_outlier_itself():
    values = np.append(np.random.default_rng(1).normal(3.0, 0.1, 20000), 1e6)
    scores = robust_z(values)
    assert np.std(scores[:-1]) == pytest.approx(1.0, rel=0.02) and scores[-1] > 1e6
    assert (robust_z(np.array([2.0, 2.0, 2.0, 5.0])) == 0).all()


def table(count=30, **changes):
    generator = np.random.default_rng(2)
    columns = {
        "batch": "initial",
        "frame_id": [f"f{k}" for k in range(count)],
        "temperature_K": 4000.0,
        "pressure_GPa": 8.0,
        "formula": "O2Si1",
        "status": "ok",
        "source": "computed",
        "seconds": generator.lognormal(5, 0.2, count),
        "energy_eV_per_atom": generator.normal(-10, 0.05, count),
        "largest_force_eV_per_A": generator.lognormal(2, 0.1, count),
        "rms_force_eV_per_A": generator.lognormal(1, 0.1, count),
    }
    return pd.DataFrame({**columns, **changes})


def test_outliers_are_named_with_their_reason_and_the_others_are_not():
    rows = table()
    rows.loc[3, "energy_eV_per_atom"] = -8.0
    rows.loc[5, "seconds"] = 5000.0
    told = outliers(rows)
    assert told[3].startswith("energy -8.0000 eV/atom, median -9.9887") and "30 at 4000 K, 8 GPa" in told[3]
    assert told[5].startswith("cost 5000.0 s") and sum(bool(text) for text in told) == 2


def test_like_is_compared_with_like():
    two_states = pd.concat([table(), table(pressure_GPa=70.0, temperature_K=9000.0, energy_eV_per_atom=-8.0)])
    two_states = two_states.assign(frame_id=[f"f{k}" for k in range(60)], index=range(60)).reset_index(drop=True)
    assert not any(outliers(two_states))
    few = table(7)
    few.loc[0, "energy_eV_per_atom"] = 0.0
    assert not any(outliers(few))
    crystals = table(temperature_K=np.nan)
    crystals.loc[0, "largest_force_eV_per_A"] = 1e-9  # symmetry
    assert not any(outliers(crystals))


def test_a_slow_label_that_was_free_is_no_outlier_in_cost():
    rows = table()
    rows.loc[5, ["seconds", "source"]] = [5000.0, "released"]
    assert not any(outliers(rows))


def report(rows):
    return report_text(rows, "PBE (test)", "d", "mine", ["a note"], 2)


def test_the_report_says_what_made_the_labels_and_what_they_cost(folder):
    """Pressures and a crystal without one, failures, labels from elsewhere, one no longer asked for, an outlier."""
    frames = [frame(k, pressure=p) for k, p in enumerate((0.0, 0.0, 8.0, 8.0, -1.5))]
    crystal = frame(20)
    del crystal.info["pressure_GPa"], crystal.info["temperature_K"]
    many = [frame(k, pressure=30.0, temperature=5000.0) for k in range(30, 42)]
    (folder / "mine-initial-0.jsonl").write_text(
        line(frames[0], seconds=7000)
        + line(frames[1], "crashed", 200, reason="out of memory")
        + line(frames[1], "timed out", 3600, reason="a | b")
        + line(frames[2], seconds=200, energy=-29.7)
        + line(frames[3], seconds=40, force=150)
        + line(crystal, seconds=12.34)
        + line(frame(99), seconds=5)  # no longer asked for
        + "".join(line(atoms, seconds=60, energy=-28 - k % 3) for k, atoms in enumerate(many[:-1]))
        + line(many[-1], seconds=60, energy=-90)
    )
    (folder / "mine-import-0123abcd.jsonl").write_text(line(frames[4], seconds=50))
    batches = [requested([*frames, *many]), requested([frames[0], crystal, frame(21)], "eos")]
    rows = report_table(batches, attempts(folder), [], "mine")
    text = report(rows)
    golden("labels-report.md", text)
    assert report(rows) == text


def test_a_report_on_nothing_yet():
    golden("labels-report-empty.md", report_text(report_table([], [], [], ""), "PBE (test)", "d", "", [], 0))


@pytest.mark.parametrize("kind", ["nothing labelled", "one of each status", "no states"])
def test_the_figure_can_be_drawn_of_whatever_is_there(folder, tmp_path, kind):
    frames = [frame(k) for k in range(12)]
    if kind != "nothing labelled":
        statuses = ["crashed", "unconverged", "timed out"] + ["ok"] * 8
        lines = [line(frames[k], status, 10 + k, -30 + k * k / 50) for k, status in enumerate(statuses)]
        (folder / "mine-initial-0.jsonl").write_text("".join(lines))
    if kind == "no states":
        for atoms in frames:
            del atoms.info["temperature_K"], atoms.info["pressure_GPa"]
    rows = report_table([requested(frames)], attempts(folder), [], "mine")
    report(rows)
    with journal_style(Figures()):
        figure = draw_labels(Figures(), rows)
        figure.savefig(tmp_path / "labels.png")
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert "not yet" in legend
    assert ("crashed" in legend) == (kind != "nothing labelled")


def test_frames_with_a_pressure_each_are_drawn_at_rounded_ones():
    rows = table(pressure_GPa=np.linspace(-3, 100, 30), outlier="", wasted_seconds=0.0)
    with journal_style(Figures()):
        figure = draw_labels(Figures(), rows)
        axes = figure.axes[4]
    names = [text.get_text() for text in axes.get_xticklabels()]
    assert names == [str(pressure) for pressure in range(0, 101, 10)]
    assert axes.get_xlabel() == "rounded pressure of the melt (GPa)"
