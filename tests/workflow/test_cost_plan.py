"""The plan of the paper's study, from its own job graph."""

import re

import yaml

from tests.helpers.checkout import tool


def gpu_hours(said, stage):
    """GPU-hours and jobs of a stage."""
    found = re.search(rf"^ *\S+ +(\S+)  ([\d,]+)  {stage}$", said, re.MULTILINE)
    return float(found[1].replace(",", "")), int(found[2].replace(",", ""))


def test_twice_the_members_are_twice_the_training(fresh, tmp_path):
    said = tool(fresh, "plan", "--study", "paper")
    assert "4 members x 8 trainings x 1,000,000 steps" in said
    assert "2 searches x 400 structures (Z=8)" in said and "99 labels (eos)" in said
    assert "1 benchmark_structures, 32 cores each" in said  # it calls the reference, as a shard of labels does
    assert "No faster than" in said and "Storage" in said and "What ran here" not in said

    study = tmp_path / "larger.yaml"
    study.write_text(yaml.safe_dump({"name": "larger", "extends": "paper", "train": {"loop": {"members": 8}}}))
    larger = tool(fresh, "plan", "--study", str(study), "--unit", "train_start_s=0")
    hours, jobs = gpu_hours(said, "TRAINING")
    more_hours, more_jobs = gpu_hours(larger, "TRAINING")
    assert abs(more_hours / hours - 2) < 0.01 and more_jobs - jobs == 8 * 4
    assert gpu_hours(larger, "HP")[1] == gpu_hours(said, "HP")[1]  # a released ensemble has members of its own
