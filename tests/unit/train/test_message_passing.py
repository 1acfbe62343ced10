"""Networks whose atoms pass messages (dpa4): their input; a tiny one is trained where PyTorch is installed."""

import json
import zipfile

import numpy as np
import pytest
from ase.io import read

from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame
from melt2crystal.label.store import labelled
from melt2crystal.sections.train import Network, Training
from melt2crystal.study.load import load_study
from melt2crystal.train.dataset import write_hdf5
from melt2crystal.train.deepmd import newest_checkpoint, read_learning_curve, train
from melt2crystal.train.deepmd_input import CHECKPOINT, training_input
from melt2crystal.train.models import Ensemble

SPECIES = ["Si", "O"]
NETWORK = Network(
    descriptor="dpa4", r_cut_A=3.0, r_smth_A=1.0, channels=4, degree=1, blocks=1, axis_neurons=1, precision="float32"
)


def inputs(names, steps=10, seed=1):
    training = Training(steps=steps, learning_rate_start=4e-3)
    return training_input(NETWORK, training, SPECIES, [9, 9], {"training": names, "validation": names}, seed)


def test_the_input_is_dpa4s_and_members_differ_in_the_seed_alone():
    given = inputs(["data"])
    assert given["model"]["type"] == "DPA4" and given["model"]["type_map"] == SPECIES
    described = given["model"]["descriptor"]
    assert (described["rcut"], described["channels"], described["lmax"], described["n_blocks"]) == (3.0, 4, 1, 1)
    assert "sel" not in described and "neuron" not in described
    assert given["optimizer"]["type"] == "HybridMuon"
    one, other = (json.dumps(inputs(["data"], seed=seed)).replace(f'"seed": {seed}', '"seed": ?') for seed in (1, 2))
    assert one == other
    plain = training_input(Network(), Training(), SPECIES, [9, 9], {"training": ["d"], "validation": ["d"]}, 1)
    assert plain["model"]["descriptor"]["type"] == "se_e2_a" and "optimizer" not in plain


def test_a_checkpoint_that_was_cut_off_is_passed_over(tmp_path):
    for step in (90, 100, 1000):
        with zipfile.ZipFile(tmp_path / f"{CHECKPOINT}-{step}.pt", "w") as archive:
            archive.writestr("data", "weights" * 1000)
    assert newest_checkpoint(tmp_path, pytorch=True) == f"{CHECKPOINT}-1000.pt"
    last = tmp_path / f"{CHECKPOINT}-1000.pt"
    last.write_bytes(last.read_bytes()[:-30])
    assert newest_checkpoint(tmp_path, pytorch=True) == f"{CHECKPOINT}-100.pt"
    assert newest_checkpoint(tmp_path) is None  # TensorFlow's are others


@pytest.mark.parametrize(
    ("key", "said"),
    [("select", "select.max_iterations: 1 rounds explore, and walks are driven by LAMMPS"),
     ("benchmark", "benchmark.vdos.enabled: true, and walks are driven by LAMMPS")],
)  # fmt: skip
def test_walks_of_such_a_model_are_refused_before_anything_runs(key, said):
    changes = {"select": {"max_iterations": 0}, "benchmark": {"vdos": {"enabled": False}}}
    changes.pop(key)
    with pytest.raises(UserError) as caught:
        load_study({"study": "ci", "train": {"network": {"descriptor": "dpa4"}}, **changes}, ".")
    assert said in str(caught.value)
    assert "se_e2_a" in str(caught.value)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A model that was trained, killed and trained on; and its frames."""
    folder = tmp_path_factory.mktemp("train")
    frames = []
    for seed in range(4):
        frame = read("data/polymorphs/stishovite.cif").repeat((2, 2, 2))
        frame.rattle(0.1, seed=seed)
        frames.append(canonical_frame(frame))
    labels = reference_engine({"engine": "lammps"}, SPECIES).label(frames)
    frames = [labelled(frame, label, "d") for frame, label in zip(frames, labels, strict=True)]
    names = [f"{folder}/data.hdf5#/{name}" for name in write_hdf5(folder / "data.hdf5", frames, SPECIES)]
    train(inputs(names), folder / "work", pytorch=True)
    train(inputs(names, steps=20), folder / "work", pytorch=True)
    return folder / "work", frames


@pytest.mark.pytorch
def test_training_goes_on_from_its_last_checkpoint(trained):
    folder, _ = trained
    assert newest_checkpoint(folder, pytorch=True) == f"{CHECKPOINT}-20.pt"
    names, rows = read_learning_curve(folder / "lcurve.out")
    assert {"rmse_e_val", "rmse_f_trn", "lr"} <= set(names)
    assert [row[0] for row in rows] == sorted({row[0] for row in rows}) and rows[-1][0] == 20


@pytest.mark.pytorch
def test_its_forces_and_virial_are_derivatives_of_its_energy(trained):
    folder, frames = trained
    ensemble = Ensemble([folder / f"{CHECKPOINT}-20.pt"])
    energies, forces, virials = ensemble.evaluate(frames[:1])
    step, moved, strained = 1e-2, [], []
    for sign in (1, -1):
        copy = frames[0].copy()
        copy.positions[5, 1] += sign * step
        moved.append(copy)
        copy = frames[0].copy()
        copy.set_cell(copy.cell.array @ np.diag([1 + sign * step / 10, 1, 1]), scale_atoms=True)
        strained.append(copy)
    plus, minus = ensemble.evaluate(moved)[0][0]
    assert (plus - minus) / (2 * step) == pytest.approx(-forces[0][0, 5, 1], rel=0.02, abs=2e-3)  # float32
    plus, minus = ensemble.evaluate(strained)[0][0]
    assert (plus - minus) / (2 * step / 10) == pytest.approx(-virials[0, 0, 0, 0], rel=0.02, abs=2e-2)
    atoms = frames[0].copy()
    atoms.calc = ensemble.calculator(0)
    assert atoms.get_potential_energy() == pytest.approx(energies[0, 0], abs=1e-4)
