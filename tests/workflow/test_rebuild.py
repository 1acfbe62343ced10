"""The rebuild contract: what a change reruns, judged by dry runs on a finished ci study."""

import json
import subprocess

import yaml

STUDY = "config/studies/ci.yaml"
FIGURES = {"figure_parity", "figure_energy_volume", "figure_search", "figure_found", "figure_learning"}


def change(checkout, path, value):
    """Set one key (dotted) of the ci study."""
    file = checkout.folder / STUDY
    study = json.loads(json.dumps(yaml.safe_load(file.read_text())))  # anchors would share what is edited
    *parents, last = path.split(".")
    section = study
    for name in parents:
        section = section.setdefault(name, {})
    section[last] = value
    file.write_text(yaml.safe_dump(study, sort_keys=True))


def append(checkout, name, text="\n# a comment\n"):
    with open(checkout.folder / name, "a") as handle:
        handle.write(text)


def test_a_finished_study_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.snakemake("-n")


def test_touching_and_restoring_sources_reruns_nothing(edited):
    names = subprocess.run(
        "find Snakefile rules scripts melt2crystal config data -type f",
        shell=True,
        cwd=edited.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in names:
        (edited.folder / name).touch()
    assert edited.planned() == {}
    original = (edited.folder / "scripts/figure_parity.py").read_text()
    append(edited, "scripts/figure_parity.py")
    (edited.folder / "scripts/figure_parity.py").write_text(original)
    assert edited.planned() == {}


def test_reordering_the_study_file_reruns_nothing(edited):
    file = edited.folder / STUDY
    study = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(dict(reversed(study.items())), sort_keys=False))
    assert edited.planned() == {}


def test_editing_a_plotting_script_reruns_that_figure_alone(edited):
    append(edited, "scripts/figure_parity.py")
    assert edited.planned() == {"figure_parity": 1}


def test_restyling_redraws_figures_and_recomputes_nothing(edited):
    change(edited, "figures.font_size_pt", 8)
    planned = edited.planned()
    assert planned and all(name.startswith("figure_") or name == "liquid_plot" for name in planned), planned
    assert set(planned) >= FIGURES


def test_one_more_member_trains_one_more_model(edited):
    change(edited, "release.hp.training.members", 3)
    planned = edited.planned()
    assert planned["train_member"] == 1
    assert planned["release_member"] == 1
    assert not {"dataset_assemble", "explore_walks", "select_frames", "liquid_walks"} & set(planned)
    assert planned["label_shard"] == 1  # of what the search finds with the larger ensemble


def test_a_changed_window_decides_again_and_keeps_paid_labels(edited):
    change(edited, "select.window.hi_factor", 5)
    planned = edited.planned()
    assert planned["select_frames"] == 1
    assert not {"liquid_walks", "liquid_certify", "explore_walks"} & set(planned)
    before = {path: path.read_text() for path in (edited.folder / "results/label-store").rglob("*.jsonl")}
    edited.snakemake("results/ci/label/iteration-00/labels.extxyz")
    after = {path: path.read_text() for path in (edited.folder / "results/label-store").rglob("*.jsonl")}
    for path, text in before.items():
        assert after[path].startswith(text)
    identities = [line.split(",", 1)[0] for text in after.values() for line in text.splitlines()]
    assert len(identities) == len(set(identities)), "a frame was labelled twice"


def test_one_more_pressure_walks_only_there(edited):
    file = edited.folder / STUDY
    study = yaml.safe_load(file.read_text())
    study["grid"].append({"pressure_GPa": 15, "temperatures_K": [5000, 5500]})
    file.write_text(yaml.safe_dump(study))
    planned = edited.planned()
    assert planned["liquid_walks"] == 2  # train and held-out, the new pressure only
    assert planned["liquid_certify"] == 2


def test_a_changed_temperature_walks_that_pressure_only(edited):
    file = edited.folder / STUDY
    study = yaml.safe_load(file.read_text())
    study["grid"][0]["temperatures_K"][0] += 100
    file.write_text(yaml.safe_dump(study))
    assert edited.planned()["liquid_walks"] == 2


def test_longer_training_of_the_released_potential_leaves_the_loop_alone(edited):
    change(edited, "release.hp.training.steps", 200)
    planned = edited.planned()
    assert planned["train_member"] == 2
    assert not {"dataset_assemble", "explore_walks", "liquid_walks", "train_data"} & set(planned)
    assert planned["label_shard"] == 1  # of what the search finds with the new potential


def test_a_tolerance_melts_nothing_again(edited):
    change(edited, "label.failure_tolerance", 0.1)
    planned = edited.planned()
    assert planned["label_collect"] >= 4
    assert "liquid_walks" not in planned and "liquid_certify" not in planned
