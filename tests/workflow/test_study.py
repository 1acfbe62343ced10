"""The ci study as a whole: it runs, its results are complete, and it gives the same selection twice."""

import json
import re
import shlex

import pandas as pd

from melt2crystal.files import digest_of_file
from melt2crystal.frames import read_frames
from melt2crystal.summary.schema import Summary

REQUESTED = "results/ci/label/iteration-00/requested.extxyz"


def test_two_runs_give_identical_selections(finished, fresh, tmp_path):
    second = fresh.edited(tmp_path / "second")
    second.snakemake(REQUESTED)
    for name in (REQUESTED, "results/ci/select/00/table.csv", "results/ci/dataset/00/manifest.json"):
        assert digest_of_file(second.folder / name) == digest_of_file(finished.folder / name), name


def test_every_part_of_the_paper_is_there(finished):
    results = finished.folder / "results/ci"
    for number in range(1, 5):
        for kind in ("pdf", "png"):
            assert (results / f"figures/figure{number}.{kind}").stat().st_size > 5_000
    for potential in ("lp", "hp"):
        card = (results / f"models/{potential}/card.md").read_text()
        assert "BKS (classical stand-in for DFT)" in card and "SHA-256" in card
    summary = Summary.model_validate_json((results / "summary.json").read_text())
    assert summary.study == "ci"
    assert "BKS (classical stand-in for DFT)" in (results / "summary.md").read_text()


def test_lp_saw_only_the_melt_at_its_pressures(finished):
    manifest = json.loads((finished.folder / "results/ci/models/lp/manifest.json").read_text())
    assert manifest["number_of_frames"] > 0
    assert {frame["pressure_GPa"] for frame in manifest["frames"]} == {0.0}


def test_every_training_frame_has_a_certificate(finished):
    results = finished.folder / "results/ci"
    tables = [*results.glob("liquid/train/p*/certificate.csv"), *results.glob("select/*/chosen.csv")]
    verdicts = pd.concat([pd.read_csv(path) for path in tables]).set_index("frame_id")
    trained = [frame.info["frame_id"] for frame in read_frames(results / "dataset/01/dataset.extxyz")]
    assert len(trained) > 20
    assert verdicts.loc[trained, "passed"].astype(bool).all()


def test_the_new_labels_of_the_iteration_are_in_the_dataset(finished):
    results = finished.folder / "results/ci"
    counts = [
        json.loads((results / f"dataset/{name}/manifest.json").read_text())["number_of_frames"] for name in ("00", "01")
    ]
    labelled = len(read_frames(results / "label/iteration-00/labels.extxyz"))
    assert labelled > 0 and counts[1] == counts[0] + labelled


def test_a_run_ends_by_saying_where_the_results_are_and_what_comes_next(edited):
    (edited.folder / "results/ci/summary.md").unlink()
    said = edited.snakemake()
    assert "Study ci is finished. Its numbers: results/ci/summary.md; its figures: results/ci/figures/." in said
    assert "Next: melt2crystal report --study ci" in said and "export" in said
    assert "is finished" not in edited.snakemake("figures", "--forcerun", "figures_learning")


def test_every_log_begins_with_a_command_to_repeat_by_hand(finished):
    logs = [
        path
        for path in (finished.folder / "results/ci/logs").rglob("*.log")
        if path.parent.name != "train_release_member"
    ]
    assert len(logs) > 40
    for path in logs:
        program, script, *_ = shlex.split(path.read_text().splitlines()[0])
        assert program == "python" and re.search(r"/scripts/\w+/\w+\.py$", script), path


def test_every_job_left_its_cost(finished):
    table = pd.concat(
        [pd.read_csv(path, sep="\t") for path in (finished.folder / "results/ci/benchmarks").rglob("*.tsv")]
    )
    assert len(table) > 40 and table["s"].min() >= 0


def test_each_part_is_a_target(finished):
    assert "Nothing to be done" in finished.snakemake("-n", "potentials", "benchmark", "search", "figures")


def test_a_study_file_can_be_given_as_configuration_file(finished):
    import subprocess
    import sys

    from tests.helpers.checkout import environment

    command = [sys.executable, "-m", "snakemake", "-n", "--configfile", "config/studies/ci.yaml"]
    done = subprocess.run(command, cwd=finished.folder, capture_output=True, text=True, env=environment())
    assert "Nothing to be done" in done.stdout + done.stderr


def test_a_wrong_key_ends_before_the_dag_is_built(fresh):
    text = fresh.snakemake("-n", check=False, config=("trian=1",))
    assert "trian" in text and "did you mean train" in text
    assert "Traceback" not in text and "Building DAG" not in text
