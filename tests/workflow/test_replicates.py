"""Runs of a study with other seeds: what each job of a second run sees, and what a finished first run is spared."""

import ast
import json
import subprocess
import sys

import pytest

from tests.helpers.checkout import environment, jobs, tool
from tests.helpers.edits import change

ASKED = """
import json, sys
from melt2crystal.jobs.snakemake_plan import plan
from tools.rebuild.many_plans import in_fork, records_of

def told(config):
    with plan(config=config, whole=True) as planned:
        return {" ".join(one.identity): [one.params, one.job.outputs, one.inputs] for one in records_of(planned)}

print(json.dumps({name: in_fork(lambda: told(config)) for name, config in json.loads(sys.argv[1]).items()}))
"""
MELTED = {"liquid_walks", "liquid_certify"}
JUDGING = {"benchmark_melt", "benchmark_relaxed", "benchmark_relaxed_reference", "benchmark_vdos"}
DRAWN_ANEW = {
    *("train_data", "train_member", "explore_walks", "explore_selection"),
    *("search_structures", "search_unique", "search_names", "report_summary"),
}
THREE = {"runs": 3}
RUNS = {
    "once": {"study": "ci"},
    "first": {"study": "ci", "replicate": 1, "replicates": {**THREE, "aims": {"crystals_kept": 2}}},
    "second": {"study": "ci", "replicate": 2, "replicates": THREE},
    "third": {"study": "ci-replicate-3", "replicates": THREE},
    "melted": {"study": "ci", "replicate": 2, "replicates": {**THREE, "melts": True}},
    "files": {"study": "released", "replicates": THREE},
    "files, second": {"study": "released", "replicate": 2, "replicates": THREE},
}


@pytest.fixture(scope="module")
def planned(fresh) -> dict[str, dict]:
    """Run -> job -> its parameters, the files it makes and those it reads."""
    command = [sys.executable, "-c", ASKED, json.dumps(RUNS)]
    variables = environment() | {"PYTHONPATH": str(fresh.folder)}
    done = subprocess.run(command, cwd=fresh.folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def settings_of(jobs: dict, kept: bool = True) -> dict[str, dict]:
    """Job -> its settings; without those that name the study or its seed unless they are kept."""
    found = {}
    for name, (params, *_) in jobs.items():
        texts = [text for text in map(ast.literal_eval, params) if isinstance(text, str) and text.startswith("{")]
        given = {key: value for text in texts for key, value in json.loads(text).items()}
        found[name] = {key: value for key, value in given.items() if kept or key not in ("name", "seed", "replicates")}
    return found


def seeds_of(jobs: dict) -> dict[str, int]:
    """Rule -> the seed that its jobs are given."""
    return {name.split()[0]: given["seed"] for name, given in settings_of(jobs).items() if "seed" in given}


def test_a_study_with_more_runs_is_to_its_jobs_what_it_was(planned):
    assert planned["first"] == planned["once"]


def test_a_second_run_draws_anew_what_is_trained_split_explored_and_searched(planned):
    first, second, third = (seeds_of(planned[name]) for name in ("first", "second", "third"))
    assert {rule for rule in first if second[rule] != first[rule]} == DRAWN_ANEW
    assert {rule for rule in first if second[rule] == first[rule]} == {"liquid_walks", *JUDGING}
    assert len({first["train_data"], second["train_data"], third["train_data"]}) == 3
    assert settings_of(planned["second"], kept=False) == settings_of(planned["first"], kept=False)


def test_its_melts_are_the_same_jobs_with_the_same_files(planned):
    first, second = planned["first"], planned["second"]
    melts = [name for name in first if name.split()[0] in MELTED]
    assert len(melts) == 8 and all(second[name] == first[name] for name in melts)
    made = {path for name, (_, outputs, _) in second.items() if name not in melts for path in outputs}
    assert all(path.startswith("results/ci-replicate-2/") for path in made)
    used = {path for _, _, inputs in second.values() for path in inputs if path.startswith("results/ci/")}
    assert {path.split("/")[2] for path in used} == {"liquid"}


def test_one_that_melts_too_shares_nothing(planned):
    first, melted = seeds_of(planned["first"]), seeds_of(planned["melted"])
    assert all(first[rule] != melted[rule] for rule in first)
    read = {path for _, outputs, inputs in planned["melted"].values() for path in (*outputs, *inputs)}
    assert not any(path.startswith("results/ci/") for path in read)


def test_melts_from_files_are_split_by_another_seed(planned):
    first, second = seeds_of(planned["files"]), seeds_of(planned["files, second"])
    assert first["liquid_frames"] != second["liquid_frames"] and first["train_member"] != second["train_member"]
    made = {path for _, outputs, _ in planned["files, second"].values() for path in outputs}
    assert made and all(path.startswith("results/released-replicate-2/") for path in made)


@pytest.mark.parametrize("asked", ["replicate=0", "replicate=1000", "replicate=two", "replicate=2"])
def test_the_command_line_is_refused_in_one_line(fresh, asked):
    said = fresh.snakemake("-n", config=(asked,), check=False)
    assert "replicate: " in said and "allowed: 1" in said and "Traceback" not in said


def test_a_study_of_a_hostile_path_has_runs(fresh, tmp_path):
    copy = fresh.edited(tmp_path / "checkout")
    place = copy.folder / "h'o; $(touch RAN-1) \"{x}"
    place.mkdir()
    (place / "mine.yaml").write_text("extends: ci\nreplicates: {runs: 2}\n")
    said = tool(copy, "replicates", "--study", f"{place.name}/mine.yaml")
    assert "run 1  mine: not begun\nrun 2  mine-replicate-2: not begun" in said
    assert "No run is finished" in said and not [*copy.folder.rglob("RAN-*")]


def test_a_finished_study_is_the_first_of_its_runs(edited):
    change(edited, "replicates", {"runs": 2, "aims": {"octahedral_curves_meV_per_atom": 25}})
    assert edited.planned() == {}
    second = jobs(edited.snakemake("-n", "--quiet", "rules", config=("replicate=2",)))
    assert second["train_data"] and not MELTED & set(second)
    said = tool(edited, "replicates", "--study", "ci")
    assert "run 1  ci: finished\nrun 2  ci-replicate-2: not begun" in said
    page = (edited.folder / "results/ci/replicates.md").read_text()
    assert "# ci: 1 of 2 runs" in page and "not begun, not counted" in page and "undecided" in page
    assert (edited.folder / "results/ci/replicates.png").exists()
    assert edited.planned() == {}
    told = tool(edited, "status", "--study", "ci-replicate-2")
    assert "\nStudy ci-replicate-2: 8 of " in told and "; in results/ci-replicate-2\n" in told  # its melts are done
    change(edited, "train.loop.steps", 160)
    assert "run 1  ci: out of date, " in tool(edited, "replicates", "--study", "ci")
