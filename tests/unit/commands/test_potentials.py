"""Training where the workflow doesn't run: what is refused, and the repair of converted models."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from melt2crystal.commands.potentials import TRAIN, put_training_script, send_out, take_back
from melt2crystal.errors import UserError
from melt2crystal.study.load import load_study
from scripts.train.given import train_given

ROOT = Path(__file__).resolve().parents[3]


def test_data_that_are_not_there_yet_are_named_with_the_command_that_builds_them(tmp_path):
    study = load_study({"study": "ci"}, ROOT)
    with pytest.raises(UserError, match=r"snakemake --config study=ci -- .*train/hp/info.json"):
        send_out(study, "hp", tmp_path / "ci", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_no_training_is_overwritten(tmp_path):
    for name in ("training.hdf5", "validation.hdf5", "info.json"):
        (tmp_path / "ci/train/hp").mkdir(parents=True, exist_ok=True)
        (tmp_path / "ci/train/hp" / name).touch()
    (tmp_path / "out/0").mkdir(parents=True)
    with pytest.raises(UserError, match="isn't empty"):
        send_out(load_study({"study": "ci"}, ROOT), "hp", tmp_path / "ci", tmp_path / "out")


def test_a_folder_without_members_and_a_member_without_a_model_are_refused(tmp_path):
    with pytest.raises(UserError, match="no folders of members"):
        take_back(tmp_path, tmp_path / "out")
    (tmp_path / "0").mkdir()
    with pytest.raises(UserError, match=r"no model\.pb, \.dp or \.pt"):
        take_back(tmp_path, tmp_path / "out")


def test_a_converted_model_gets_the_whole_input(tmp_path):
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        tf.constant(json.dumps({"model": {}}), name="train_attr/training_script", dtype=tf.string)
        tf.constant(1.5, name="train_attr/min_nbor_dist")
        (tmp_path / "model.pb").write_bytes(graph.as_graph_def().SerializeToString())
    settings = {"model": {"type_map": ["Si", "O"]}, "learning_rate": {"start_lr": 1e-3}}
    put_training_script(tmp_path / "model.pb", settings)
    again = tf.compat.v1.GraphDef.FromString((tmp_path / "model.pb").read_bytes())
    values = {node.name: tf.make_ndarray(node.attr["value"].tensor) for node in again.node}
    assert json.loads(values["train_attr/training_script"].item()) == settings
    assert values["train_attr/min_nbor_dist"] == 1.5


@pytest.mark.parametrize(
    "network, made",
    [("se_e2_a", ["--pt freeze -o model.pth", "convert-backend model.pth model.dp"]), ("DPA4", [])],
)
def test_the_script_trains_all_members_and_goes_on_from_the_last_checkpoint(tmp_path, network, made):
    (tmp_path / "bin").mkdir()
    stand_in = tmp_path / "bin/dp"  # writes down how it was called
    stand_in.write_text(
        '#!/bin/sh\necho "$@" >> calls\n'
        'case "$*" in *restart*) ;; *train*) touch model.ckpt-50.pt model.ckpt.pt;; esac\n'
    )
    (tmp_path / "train.sh").write_text(TRAIN)
    for script in (stand_in, tmp_path / "train.sh"):
        script.chmod(0o755)
    for member in "01":
        (tmp_path / member).mkdir()
        (tmp_path / member / "input.json").write_text(json.dumps({"model": {"type": network}}))
    variables = {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    for _ in range(2):
        subprocess.run([shutil.which("bash"), str(tmp_path / "train.sh")], env=variables, check=True)
    for member in "01":
        assert (tmp_path / member / "model.pt").exists() == (network == "DPA4")  # its last checkpoint is the model
        calls = (tmp_path / member / "calls").read_text().splitlines()
        first, again = "--pt train input.json", "--pt train input.json --restart model.ckpt-50.pt"
        assert calls == [first, *made, again, *made]


def test_a_model_for_other_species_is_refused_before_it_is_compressed(tmp_path, capsys):
    (tmp_path / "0-input.json").write_text(json.dumps({"model": {"type_map": ["O", "Si"]}}))
    out = {name: tmp_path / name for name in ("frozen", "compressed", "inputs")}
    settings = json.dumps({"substance": {}})
    with pytest.raises(SystemExit):
        train_given(tmp_path / "0.pb", tmp_path / "0-input.json", **out, settings=settings)
    said = capsys.readouterr().err
    assert "['O', 'Si']" in said and "['Si', 'O']" in said
    assert not out["frozen"].exists()


def given(folder: Path, contents: dict[str, str]) -> dict:
    """A study whose HP is given in a folder, with other contents of its files."""
    usual = {
        "manifest.json": json.dumps({"frames": [{"frame_id": "a", "pressure_GPa": 0}]}),
        **{f"{member}-input.json": json.dumps({"model": {"type_map": ["Si", "O"]}}) for member in (0, 1)},
        **{f"{member}.pb": "" for member in (0, 1)},
    }
    folder.mkdir()
    for name, content in {**usual, **contents}.items():
        (folder / name).write_text(content)
    return {"study": "ci", "release": {"hp": {"given": str(folder), "training": {"members": 2}}}}


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        ({"manifest.json": "frames: all"}, r"manifest\.json names no frames that were trained on: Invalid JSON"),
        ({"manifest.json": "{}"}, r"manifest\.json names no frames that were trained on: frames: Field required"),
        ({"manifest.json": '{"frames": [{}]}'}, r"frames\.0\.frame_id: Field required"),
        ({"1-input.json": "{"}, r"1-input\.json is no input of DeePMD: Invalid JSON"),
        ({"1-input.json": '{"model": {"type_map": ["O", "Si"]}}'}, r"1-input\.json is for O Si .*Si O"),
    ],
)
def test_files_of_a_given_potential_are_read_before_anything_is_planned(tmp_path, contents, said):
    load_study(given(tmp_path / "right", {}), ROOT, check_files=True)
    with pytest.raises(UserError, match="(?s)release.hp.given.*" + said):
        load_study(given(tmp_path / "wrong", contents), ROOT, check_files=True)
