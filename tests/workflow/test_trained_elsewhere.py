"""Potentials that were trained elsewhere: sent out, taken back, judged like those that are trained here."""

import json
import shutil
import subprocess
import sys

import pytest

from melt2crystal.frames import read_frames
from tests.helpers.checkout import environment, jobs

MEMBERS = range(2)
HP = 'release={"hp": {"given": "given"}}'
BOTH = 'release={"hp": {"given": "given"}, "lp": {"given": "given"}}'


@pytest.fixture(scope="module")
def checkout(finished, tmp_path_factory):
    """The finished ci study beside the HP of another one, which saw two of its held-out frames."""
    copy = finished.edited(tmp_path_factory.mktemp("elsewhere") / "checkout")
    given = copy.folder / "given"
    shutil.copytree(copy.folder / "results/ci/models/hp", given)
    heldout = read_frames(copy.folder / "results/ci/label/heldout/labels.extxyz")
    manifest = json.loads((given / "manifest.json").read_text())
    row = manifest["frames"][0]
    manifest["frames"] = [row, *({"frame_id": frame.info["frame_id"]} for frame in heldout[:2])]
    (given / "manifest.json").write_text(json.dumps(manifest))
    return copy


def potentials(folder, *words):
    command = [sys.executable, "-m", "melt2crystal", "potentials", *words]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_it_is_judged_without_the_held_out_frames_it_has_seen(checkout):
    planned = jobs(checkout.snakemake("-n", "--quiet", "rules", config=(HP,)))
    assert planned["train_given"] == len(MEMBERS) and "train_member" not in planned and "train_data" not in planned
    before = json.loads((checkout.folder / "results/ci/train/hp/heldout.json").read_text())
    checkout.snakemake("results/ci/models/hp/card.md", config=(HP,))
    after = json.loads((checkout.folder / "results/ci/train/hp/heldout.json").read_text())
    assert after["frames"] == before["frames"] - 2
    there = {path.name for path in (checkout.folder / "results/ci/train/hp/0").iterdir()}
    assert there == {
        "model.pb",
        "compressed.pb",
        "input.json",
        "lcurve.csv",
    }  # its former training left the curve
    card = (checkout.folder / "results/ci/models/hp/card.md").read_text()
    assert "taken from `given`" in card and "names 3 frames" in card and '"network"' not in card


def test_nothing_is_trained_and_no_curve_drawn_where_both_are_given(checkout):
    loop = 'select={"max_iterations": 0}'
    planned = jobs(checkout.snakemake("-n", "--quiet", "rules", "--forceall", config=(BOTH, loop)))
    assert planned["train_given"] == 2 * len(MEMBERS)
    assert not {"train_member", "figures_learning"} & set(planned)


def test_one_potential_is_judged_alone(checkout):
    """A folder with one member and nothing else named: no LP, no loop, no training set, all the judgements."""
    alone = checkout.folder / "alone"
    shutil.copytree(checkout.folder / "given", alone)
    for path in alone.glob("1*"):
        path.unlink()
    config = ('release={"hp": {"given": "alone", "training": {"members": 1}}, "lp": {"enabled": false}}',)
    planned = jobs(checkout.snakemake("-n", "--quiet", "rules", "--forceall", config=config))
    assert planned["train_given"] == planned["train_release_member"] == planned["train_card"] == 1
    left_out = {"train_member", "train_data", "train_assemble", "explore_walks", "explore_selection"}
    assert not (left_out | {"figures_selection", "figures_learning"}) & set(planned)
    assert {"benchmark_vdos", "search_structures", "figures_found_crystals", "report_summary"} <= set(planned)
    assert planned["benchmark_energy_volume"] == 1 and planned["label_request"] == 1  # held-out melt alone


def test_what_is_missing_is_said_before_anything_runs(checkout):
    (checkout.folder / "empty").mkdir()
    text = checkout.snakemake("-n", check=False, config=('release={"hp": {"given": "empty"}}',))
    assert "release.hp.given" in text and "empty holds no manifest.json, 0.pb, 0-input.json" in text
    assert "Traceback" not in text


def test_what_goes_out_is_what_would_be_trained_here_and_what_comes_back_can_be_given(checkout, tmp_path):
    sent = tmp_path / "sent"
    potentials(checkout.folder, "export", str(sent), "--study", "ci")
    here = checkout.folder / "results/ci/train/hp"
    for member in MEMBERS:
        assert json.loads((sent / f"{member}/input.json").read_text()) == json.loads(
            (here / f"{member}/input.json").read_text()
        )
        shutil.copy(here / f"{member}/model.pb", sent / f"{member}/model.pb")
    assert (sent / "training.hdf5").read_bytes() == (here / "training.hdf5").read_bytes()
    potentials(checkout.folder, "import", str(sent), str(tmp_path / "back"))
    names = {"manifest.json", *(f"{member}{end}" for member in MEMBERS for end in (".pb", "-input.json"))}
    assert {path.name for path in (tmp_path / "back").iterdir()} == names
    seen = json.loads((tmp_path / "back/manifest.json").read_text())
    assert seen["number_of_frames"] == len(seen["frames"]) > 20
    again = f'release={{"hp": {{"given": "{tmp_path / "back"}"}}}}'
    assert jobs(checkout.snakemake("-n", "--quiet", "rules", config=(again,)))["train_given"] == len(MEMBERS)
