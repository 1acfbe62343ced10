"""A study on released labels: melts and found structures from files, nothing melted, searched or computed."""

import json
import subprocess
import sys

import pandas as pd
import pytest
import yaml

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.lammps import LammpsEngine
from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.label.store import LabelStore, label_frames, labelled
from melt2crystal.liquid.melts_from_files import walk_of
from melt2crystal.search.found.table import UNIQUE, read_table
from melt2crystal.sections.reference import LammpsReference
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import canonical
from melt2crystal.study.load import load_study
from tests.helpers.checkout import environment, jobs

LABELS = [f"data/labels/mock-{name}.extxyz" for name in ("melt", "curves", "found")]
STUDY = {
    "name": "mock",
    "extends": "ci",
    "liquid": {"frames": LABELS[:1]},
    "reference": {"engine": "lammps"},
    "label": {"compute": False, "known": LABELS},
    "select": {"max_iterations": 0},
    "benchmark": {"energy_volume": {"structures": "experimental"}, "vdos": {"enabled": False}},
    "search": {"found": LABELS[2]},
}
NEVER = {"liquid_walks", "explore_walks", "explore_selection", "search_structures", "search_unique", "benchmark_vdos"}


def run(folder, *words, status=0):
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment() | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == status, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def curves(folder):
    """The ci study's crystals as in their files, scaled as the study scales them, labelled with BKS."""
    ci = yaml.safe_load((folder / "config/studies/ci.yaml").read_text())["benchmark"]
    values = {
        "benchmark.energy_volume.structures": "experimental",
        "benchmark.energy_volume.volume_scales": ci["energy_volume"]["volume_scales"],
        "benchmark.energy_volume.ions": "fixed",
        "substance": canonical(Substance()),
        "polymorphs": [{"name": name} | crystal for name, crystal in ci["polymorphs"].items()],
    }
    settings = ["--settings", json.dumps(values)]
    run(folder, "scripts/benchmark/structures.py", "--out", "structures.extxyz", *settings)
    run(folder, "scripts/benchmark/volumes.py", "--structures", "structures.extxyz", "--out", "v.extxyz", *settings)
    engine = LammpsEngine(LammpsReference(), ["Si", "O"])
    digest = settings_digest(engine)
    store = LabelStore(folder / "nowhere", digest, "test")
    frames = []
    for frame, label, _ in label_frames(read_frames(folder / "v.extxyz"), engine, store, 1000.0, {}):
        frame.info["split"] = "energy-volume"
        frames.append(labelled(frame, label, digest))
    return frames


@pytest.fixture(scope="module")
def mock(finished, tmp_path_factory):
    """A checkout with labels of the ci study as if they had been released, and a study on them, with an empty store."""
    checkout = finished.edited(tmp_path_factory.mktemp("released") / "mock")
    folder, ci = checkout.folder, checkout.folder / "results/ci"
    melts = [*read_frames(ci / "label/initial/labels.extxyz"), *read_frames(ci / "label/heldout/labels.extxyz")]
    write_frames(folder / LABELS[0], melts)
    write_frames(folder / LABELS[1], curves(folder))
    said = run(folder, "-m", "tools.released.release_found", "results/ci", LABELS[2])
    assert "structures" in said
    (folder / "config/studies/mock.yaml").write_text(yaml.safe_dump(STUDY))
    return checkout


def snakemake(mock, *words, status=0):
    return run(
        mock.folder, "-m", "snakemake", "--cores", "2", *words, "--config", "study=mock", "results=new", status=status
    )


def test_four_figures_without_melting_searching_or_an_engine(mock):
    planned = jobs(snakemake(mock, "-n", "--quiet", "rules"))
    assert not NEVER & set(planned)
    assert {"figures_parity", "figures_energy_volume", "figures_found_energies", "figures_found_crystals"} <= set(
        planned
    )
    assert planned["train_member"] == 4 and planned["liquid_certify"] == 2
    assert planned["label_shard"] == 4  # initial, heldout, eos, found at 10 GPa: looked up


def test_released_labels_are_found_and_walks_stay_together(mock):
    names = ("initial", "heldout", "eos")
    targets = [f"new/mock/label/{name}/labels.extxyz" for name in names]
    snakemake(mock, *targets, "new/mock/dataset/00/manifest.json", "new/mock/liquid/liquid.png")
    results = mock.folder / "new/mock"
    assert not list((mock.folder / "new/label-store").rglob("*.jsonl"))  # nothing was computed
    released = {frame.info["frame_id"]: frame for frame in read_frames(mock.folder / LABELS[0])}
    train, heldout = (read_frames(results / f"label/{name}/labels.extxyz") for name in names[:2])
    assert len(train) + len(heldout) <= len(released) and min(len(train), len(heldout)) > 3
    for frame in (*train, *heldout):
        same = released[frame.info["frame_id"]]
        assert frame.get_potential_energy() == pytest.approx(same.get_potential_energy(), abs=1e-9)
    assert not {walk_of(frame) for frame in train} & {walk_of(frame) for frame in heldout}
    dataset = json.loads((results / "dataset/00/manifest.json").read_text())["frames"]
    assert {row["frame_id"] for row in dataset} == {frame.info["frame_id"] for frame in train}
    counts = pd.read_csv(results / "liquid/certificate.csv")
    assert set(counts["walk"]) == {"not in this study"} and counts["frames"].sum() == len(released)
    assert set(pd.read_csv(results / "liquid/train/given/certificate.csv")["walk"]) == {"unknown"}
    assert (results / "liquid/liquid.png").stat().st_size > 10_000
    curves = read_frames(results / "label/eos/labels.extxyz")
    assert len(curves) == 10


def test_structures_found_earlier_are_evaluated_as_they_are(mock, tmp_path):
    released = read_frames(mock.folder / LABELS[2])
    assert {frame.info["split"] for frame in released} == {"found"}
    assert "split: found" in (mock.folder / LABELS[2]).with_suffix(".md").read_text()
    before = read_table(mock.folder / "results/ci/search/p10/unique.csv", UNIQUE)
    values = {"substance": canonical(Substance()), "search.symprecs_A": [0.01, 0.1]}
    values |= {f"search.{key}": value for key, value in RELAXATION.items()}
    models = sorted(str(path) for path in (mock.folder / "results/ci/models/hp").glob("*-compressed.pb"))
    outputs = [part for name in ("table", "structures", "relaxed") for part in (f"--{name}", str(tmp_path / name))]
    given = ["--found", LABELS[2], "--pressure=10", "--settings", json.dumps(values)]
    run(mock.folder, "scripts/search/given.py", *models, *outputs, *given)
    table = read_table(tmp_path / "table", UNIQUE).set_index("id")
    relaxed = pd.read_csv(tmp_path / "relaxed").set_index("id")
    assert len(table) == len(relaxed) == len(released)
    frames = {frame.info["id"]: frame for frame in read_frames(tmp_path / "structures")}
    ids = {frame.info["id"]: frame.info["frame_id"] for frame in released}
    assert {name: frame.info["frame_id"] for name, frame in frames.items()} == ids  # the geometry of the label
    labelled = before[[f"ci-{name}" in ids for name in before["id"]]]
    assert len(labelled) == len(released)
    for row in labelled.to_dict("records"):  # the same model: the same energy at the same geometry
        mine = table.loc[f"ci-{row['id']}"]
        assert mine["enthalpy_eV_per_atom"] == pytest.approx(row["enthalpy_eV_per_atom"], abs=1e-5)
        assert mine["volume_A3_per_atom"] == pytest.approx(row["volume_A3_per_atom"], abs=1e-6)


RELAXATION = {
    "relax_member": 0,
    "relax_steps": 30,
    "relax_force_eV_per_A": 0.05,
    "volume_range_A3_per_atom": [4, 30],
    "energy_floor_eV_per_atom": 1,
    "energy_ceiling_eV_per_atom": 5,
}


@pytest.mark.parametrize(
    "change, said",
    [
        ({"label": {"compute": False, "known": LABELS[1:]}}, "have no label of this reference in label.known"),
        ({"reference": {"engine": "lammps", "ewald_accuracy": 1e-6}}, "have no label of this reference in label.known"),
        ({"liquid": {"frames": [LABELS[1]]}}, "does not say temperature_K and pressure_GPa"),
        ({"release": {"lp": {"pressures_GPa": [5]}}}, "no frame of liquid.frames is at 5 GPa"),
        ({"search": {"found": LABELS[2], "pressures_GPa": [0]}}, "no structure was found at 0 GPa"),
        ({"search": {"found": LABELS[0]}}, "frames don't say split: found"),
    ],
)
def test_a_frame_without_a_label_is_told_before_anything_runs(mock, change, said, monkeypatch):
    monkeypatch.chdir(mock.folder)  # where its files lie
    (mock.folder / "config/studies/mock2.yaml").write_text(yaml.safe_dump({**STUDY, **change, "name": "mock2"}))
    with pytest.raises(UserError, match=f"mock2.yaml:.*{said}"):
        load_study({"study": "mock2"}, mock.folder, check_files=True)
