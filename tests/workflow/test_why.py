"""Questions to a finished ci study: why would it rerun, how far is it, what did it cost."""

import re
import shutil

import pandas as pd

from tests.helpers.checkout import tool
from tests.helpers.edits import append, change

FIGURE = "results/ci/figures/figure1.png"
BROKEN = """
from melt2crystal.errors import UserError


@reports_errors
def broken() -> None:
    raise UserError("volumes are too few; widen benchmark.energy_volume.volume_scales")


if __name__ == "__main__":
    broken()
"""


def test_nothing_changed_and_the_table_of_boxes_is_no_input(edited):
    table = edited.folder / "rules/stages.yaml"
    table.write_text(table.read_text().replace("title: Liquid", "title: Melt"))
    assert "Nothing: all is up to date." in tool(edited, "why", "all", "--study", "ci")


def test_settings_code_and_deleted_files_are_named_with_their_way(edited):
    change(edited, "release.hp.training.steps", 160)
    append(edited, "scripts/figures/parity.py")
    (edited.folder / "results/ci/label/heldout/labels.extxyz").unlink()
    said = tool(edited, "why", FIGURE)
    assert "setting training.steps: 150 -> 160" in said
    assert "runs again: train_member (ensemble=hp, member=0); train_member (ensemble=hp, member=1)" in said
    assert "-> train_heldout (ensemble=hp)\n     -> figures_parity" in said
    assert "code: scripts/figures/parity.py was edited" in said
    assert "deleted since it was made: results/ci/label/heldout/labels.extxyz" in said
    assert said.count("runs again:") == 3, said
    assert "ensemble=iteration" not in said  # the loop's training has settings of its own


def test_records_that_are_lost_are_said_to_be(edited):
    """Then a changed setting makes nothing rerun, and nobody may say that all is up to date."""
    shutil.rmtree(edited.folder / ".snakemake/metadata")
    change(edited, "release.hp.training.steps", 160)
    said = tool(edited, "why", FIGURE)
    assert "Nothing that can be seen" in said and "up to date" not in said
    assert "have lost Snakemake's record (.snakemake/metadata)" in said and "--touch" in said
    append(edited, "results/ci/train/hp/heldout.npz")
    said = tool(edited, "why", FIGURE)
    assert "would run" in said and "have lost Snakemake's record" in said


def test_a_file_no_rule_makes_is_said_in_words(finished):
    said = tool(finished, "why", "results/ci/figures/figure9.png", check=False)
    assert "ERROR: No rule to produce results/ci/figures/figure9.png" in said and "Traceback" not in said


def test_status_and_ledger_know_a_failed_job(edited):
    script = edited.folder / "scripts/benchmark/fits.py"
    original = script.read_text()
    script.write_text(original.split("if __name__")[0] + BROKEN)
    edited.snakemake("results/ci/benchmark/fits.csv", check=False)
    said = tool(edited, "status", "--study", "ci")
    assert "not running" in said and "failed   benchmark_fits" in said
    assert "results/ci/logs/benchmark_fits/benchmark_fits.log" in said and "volumes are too few" in said
    done, jobs = map(int, said.split("Study ci: ")[1].split(" jobs")[0].split(" of "))
    assert jobs - done == 4  # the fits, figures 2 and 4, the summary
    assert "left     about" in said

    tool(edited, "ledger", "--study", "ci")
    folder = edited.folder / "results/ci/ledger"
    table = pd.read_csv(folder / "ledger.csv", dtype={"iteration": str}).set_index("box")
    hours = table.groupby("box")["core_hours"].sum()
    assert table["jobs"].sum() > 50 and (table["core_hours"] > 0).all()
    assert hours["HP"] > hours["Known crystals"]
    assert table.loc["Training", "iteration"] == "00" and table["kept_labels"].sum() > 30
    assert re.search(r"\| failed attempts \| [1-9]", (folder / "ledger.md").read_text())
    assert (folder / "ledger.pdf").stat().st_size > 5_000
