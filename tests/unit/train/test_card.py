"""The card of a released potential, as people read it."""

import json

import pandas as pd
import pytest

from melt2crystal.settings import to_text
from melt2crystal.train.calculators import Zero, write_calculator
from tests.helpers.golden import golden
from tests.helpers.programs import program

train_card = program("train_card")

NETWORK = {"descriptor": "se_e2_a", "r_cut_A": 6.0, "precision": "float32"}
SETTINGS = {
    "name": "laptop",
    "purpose": "results",
    "substance.name": "SiO2",
    "reference.name": "BKS (classical stand-in for DFT)",
    "certificate": {"enabled": True},
    "melts_from": [],
    "trained_elsewhere": None,
    "train.network": NETWORK,
    "training": {"steps": 50_000, "learning_rate": 0.001},
}
ZERO = Zero(constant_eV_per_atom=-3.25, frames=40, walks=19, standard_error_eV_per_atom=0.0021)
ERRORS = {"energy_rmse_meV_per_atom": 6.038, "force_rmse_eV_per_A": 0.2468}


@pytest.fixture
def written(tmp_path, monkeypatch):
    """The card of a study with these settings, LP's frames being those at 0 GPa."""
    monkeypatch.setattr(train_card, "version", lambda name: "1.2.3" if name != "torch" else 1 / 0)

    def write(potential, calculator=None, **changes):
        pressures, count = ([0.0], 3) if potential == "lp" else ([0.0, 40.0], 4)
        frames = [
            {"frame_id": f"f{k}", "pressure_GPa": p, "temperature_K": t}
            for k, (p, t) in enumerate([(0.0, 4000.0), (0.0, 3500.0), (0.0, 4000.0), (40.0, 6000.0)])
        ]
        data = {
            "settings_digest": "s0123456789abcde",
            "pressures_GPa": pressures,
            "sel": [38, 77],
            "species": ["Si", "O"],
        }
        contents = {
            "info.json": {**data, "training_frames": count - 1, "validation_frames": 1},
            "errors.json": {**ERRORS, "frames": 16, "members": [ERRORS, ERRORS], "pressures": {"0": ERRORS}},
            "manifest.json": {"frames": frames, "settings_digest": "s0123456789abcde"},
        }
        for name, content in contents.items():
            (tmp_path / name).write_text(json.dumps(content))
        judged = {
            "pressure_GPa": [0.0, 70.0],
            "temperature_K": [4000.0, 4500.0],
            "certified": [12, 9],
            "excluded": [0, 3],
        }
        pd.DataFrame({**judged, "most_like": [None, "stishovite"]}).to_csv(tmp_path / "certificate.csv", index=False)
        model = tmp_path / "0.pb"
        if calculator:
            model = write_calculator(tmp_path / "0.json", calculator, {"use_device": "cpu"}, zero=ZERO)
        else:
            model.write_bytes(b"a model")
        places = {name: tmp_path / f"{name}.json" for name in ("info", "errors", "manifest", "out_manifest")}
        card, counts = tmp_path / "card.md", tmp_path / "certificate.csv"
        train_card.train_card.__wrapped__(
            [model],
            potential,
            certificate=counts,
            card=card,
            settings=to_text(SETTINGS | changes),
            **places | ({"manifest": None} if calculator else {}),
        )
        return card.read_text()

    return write


def test_what_it_saw_and_how_well_it_does(written, tmp_path):
    golden("card-lp.md", written("lp"))
    seen = json.loads((tmp_path / "out_manifest.json").read_text())["frames"]
    assert [row["frame_id"] for row in seen] == ["f0", "f1", "f2"]


def test_melts_from_files_and_a_certificate_that_was_off(written):
    golden("card-melts-from-files.md", written("hp", melts_from=["melts.extxyz"]))
    golden("card-no-certificate.md", written("hp", certificate={"enabled": False}))


def test_the_card_of_a_smoke_test_says_so(written):
    assert "**smoke test: these numbers mean nothing.**" in written("lp", purpose="smoke test")


def test_a_potential_trained_elsewhere(written):
    golden("card-trained-elsewhere.md", written("hp", trained_elsewhere="models/given"))


def test_a_calculator_says_that_nobody_knows_what_it_saw_and_where_its_zero_lies(written, tmp_path):
    card = written("hp", "chgnet.model.dynamics:CHGNetCalculator", trained_elsewhere="chgnet...")
    golden("card-calculator.md", card)
    assert (
        "What it was trained on this study can't say" in card and "-3.2500 eV/atom" in card and '"network"' not in card
    )
    assert json.loads((tmp_path / "out_manifest.json").read_text())["frames"] == []
