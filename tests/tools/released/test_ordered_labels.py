"""Released melts certified anew: what is ordered moves, nothing is lost, nothing stands twice."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames, write_frames
from tests.helpers.checkout import REPOSITORY
from tools.released.ordered_labels import ordered_labels

DATA = REPOSITORY / "tests/data"


def labelled(frames, digest="d"):
    for number, frame in enumerate(frames):
        frame.info |= {"settings_digest": digest, "split": "train"}
        frame.calc = SinglePointCalculator(frame, energy=-100.0 - number, forces=np.zeros((len(frame), 3)))
    return frames


def run(monkeypatch, folder: Path, *names: str, **more) -> None:
    monkeypatch.chdir(REPOSITORY)
    ordered, table = folder / "ordered.extxyz", folder / "table.csv"
    ordered_labels.__wrapped__(
        [folder / name for name in names], ordered, table, REPOSITORY / "data/polymorphs", more.get("move", True)
    )


def test_frames_without_a_certificate_move_with_their_labels_and_the_reason(tmp_path, monkeypatch):
    melts = read_frames(DATA / "melts.extxyz")[:2]
    crystals = read_frames(DATA / "crystallised_70GPa_4500K.extxyz")
    before = labelled([melts[0], *crystals, melts[1]])
    write_frames(tmp_path / "a.extxyz", before)
    run(monkeypatch, tmp_path, "a.extxyz", move=False)
    assert len(read_frames(tmp_path / "a.extxyz")) == 4 and not (tmp_path / "ordered.extxyz").exists()
    run(monkeypatch, tmp_path, "a.extxyz")
    kept, moved = read_frames(tmp_path / "a.extxyz"), read_frames(tmp_path / "ordered.extxyz")
    assert [len(kept), len(moved)] == [2, 2]
    assert all("space group 136" in frame.info["certificate"] for frame in moved)
    energies = {frame.info["frame_id"]: frame.get_potential_energy() for frame in before}
    assert {frame.info["frame_id"]: frame.get_potential_energy() for frame in [*kept, *moved]} == energies
    table = pd.read_csv(tmp_path / "table.csv").set_index("frame_id")
    assert table["file"].value_counts().to_dict() == {"a.extxyz": 2, "ordered.extxyz": 2}
    assert table.loc[[frame.info["frame_id"] for frame in kept], "would_pass"].all()


def test_a_frame_that_stands_in_both_files_and_labels_of_other_settings_are_refused(tmp_path, monkeypatch):
    crystals = read_frames(DATA / "crystallised_70GPa_4500K.extxyz")
    write_frames(tmp_path / "ordered.extxyz", labelled(crystals))
    write_frames(tmp_path / "a.extxyz", labelled(crystals[:1]))
    with pytest.raises(UserError, match=r"1 frames stand in .*ordered\.extxyz too"):
        run(monkeypatch, tmp_path, "a.extxyz")
    write_frames(tmp_path / "ordered.extxyz", labelled(crystals[1:], "other"))
    with pytest.raises(UserError, match="different reference settings"):
        run(monkeypatch, tmp_path, "a.extxyz")
    assert len(read_frames(tmp_path / "a.extxyz")) == 1
