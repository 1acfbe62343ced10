"""No frame of the benchmark gets into a training set."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.liquid.melts_from_files import SPLITS
from melt2crystal.marks import refuse_benchmark_frames
from tests.helpers.programs import program

PROGRAM = program("train_assemble")
assemble = PROGRAM.train_assemble.__wrapped__  # without what turns a UserError into an exit status


def labelled_frame(shift: float, **info: object) -> Atoms:
    frame = canonical_frame(
        Atoms("SiO2", positions=[[0, 0, 0], [1.6 + shift, 0, 0], [0, 1.6, 0]], cell=[5] * 3, pbc=True)
    )
    frame.info |= {"temperature_K": 4000.0, "pressure_GPa": 0.0, "settings_digest": "s0", **info}
    frame.calc = SinglePointCalculator(frame, energy=-1.0, forces=np.zeros((3, 3)), stress=np.zeros(6))
    return frame


@pytest.mark.parametrize(
    "info",
    [
        {"split": "energy-volume", "polymorph": "stishovite", "volume_scale": 0.94},
        {"split": "harmonic"},
        {"polymorph": "alpha_quartz", "volume_scale": 1.0},  # as a study's own label/eos has it
    ],
)
def test_benchmark_frames_are_refused_and_named(tmp_path: Path, info: dict) -> None:
    crystal = labelled_frame(0.1, **info)
    parts = [tmp_path / "melt.extxyz", tmp_path / "crystals.extxyz"]
    write_frames(parts[0], [labelled_frame(0.0)])
    write_frames(parts[1], [crystal])
    out, manifest = tmp_path / "dataset.extxyz", tmp_path / "manifest.json"
    with pytest.raises(UserError, match=r"crystals\.extxyz: 1 frames belong to the benchmark") as caught:
        assemble(parts, out, manifest)
    assert str(crystal.info["frame_id"]) in str(caught.value)
    assert not out.exists()


def test_melts_pass(tmp_path: Path) -> None:
    part, out = tmp_path / "melt.extxyz", tmp_path / "dataset.extxyz"
    write_frames(part, [labelled_frame(0.0, origin="melt"), labelled_frame(0.2)])
    assemble([part], out, tmp_path / "manifest.json")
    assert len(read_frames(out)) == 2
    refuse_benchmark_frames([], "nothing")


@pytest.mark.parametrize("path", sorted(Path("data/labels").glob("silica-pbe-*.extxyz.gz")), ids=lambda path: path.name)
def test_released_labels_are_on_the_right_side(path: Path) -> None:
    frames = read_frames(path)
    assert frames
    if "melt" in path.name:  # may say which of them are held out
        assert {frame.info.pop("split", "train") for frame in frames} <= set(SPLITS)
        refuse_benchmark_frames(frames, str(path))
        return
    for frame in frames:
        with pytest.raises(UserError, match="belong to the benchmark"):
            refuse_benchmark_frames([frame], str(path))
