"""A tiny model is trained for real (a few steps) and everything that reads models is tested on it."""

import json
from pathlib import Path

import numpy as np
import pytest
from ase.io import read

from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import EngineError, UserError
from melt2crystal.files import digest_of_file
from melt2crystal.frames import canonical_frame, write_frames
from melt2crystal.label.store import labelled
from melt2crystal.sections.train import Network, Training
from melt2crystal.train.agreement import parity_errors
from melt2crystal.train.dataset import check_content, most_neighbours, selection, split, write_hdf5
from melt2crystal.train.deepmd import newest_checkpoint, read_learning_curve, run_dp, train
from melt2crystal.train.deepmd_input import CHECKPOINT, training_input
from melt2crystal.train.given import check_type_map
from melt2crystal.train.models import Ensemble

SPECIES = ["Si", "O"]
NETWORK = Network(r_cut_A=4.0, r_smth_A=1.0, embedding=[4, 8], axis_neurons=2, fitting=[8, 8], selection_margin=2.0)


@pytest.fixture(scope="module")
def frames():
    crystal = read("data/polymorphs/stishovite.cif")
    given = []
    for seed in range(6):
        frame = crystal.repeat((2, 2, 2))
        frame.rattle(0.1, seed=seed)
        given.append(canonical_frame(frame))
    labels = reference_engine({"engine": "lammps"}, SPECIES).label(given)
    return [labelled(frame, label, "d") for frame, label in zip(given, labels, strict=True)]


@pytest.fixture(scope="module")
def trained(frames, tmp_path_factory):
    folder = tmp_path_factory.mktemp("train")
    systems = write_hdf5(folder / "data.hdf5", frames, SPECIES)
    names = [f"{folder}/data.hdf5#/{name}" for name in systems]
    sel = selection(most_neighbours(frames, SPECIES, NETWORK.r_cut_A), NETWORK.selection_margin)
    inputs = training_input(NETWORK, Training(steps=20), SPECIES, sel, {"training": names, "validation": names}, seed=1)
    train(inputs, folder / "work")
    run_dp(["freeze", "-o", "model.pb"], folder / "work")
    return folder / "work", inputs


def test_batched_evaluation_agrees_with_the_calculator_and_with_differences(trained, frames):
    ensemble = Ensemble([trained[0] / "model.pb"] * 2)
    energies, forces, virials = ensemble.evaluate(frames)
    assert energies.shape == (2, 6) and forces[0].shape == (2, 48, 3) and virials.shape == (2, 6, 3, 3)
    atoms = frames[2].copy()
    atoms.calc = ensemble.calculator(0)
    assert atoms.get_potential_energy() == pytest.approx(energies[0, 2], abs=1e-9)
    assert atoms.get_stress(voigt=False) == pytest.approx(-virials[0, 2] / atoms.get_volume(), abs=1e-9)
    step, strained = 1e-4, []
    for sign in (1, -1):
        copy = frames[2].copy()
        copy.set_cell(copy.cell.array @ np.diag([1 + sign * step, 1, 1]), scale_atoms=True)
        strained.append(copy)
    plus, minus = ensemble.evaluate(strained)[0][0]
    assert (plus - minus) / (2 * step) == pytest.approx(-virials[0, 2, 0, 0], rel=1e-4)


def test_a_broken_model_file_is_named(tmp_path):
    (tmp_path / "model.pb").write_text("no model")
    with pytest.raises(UserError, match=r"model\.pb"):
        Ensemble([tmp_path / "model.pb"])


def test_training_resumes_from_its_last_checkpoint(trained):
    folder, inputs = trained
    assert list(folder.glob(f"{CHECKPOINT}*.index"))
    more = {**inputs, "training": {**inputs["training"], "numb_steps": 30}}
    train(more, folder)
    names, rows = read_learning_curve(folder / "lcurve.out")
    steps = [row[names.index("step")] for row in rows]
    assert steps == sorted(steps) and steps[-1] == 30
    assert 15 in steps  # the first run's curve is kept: nothing began anew


def test_a_checkpoint_that_was_cut_off_is_passed_over(tmp_path):
    assert newest_checkpoint(tmp_path) is None
    for step, ends in ((60, ("meta", "index", "data-00000-of-00001")), (120, ("index", "data-00000-of-00001"))):
        for end in ends:
            (tmp_path / f"{CHECKPOINT}-{step}.{end}").write_text("content")
    assert newest_checkpoint(tmp_path) == f"{CHECKPOINT}-60"
    (tmp_path / f"{CHECKPOINT}-120.meta").write_text("content")
    assert newest_checkpoint(tmp_path) == f"{CHECKPOINT}-120"


def test_dp_that_is_missing_or_fails_says_so(tmp_path, monkeypatch):
    (tmp_path / "input.json").write_text("{}")
    with pytest.raises(EngineError, match="ended with status"):
        run_dp(["train", "input.json"], tmp_path)
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with pytest.raises(EngineError, match="'dp'"):
        run_dp(["train", "input.json"], tmp_path)


def test_neighbour_counts_are_those_of_a_simple_cubic_lattice():
    from ase import Atoms

    lattice = Atoms("Si", cell=[2.0] * 3, pbc=True).repeat(4)
    assert most_neighbours([lattice], ["Si"], 2.1) == [6]
    assert most_neighbours([lattice], ["Si"], 2.9) == [18]
    assert selection([6, 18], 1.3) == [8, 24]


def test_every_state_gives_to_the_validation_set(frames):
    given = []
    for number in range(40):
        frame = frames[0].copy()
        frame.info.update(temperature_K=3000.0 + number % 2, pressure_GPa=0.0)
        given.append(frame)
    kept, held = split(given, 0.1, np.random.default_rng(0))
    assert sorted(kept + held) == list(range(40)) and len(held) == 4
    assert {given[k].info["temperature_K"] for k in held} == {3000.0, 3001.0}


def test_parity_errors_of_a_known_offset():
    values = {
        "energy_reference": np.array([0.0, 0.0]),
        "energy_model": np.array([[6.0, 6.0], [0.0, 0.0]]),
        "atoms": np.array([3, 3]),
        "forces_reference": np.zeros((6, 3)),
        "forces_model": np.stack([np.full((6, 3), 0.2), np.zeros((6, 3))]),
        "pressure_GPa": np.array([0.0, 10.0]),
    }
    errors = parity_errors(values)
    assert errors["energy_rmse_meV_per_atom"] == pytest.approx(1000.0)
    assert errors["force_rmse_eV_per_A"] == pytest.approx(0.1)
    assert [m["force_rmse_eV_per_A"] for m in errors["members"]] == pytest.approx([0.2, 0.0])
    assert set(errors["pressures"]) == {"0", "10"}
    assert "walks" not in errors
    assert parity_errors(values, ["a", "b"])["energy_interval_meV_per_atom"] is None  # two walks make no interval


def test_dpdata_system_has_virial_minus_volume_times_stress(frames, tmp_path):
    import dpdata

    write_hdf5(tmp_path / "data.hdf5", frames, SPECIES)
    system = next(iter(dpdata.MultiSystems().from_deepmd_hdf5(str(tmp_path / "data.hdf5"))))
    expected = -frames[0].get_volume() * frames[0].get_stress(voigt=False)
    assert system.data["virials"][0] == pytest.approx(expected)
    assert Path(tmp_path / "data.hdf5").stat().st_size > 0


def test_each_member_counts_species_by_its_own_map(trained, frames, tmp_path):
    """The same network told that its types are O and Si: what it calls Si it takes for the study's O."""

    class Renamed:
        def __init__(self, model, names):
            self.model, self.names = model, names

        def get_type_map(self):
            return self.names

        def eval(self, coordinates, cells, types):
            own = [SPECIES.index("Si" if self.names[kind] == "Si" else "O") for kind in types]
            return self.model.eval(coordinates, cells, own)

    ensemble = Ensemble([trained[0] / "model.pb"] * 2)
    ensemble.models[1] = Renamed(ensemble.models[1], ["O", "Si"])
    ensemble.type_maps[1] = ensemble.models[1].get_type_map()
    energies, forces, _ = ensemble.evaluate(frames[:2])
    assert energies[0] == pytest.approx(energies[1]) and forces[0][0] == pytest.approx(forces[0][1])
    frames[0].calc, labels = ensemble.calculator(1), frames[0].calc
    assert frames[0].get_potential_energy() == pytest.approx(energies[0, 0])
    frames[0].calc = labels
    ensemble.type_maps[1] = ["Ge", "O"]
    with pytest.raises(UserError, match="the model knows Ge O only, not Si"):
        ensemble.evaluate(frames[:1])


def test_a_given_model_is_asked_itself_for_its_species(trained):
    model = trained[0] / "model.pb"
    (theirs,) = Ensemble([model]).type_maps
    check_type_map(theirs, SPECIES, model)
    for species in (["O", "Si"], ["Si"], ["Ge", "O"]):
        with pytest.raises(UserError, match=r"model\.pb: the model itself has the type map Si O"):
            check_type_map(theirs, species, model)


def test_a_dataset_cut_at_a_frame_is_refused(frames, tmp_path):
    dataset, manifest = tmp_path / "dataset.extxyz", tmp_path / "manifest.json"
    write_frames(dataset, frames)
    manifest.write_text(json.dumps({"content": digest_of_file(dataset)}))
    check_content([dataset], manifest)
    write_frames(dataset, frames[:-1])
    with pytest.raises(UserError, match=r"dataset\.extxyz: is not the file that was written.*run again"):
        check_content([dataset], manifest)
    for broken in ("{", "[]", "{}"):
        manifest.write_text(broken)
        with pytest.raises(UserError, match=r"manifest\.json: says no SHA-256"):
            check_content([dataset], manifest)
