"""The page of upgrades, followed: a finished study of 0.1 is kept, its times are found again, its labels survive."""

import os
import re
import subprocess

import pytest

from tests.helpers.checkout import REPOSITORY
from tests.helpers.edits import append

PAGE = (REPOSITORY / "docs/guides/upgrade.md").read_text(encoding="utf-8")
RENAMES = re.findall(r"(\w+):(\w+)", "".join(re.findall(r"for pair in (.*?); do", PAGE, re.DOTALL)))


def block(word: str) -> str:
    """The commands of the page that say this word."""
    (found,) = (text for text in re.findall(r"```\n(.*?)```", PAGE, re.DOTALL) if word in text)
    return found


@pytest.fixture
def upgraded(edited):
    """A finished study whose code is other files now, and whose logs lie below the old names of rules."""
    append(edited, "melt2crystal/errors.py")  # of every program
    results = edited.folder / "results/ci"
    for folder in ("logs", "benchmarks"):
        for old, new in RENAMES:
            if (results / folder / new).is_dir():
                (results / folder / new).rename(results / folder / old)
    return edited


def test_a_finished_study_is_kept(upgraded):
    labels = sorted(path.read_bytes() for path in upgraded.folder.glob("results/label-store/*/*.jsonl"))
    assert sum(upgraded.planned().values()) > 40
    (touch,) = (line for line in block("--touch").splitlines() if "--touch" in line)
    assert touch.startswith("snakemake --cores 1 --touch --config study=NAME")
    upgraded.snakemake("--touch")
    assert "Nothing to be done" in upgraded.snakemake("-n")
    assert sorted(path.read_bytes() for path in upgraded.folder.glob("results/label-store/*/*.jsonl")) == labels


def test_times_of_renamed_rules_are_found_again(upgraded):
    assert len(RENAMES) == 14
    before = {path.name for path in (upgraded.folder / "results/ci/benchmarks").iterdir()}
    assert "reference_check" in before and "label_check" not in before
    script = block("for pair in").replace("results/NAME", "results/ci")
    subprocess.run(["bash", "-c", script], cwd=upgraded.folder, env=os.environ, check=True)
    after = {path.name for path in (upgraded.folder / "results/ci/benchmarks").iterdir()}
    assert after >= {"label_check", "label_request", "train_assemble", "report_summary"}
    assert not after & {old for old, _ in RENAMES}
