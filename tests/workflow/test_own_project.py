"""A project of one's own beside the clone: commands mean the folder a person stands in, data of the clone are found."""

import re
import subprocess
import sys

import pytest

from tests.helpers.checkout import Checkout, environment, tool

STUDY = "extends: ci\nseed: 5\n"


@pytest.fixture
def project(fresh, tmp_path):
    """A folder with one study, of a name that is hard, and how commands of the clone are called there."""
    folder = tmp_path / "own @ project"
    (folder / "config/studies").mkdir(parents=True)
    (folder / "config/studies/mine.yaml").write_text(STUDY)
    (folder / "config/config.yaml").write_text("study: mine\n")

    def ask(*words, inside=".", check=True):
        surroundings = {**environment(), "PYTHONPATH": str(fresh.folder)}
        command = [sys.executable, "-m", "melt2crystal", *words]
        done = subprocess.run(command, cwd=folder / inside, env=surroundings, capture_output=True, text=True)
        assert not check or done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    return folder, ask


def test_status_why_and_labels_mean_the_project_and_need_no_link_to_the_data(project, fresh):
    folder, ask = project
    said = ask("status")
    assert "Study mine: 0 of" in said and "by the plan's unit costs" in said
    (folder / "results/mine").mkdir(parents=True)
    said = ask("why", "results/mine/figures/figure1.png", inside="results")
    assert "would run" in said and "figures_parity" in said
    assert "no frames were asked for yet" in ask("labels", "report", check=False)
    assert "labels are asked for in the root of the project" in ask("labels", "report", inside="results", check=False)
    assert not (fresh.folder / "results/mine").exists() and not (folder / "data").exists()


def test_the_ledger_counts_jobs_of_the_report_as_jobs(project):
    folder, ask = project
    for rule, name in (("report_tables", "report_tables"), ("report_dag", "report_dag"), ("train_member", "hp-7")):
        path = folder / f"results/mine/benchmarks/{rule}/{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("s\th:m:s\tmax_rss\tcpu_time\n36\t0:00:36\t-\t36\n")
    ask("ledger")
    page = (folder / "results/mine/ledger/ledger.md").read_text()
    assert "| Figures, summary | report |  | 2 | 0.02 |" in page
    assert "| former settings | 1 | 0.01 |" in page  # the eighth member, which nobody asks for


def test_a_first_run_is_judged_by_the_plan(fresh):
    said = tool(fresh, "status", "--study", "laptop")
    assert re.search(r"left     about \d+ min with \d+ at a time \(\d+ min of work\); all of it by the plan", said), (
        said
    )
    assert "as no such job has run here yet" in said and "unknown" not in said


def test_a_missing_reference_is_told_before_any_melt_begins(fresh, tmp_path):
    checkout = Checkout(fresh.edited(tmp_path / "broken").folder)
    (checkout.folder / "no_calculator.py").write_text("raise ImportError('the code of the reference is missing')\n")
    text = "extends: ci\nreference: {engine: ase, name: none, calculator: 'no_calculator:None'}\n"
    text += "benchmark: {vdos: {reference: false}}\n"
    (checkout.folder / "config/studies/broken.yaml").write_text(text)
    said = checkout.snakemake("--cores", "8", check=False, config=("study=broken",))
    assert "label_check" in said and "no_calculator" in said
    assert "Study broken stopped before its end" in said and "melt2crystal status --study broken" in said
    assert not list(checkout.folder.glob("results/broken/logs/liquid_walks/*"))
