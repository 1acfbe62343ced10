"""``melt2crystal replicates``: an unfinished run is named, not counted; a failed one stops it; names are no words."""

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from melt2crystal.commands import replicates as command
from melt2crystal.commands.replicates import FINISHED, Run
from melt2crystal.errors import UserError
from melt2crystal.figures.replicates import draw_replicates
from melt2crystal.figures.style import journal_style
from melt2crystal.sections.figures import Figures
from melt2crystal.study.load import load_study
from melt2crystal.summary.replicates import replicates_table
from tests.helpers.checkout import REPOSITORY
from tests.helpers.printed import too_small
from tests.helpers.replicates import summary_with

AIMS = {"octahedral_curves_meV_per_atom": 30.0, "crystals_kept": 6}
SAID = "out of date, 3 files would be made again (melt2crystal why results/x)"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Three runs of the ci study with summaries of their own; how each stands, and what Snakemake was called with."""
    states = {1: FINISHED, 2: FINISHED, 3: "not begun"}
    asked = {"study": "ci", "replicates": {"runs": 3, "aims": AIMS}}
    called: list[list[str]] = []

    def state_of(name: str, number: int, config: dict) -> Run:
        found = load_study(asked | {"replicate": number}, REPOSITORY)
        folder = tmp_path / found.name
        folder.mkdir(exist_ok=True)
        path = folder / "summary.json"
        own = {"study": found.name, "settings_digest": str(number) * 64}
        path.write_text(summary_with(octahedral=18.0 + 2 * number).model_copy(update=own).model_dump_json())
        return Run(number, found, folder, states[number])

    def snakemake(words: list[str], **_) -> subprocess.CompletedProcess:
        called.append(words)
        number = int(next(word for word in words if word.startswith("study=")).removesuffix(".yaml")[-1])
        states[number] = FINISHED
        return subprocess.CompletedProcess(words, returncode=0)

    monkeypatch.setattr(command, "state_of", state_of)
    monkeypatch.setattr(command, "subprocess", SimpleNamespace(run=snakemake))
    return tmp_path, states, called


def table_in(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "ci/replicates.csv").set_index(["potential", "quantity"])


@pytest.mark.parametrize("state", ["not begun", "unfinished, 12 files are missing so far", SAID])
def test_an_unfinished_run_is_named_and_not_averaged(study, state, capsys):
    folder, states, called = study
    states[3] = state
    command.replicates("ci", run=False, cores=1, results="")
    assert f"run 3  ci-replicate-3: {state}" in capsys.readouterr().out and not called
    row = table_in(folder).loc["hp", "octahedral_curves_meV_per_atom"]
    assert (row["n"], row["mean"], row["run_1"], row["run_2"]) == (2, 21.0, 20.0, 22.0) and pd.isna(row["run_3"])
    assert row["verdict"] == "undecided"  # 21 ± 12.7 holds 30
    page = (folder / "ci/replicates.md").read_text()
    assert "# ci: 2 of 3 runs" in page and "smoke test" in page
    seed = load_study({"study": "ci-replicate-3", "replicates": {"runs": 3}}, REPOSITORY).seed
    assert f"| 3 | `ci-replicate-3` | {seed} | {state.split(',')[0]}, not counted |" in page
    numbers = "20 | 22 | – | 2 | 21 | 8.294 to 33.71 | 30 | undecided |"
    assert f"| HP octahedral curves, clamped, raw, meV/atom | {numbers}" in page
    assert (folder / "ci/replicates.png").stat().st_size > 10_000 and (folder / "ci/replicates.pdf").exists()


def test_run_runs_what_is_not_finished_and_counts_it(study):
    folder, states, called = study
    states[2] = SAID
    command.replicates("ci", run=True, cores=2, results="")
    assert [words[-1] for words in called] == ["study=ci-replicate-2", "study=ci-replicate-3"]
    assert all("--cores" in words and words[words.index("--cores") + 1] == "2" for words in called)
    row = table_in(folder).loc["hp", "octahedral_curves_meV_per_atom"]
    assert (row["n"], row["mean"], row["verdict"]) == (3, 22.0, "met")
    assert table_in(folder).loc["hp", "crystals_kept"]["verdict"] == "missed"


def test_a_run_that_fails_stops_it_before_the_next(study, monkeypatch):
    folder, states, called = study
    states[2] = "not begun"

    def failing(words: list[str], **_) -> subprocess.CompletedProcess:
        called.append(words)
        return subprocess.CompletedProcess(words, returncode=1)

    monkeypatch.setattr(command, "subprocess", SimpleNamespace(run=failing))
    with pytest.raises(UserError, match="run 2, ci-replicate-2: snakemake ended with status 1; its message is above"):
        command.replicates("ci", run=True, cores=1, results="")
    assert len(called) == 1 and not (folder / "ci/replicates.csv").exists()


def test_a_run_that_ends_well_and_is_not_finished_is_no_success(study, monkeypatch):
    ended = SimpleNamespace(run=lambda words, **_: subprocess.CompletedProcess(words, returncode=0))
    monkeypatch.setattr(command, "subprocess", ended)
    with pytest.raises(UserError, match="run 3, ci-replicate-3: was run to its end and is still not begun"):
        command.replicates("ci", run=True, cores=1, results="")


def test_nothing_finished_is_said_and_writes_nothing(study, capsys):
    folder, states, _ = study
    states.update(dict.fromkeys(states, "not begun"))
    command.replicates("ci", run=False, cores=1, results="")
    assert "No run is finished, there is nothing to combine; --run runs them." in capsys.readouterr().out
    assert not (folder / "ci/replicates.csv").exists()


@pytest.mark.parametrize("name", ["h'o; $(touch RAN-1)/mine.yaml", 'h"o {study}/m.yaml', "-n/a b.yaml", "a=b,c/m.yaml"])
def test_the_name_of_a_study_is_one_word_of_the_command(study, name):
    """No shell reads it, and options don't begin with it."""
    *_, called = study
    command.run_one(name, Run(3, load_study({"study": "ci"}, REPOSITORY), Path(), "not begun"), {"results": "o w n"}, 1)
    ((*_, config, first, second),) = called
    assert config == "--config" and second == "results=o w n"
    assert first == f"study={name.removesuffix('.yaml')}-replicate-3.yaml"


@pytest.mark.parametrize("runs", [1, 2, 3, 9])
def test_the_figure_holds_every_number_and_can_be_printed(runs):
    summaries = {k: summary_with(octahedral=40.0 + k, volumes=3 + 0.1 * k) for k in range(1, runs + 1)}
    table = replicates_table(summaries, runs, AIMS)
    with journal_style(Figures()):
        figure = draw_replicates(table, Figures())
        assert too_small(figure) == []
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == table["quantity"].nunique()
    octahedral = next(axes for axes in drawn if axes.get_ylabel().startswith("octahedral"))
    points = [line for line in octahedral.lines if line.get_marker() == "o"]
    assert sorted(points[0].get_ydata()) == [40.0 + k for k in range(1, runs + 1)]
    aims = [line for line in octahedral.lines if line.get_linestyle() == "--"]
    assert [list(line.get_ydata()) for line in aims] == [[30.0, 30.0]]
    bars = [bar for bar in octahedral.containers]
    assert len(bars) == (runs > 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"study": "ci"}, "is of the study ci, not of run 2, ci-replicate-2: was its folder copied or renamed?"),
        ({"study": "ci-replicate-3"}, "is of the study ci-replicate-3, not of run 2"),
        ({"settings_digest": "1" * 64}, "has the settings, seed included, of ci, not of run 2"),
        (
            {"held_out": {"hp": {"energy_rmse_meV_per_atom": float("nan")}}},
            "hp.energy_rmse_meV_per_atom: input",
        ),
        ([], "the whole: input should be a valid dictionary"),
        ("", "Expecting value: line 1"),
    ],
)
def test_a_summary_that_is_not_the_runs_own_is_not_counted(study, monkeypatch, change, words):
    """The same numbers twice have no scatter: every aim would be met or missed for certain."""
    folder, *_ = study
    as_it_was = command.state_of

    def state_of(name: str, number: int, config: dict) -> Run:
        one = as_it_was(name, number, config)
        if number == 2:
            path = one.folder / "summary.json"
            said = json.dumps(json.loads(path.read_text()) | change if isinstance(change, dict) else change)
            path.write_text(said if change != "" else "")
        return one

    monkeypatch.setattr(command, "state_of", state_of)
    with pytest.raises(UserError) as raised:
        command.replicates("ci", run=False, cores=1, results="")
    assert str(raised.value).startswith(f"{folder / 'ci-replicate-2/summary.json'}: ")
    assert words in str(raised.value) and "\n" not in str(raised.value)
    assert not (folder / "ci/replicates.csv").exists()


def test_a_study_with_the_name_of_a_run_is_none(monkeypatch, tmp_path):
    @contextmanager
    def planned(config: dict):
        own = load_study({"study": "ci"}, REPOSITORY).model_copy(update={"name": "ci-replicate-2"})
        yield SimpleNamespace(study=own, project=tmp_path, results="results/ci-replicate-2")

    monkeypatch.setattr(command, "plan", planned)
    with pytest.raises(UserError, match=r"ci-replicate-2\.yaml: is a study of its own, and run 2 of ci"):
        command.state_of("ci", 2, {})


def test_aims_that_no_run_has_are_named():
    aims = {"octahedral_curves_meV_per_atom": 3.0, "trigonal_curves_meV_per_atom": 3.0}
    table = replicates_table({1: summary_with(), 2: summary_with(octahedral=40)}, 2, aims)
    (told,) = command.without_number(table)
    assert "`trigonal_curves_meV_per_atom`" in told and "octahedral" not in told
    assert command.without_number(table[table["n"] > 0]) == []
