"""A network whose atoms pass messages in the workflow: trained, released, evaluated, sent out and taken back."""

import json
import shutil
import subprocess
import sys

import pandas as pd
import pytest

from tests.helpers.checkout import environment

NETWORK = {"descriptor": "dpa4", "r_cut_A": 3.5, "channels": 4, "degree": 1, "blocks": 1, "axis_neurons": 1}
TRAINING = {"steps": 12, "learning_rate_start": 0.004}
CONFIG = (
    f"train={json.dumps({'network': NETWORK})}",
    f"release={json.dumps({name: {'training': TRAINING} for name in ('lp', 'hp')})}",
    'select={"max_iterations": 0}',
    'benchmark={"vdos": {"enabled": false}}',
)
CURVE = "results/ci/benchmark/energy_volume/hp.csv"
CARD = "results/ci/models/hp/card.md"


pytestmark = pytest.mark.pytorch


@pytest.fixture(scope="module")
def messages(finished, tmp_path_factory):
    """The finished ci study with HP trained anew, passing messages."""
    checkout = finished.edited(tmp_path_factory.mktemp("messages") / "checkout")
    checkout.snakemake(CARD, CURVE, config=CONFIG)
    return checkout


def test_its_checkpoints_are_released_and_judged(messages):
    folder = messages.folder / "results/ci"
    assert {path.name for path in (folder / "train/hp/0").iterdir()} >= {"model.pt", "lcurve.csv", "input.json"}
    assert json.loads((folder / "models/hp/0-input.json").read_text())["model"]["type"] == "DPA4"
    assert (folder / "models/hp/1.pt").read_bytes() == (folder / "train/hp/1/model.pt").read_bytes()
    assert (folder / "models/hp/1.pt").read_bytes() != (folder / "models/hp/0.pt").read_bytes()
    card = (messages.folder / CARD).read_text()
    assert "`0.pt` SHA-256" in card and "torch 2.11.0" in card and '"dpa4"' in card and "\nsel [" not in card
    curve = pd.read_csv(messages.folder / CURVE)
    assert set(curve["member"]) == {-1, 0, 1} and curve.notna().all().all()
    assert list(pd.read_csv(folder / "train/hp/0/lcurve.csv")["step"])[-1] == TRAINING["steps"]


def test_it_goes_out_and_what_comes_back_can_be_given(messages, tmp_path):
    sent, here = tmp_path / "sent", messages.folder / "results/ci/train/hp"
    study = {"name": "messages", "extends": "ci", "train": {"network": NETWORK}, "select": {"max_iterations": 0}}
    study |= {
        "release": {name: {"training": TRAINING} for name in ("lp", "hp")},
        "benchmark": {"vdos": {"enabled": False}},
    }
    (messages.folder / "config/studies/messages.yaml").write_text(json.dumps(study))
    shutil.copytree(messages.folder / "results/ci", messages.folder / "results/messages", symlinks=True)
    for words in (["export", str(sent), "--study", "messages"], ["import", str(sent), str(tmp_path / "back")]):
        if words[0] == "import":
            for member in "01":
                shutil.copy(here / member / "model.pt", sent / member / "model.pt")
        command = [sys.executable, "-m", "melt2crystal", "potentials", *words]
        done = subprocess.run(command, cwd=messages.folder, env=environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    mine, theirs = ((folder / "0/input.json").read_text() for folder in (here, sent))
    assert json.loads(mine) == json.loads(theirs)
    assert {path.name for path in (tmp_path / "back").iterdir()} == {
        *("0.pt", "1.pt", "0-input.json", "1-input.json", "manifest.json")
    }
    given = {"lp": {"training": TRAINING}, "hp": {"training": TRAINING, "given": str(tmp_path / "back")}}
    config = (CONFIG[0], f"release={json.dumps(given)}", *CONFIG[2:])
    messages.snakemake("results/ci/train/hp/0/model.pt", config=config)
    assert (here / "0/model.pt").read_bytes() == (tmp_path / "back/0.pt").read_bytes()
