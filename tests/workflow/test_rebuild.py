"""The rebuild contract: what a change reruns, judged by dry runs on a finished ci study."""

import subprocess
from collections.abc import Iterator

import pytest
import yaml

from tests.helpers.checkout import Checkout
from tests.helpers.edits import STUDY, append, change, edit, grown
from tests.helpers.planner import Planned, planned_copy

FIGURES = {
    "figures_parity",
    "figures_energy_volume",
    "figures_found_energies",
    "figures_found_crystals",
    "figures_learning",
}


@pytest.fixture(scope="module")
def copy(finished, tmp_path_factory) -> Iterator[Planned]:
    """A copy of the finished checkout for all tests that only plan."""
    made = planned_copy(finished, tmp_path_factory.mktemp("planned") / "checkout")
    yield made
    made.process.communicate()  # it ends when nobody asks any more


@pytest.fixture
def shared(copy) -> Iterator[Planned]:
    """The same, put back after each test."""
    yield copy
    copy.put_back()


def test_a_finished_study_has_nothing_to_do(finished):
    assert "Nothing to be done" in finished.snakemake("-n")


def test_touching_and_restoring_sources_reruns_nothing(shared):
    names = subprocess.run(
        "find Snakefile rules scripts melt2crystal config data -type f",
        shell=True,
        cwd=shared.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    for name in names:
        (shared.folder / name).touch()
    assert shared.planned() == {}
    original = (shared.folder / "scripts/figures/parity.py").read_text()
    append(shared, "scripts/figures/parity.py")
    (shared.folder / "scripts/figures/parity.py").write_text(original)
    assert shared.planned() == {}


def test_the_command_says_the_same(shared):
    assert shared.planned() == {}
    append(shared, "melt2crystal/errors.py")  # of every program
    change(shared, "search.workers", 2)
    said = shared.planned()
    assert len(said) > 20 and said == Checkout(shared.folder).planned()


def test_reordering_the_study_file_reruns_nothing(shared):
    file = shared.folder / STUDY
    study = yaml.safe_load(file.read_text())
    file.write_text(yaml.safe_dump(dict(reversed(study.items())), sort_keys=False))
    assert shared.planned() == {}


def test_editing_a_plotting_script_reruns_that_figure_alone(shared):
    append(shared, "scripts/figures/parity.py")
    assert shared.planned() == {"figures_parity": 1}


def test_restyling_redraws_figures_and_recomputes_nothing(shared):
    change(shared, "figures.font_size_pt", 8)
    planned = shared.planned()
    assert planned and all(name.startswith("figures_") or name == "liquid_plot" for name in planned), planned
    assert set(planned) >= FIGURES


def test_one_more_member_trains_one_more_model(shared):
    change(shared, "release.hp.training.members", 3)
    planned = shared.planned()
    assert planned["train_member"] == 1
    assert planned["train_release_member"] == 1
    assert not {"train_assemble", "explore_walks", "explore_selection", "liquid_walks"} & set(planned)
    assert planned["label_shard"] == 1  # of what the search finds with the larger ensemble


def test_a_changed_window_decides_again_and_keeps_paid_labels(edited):
    change(edited, "select.window.hi_factor", 5)
    planned = edited.planned()
    assert planned["explore_selection"] == 1
    assert not {"liquid_walks", "liquid_certify", "explore_walks"} & set(planned)
    before = {path: path.read_text() for path in (edited.folder / "results/label-store").rglob("*.jsonl")}
    edited.snakemake("results/ci/label/iteration-00/labels.extxyz")
    after = {path: path.read_text() for path in (edited.folder / "results/label-store").rglob("*.jsonl")}
    for path, text in before.items():
        assert after[path].startswith(text)
    identities = [line.split(",", 1)[0] for text in after.values() for line in text.splitlines()]
    assert len(identities) == len(set(identities)), "a frame was labelled twice"


def test_one_more_pressure_walks_only_there(shared):
    file = shared.folder / STUDY
    study = yaml.safe_load(file.read_text())
    study["grid"].append({"pressure_GPa": 15, "temperatures_K": [5000, 5500]})
    file.write_text(yaml.safe_dump(study))
    planned = shared.planned()
    assert planned["liquid_walks"] == 2  # train and held-out, the new pressure only
    assert planned["liquid_certify"] == 2


def test_a_changed_temperature_walks_that_pressure_only(shared):
    file = shared.folder / STUDY
    study = yaml.safe_load(file.read_text())
    study["grid"][0]["temperatures_K"][0] += 100
    file.write_text(yaml.safe_dump(study))
    assert shared.planned()["liquid_walks"] == 2


def test_longer_training_of_the_released_potential_leaves_the_loop_alone(shared):
    change(shared, "release.hp.training.steps", 200)
    planned = shared.planned()
    assert planned["train_member"] == 2
    assert not {"train_assemble", "explore_walks", "liquid_walks", "train_data"} & set(planned)
    assert planned["label_shard"] == 1  # of what the search finds with the new potential


def test_a_tolerance_reruns_nothing_that_is_finished(shared):
    change(shared, "label.failure_tolerance", 0.1)
    assert shared.planned() == {}  # six trainings, before it was no parameter of the batches that are finished


def git(checkout, *arguments):
    command = [
        "git",
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@localhost",
        "-c",
        "commit.gpgsign=false",
        *arguments,
    ]
    subprocess.run(command, cwd=checkout.folder, check=True, capture_output=True)


def test_an_edited_module_reruns_exactly_its_importers(shared):
    append(shared, "melt2crystal/jobs/ledger.py")  # no rule imports it
    assert shared.planned() == {}
    append(shared, "melt2crystal/figures/structure_drawing.py")
    assert shared.planned() == {"figures_found_crystals": 1, "figures_gallery": 1}
    append(shared, "melt2crystal/benchmark/equation_of_state.py")
    expected = {
        "figures_found_crystals",
        "figures_gallery",
        "benchmark_errors",
        "benchmark_fits",
        "figures_energy_volume",
        "report_summary",
    }
    assert shared.planned() == dict.fromkeys(expected, 1)


def test_an_edited_docstring_is_an_edit(shared):
    edit(shared, "scripts/figures/parity.py", '"""', '"""Again. ')
    assert shared.planned() == {"figures_parity": 1}


def test_another_branch_and_back_reruns_nothing(edited):
    git(edited, "init", "--quiet", "--initial-branch=here")
    git(edited, "add", "--all")
    git(edited, "commit", "--quiet", "--message=as it ran")
    git(edited, "checkout", "--quiet", "-b", "there")
    append(edited, "scripts/figures/parity.py")
    append(edited, "melt2crystal/liquid/walks.py")
    git(edited, "commit", "--quiet", "--all", "--message=another melt")
    planned = edited.planned()
    assert planned["liquid_walks"] == 4 and planned["figures_parity"] == 1
    git(edited, "checkout", "--quiet", "here")
    assert edited.planned() == {}


def test_a_package_that_no_rule_names_reruns_nothing(shared):
    append(shared, "envs/requirements.txt", "another-package==1.0\n")
    assert shared.planned() == {}


def test_one_more_volume_is_the_only_one_labelled(edited):
    grown(edited, "benchmark.energy_volume.volume_scales", 1.02)
    planned = edited.planned()
    assert planned["benchmark_volumes"] == planned["label_shard"] == 1
    assert not {"benchmark_structures", "benchmark_vdos", "train_member", "search_structures"} & set(planned)
    before = stored(edited)
    edited.snakemake("results/ci/label/eos/labels.extxyz")
    assert len(stored(edited)) == len(before) + 2  # one for each polymorph


def stored(checkout):
    """Labels in the store."""
    files = (checkout.folder / "results/label-store").rglob("*.jsonl")
    return sorted(line for file in files for line in file.read_text().splitlines())


def test_one_more_polymorph_leaves_melts_and_models(shared):
    crystal = {"file": "data/polymorphs/beta_quartz.cif", "title": "β-quartz", "space_group": 180, "coordination": 4}
    change(shared, "benchmark.polymorphs.beta_quartz", {**crystal, "temperature_K": 300, "pressure_GPa": 0})
    planned = shared.planned()
    assert planned["benchmark_structures"] == 1 and planned["benchmark_vdos"] == 2
    assert planned["label_shard"] == 1 and "search_structures" not in planned  # the search knows no crystal
    assert not {"liquid_walks", "train_data", "train_member", "explore_walks", "explore_selection"} & set(planned)


def test_released_labels_are_looked_up_and_none_is_computed(edited):
    known = edited.folder / "data/labels/released.extxyz"
    known.write_bytes((edited.folder / "results/ci/label/initial/labels.extxyz").read_bytes())
    change(edited, "label.known", ["data/labels/released.extxyz"])
    planned = edited.planned()
    assert planned["label_shard"] >= 3 and not {"liquid_walks", "liquid_certify"} & set(planned)
    before = stored(edited)
    edited.snakemake("results/ci/dataset/00/manifest.json", "results/ci/label/heldout/labels.extxyz")
    assert stored(edited) == before, "a label was computed again"


def test_places_are_no_settings(edited):
    (edited.folder / "profiles/slurm/partitions.yaml").write_text("partitions:\n  other: {max_runtime: 60}\n")
    change(edited, "jobs", {"gpus": 1, "label_ranks": 2, "label_MB_per_rank": 1000, "minutes_per_shard": 60})
    change(edited, "search.workers", 2)
    said = edited.snakemake("-n", "--cores", "7", "--profile", "profiles/workstation")
    assert "Nothing to be done" in said
    moved = Checkout(edited.folder.rename(edited.folder.with_name("moved")))
    assert moved.planned() == {}
