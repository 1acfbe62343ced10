"""USPEX called until it is done, whatever befalls a call; and work that was handed over, until it is put back."""

import json
import sys

import pytest

from melt2crystal.errors import UserError
from melt2crystal.search.uspex.folder import digest_of_results, lacking, mark_in, results_folders
from melt2crystal.search.uspex.inputs import SearchInput, input_text, stages
from melt2crystal.search.uspex.running import call_until_done, own_folder, read_finished, write_finished
from melt2crystal.sections.search import Engine, Uspex
from tests.helpers.programs import program
from tests.helpers.uspex_cases import PARAMETERS, write_results

# A call does a part and ends; here it is told what befalls it: the numbers of the calls that end with an error, or with
# nothing done.
PROGRAM = """
import sys
from pathlib import Path
calls = Path("calls")
number = len(calls.read_text()) + 1 if calls.exists() else 1
calls.write_text("x" * number)
print("call", number)
if str(number) in sys.argv[1].split(","):
    sys.exit(3)
if str(number) in sys.argv[2].split(","):
    sys.exit(0)
results = Path("results1")
results.mkdir(exist_ok=True)
parts = len((results / "Individuals").read_text()) + 1 if (results / "Individuals").exists() else 1
(results / "Individuals").write_text("i" * parts)
if parts == 3:
    Path("USPEX_IS_DONE").touch()
"""


def command(folder, failing="", idle="") -> str:
    (folder / "uspex.py").write_text(PROGRAM)
    return f"{sys.executable} uspex.py '{failing}' '{idle}'"


def calls(folder) -> int:
    return len((folder / "calls").read_text())


def test_it_is_called_until_it_is_done_and_then_no_more(tmp_path):
    call = command(tmp_path, idle="2")
    call_until_done(tmp_path, call, 0.0)
    assert calls(tmp_path) == 4
    assert (tmp_path / "uspex.log").read_text().splitlines() == [f"call {k}" for k in (1, 2, 3, 4)]
    call_until_done(tmp_path, call, 0.0)
    assert calls(tmp_path) == 4


def test_errors_that_something_came_of_are_gone_on_from(tmp_path):
    call_until_done(tmp_path, command(tmp_path, failing="1,3,4,6"), 0.0)
    assert calls(tmp_path) == 7


def test_errors_alone_end_it_with_its_last_words_and_the_next_run_goes_on(tmp_path):
    with pytest.raises(UserError, match=r"search\.uspex\.command: .* status 3 (.|\n)*call 4"):
        call_until_done(tmp_path, command(tmp_path, failing="2,3,4"), 0.0)
    assert calls(tmp_path) == 4
    call_until_done(tmp_path, command(tmp_path), 0.0)
    assert calls(tmp_path) == 6 and (tmp_path / "results1/Individuals").read_text() == "iii"


def test_a_program_that_is_not_there_is_told_at_once(tmp_path):
    with pytest.raises(UserError, match="status 127"):
        call_until_done(tmp_path, "no-such-uspex -r", 3600.0)


def written(folder, pressure_GPa=10.0):
    """Inputs as the program writes them."""
    given = ({"Si": 1, "O": 2}, 2, pressure_GPa, 11.0, {"O-O": 1.4}, 4, Engine(), Uspex(), "model")
    search = SearchInput(*given)
    (folder / "Specific").mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(stages(search), 1):
        (folder / f"Specific/lammps.in_{number}").write_text(text)
    (folder / "INPUT.txt").write_text(input_text(search))
    return search.mark


def test_other_inputs_run_in_another_folder(tmp_path):
    first = own_folder(tmp_path, written(tmp_path))
    assert own_folder(tmp_path, mark_in(tmp_path / "INPUT.txt")) == first  # a run that was killed
    (first / "Current_POP.mat").touch()
    second = own_folder(tmp_path, written(tmp_path, 20.0))
    assert second != first and not (second / "Current_POP.mat").exists()
    assert "200000.0" in (second / "Specific/lammps.in_1").read_text()


def test_the_job_says_where_the_results_are_and_what_they_are(tmp_path):
    written(tmp_path)
    (tmp_path / "uspex.py").write_text(PROGRAM)
    places = json.dumps({"command": f"{sys.executable} {tmp_path}/uspex.py '' ''", "wait_s": 0.0})
    finished = tmp_path / "finished.json"
    program("search_uspex_run").search_uspex_run(tmp_path / "INPUT.txt", finished, places)
    first = finished.read_text()
    folder = read_finished(finished)
    assert results_folders(folder) == [folder / "results1"] and json.loads(first)["results"] == digest_of_results(
        folder
    )
    (folder / "results1/Individuals").write_text("other")
    write_finished(finished, folder)
    assert finished.read_text() != first
    finished.write_text("{")
    with pytest.raises(UserError, match="does not say where USPEX ran"):
        read_finished(finished)


def test_work_that_was_handed_over_waits_for_results_of_these_inputs(tmp_path):
    mark = written(tmp_path)
    assert lacking(tmp_path) == "no results yet"
    (tmp_path / "CalcFold1").mkdir()
    results = write_results(tmp_path)  # without a mark: of inputs that somebody wrote himself
    assert "USPEX_IS_DONE is not" in lacking(tmp_path)
    (tmp_path / "USPEX_IS_DONE").touch()
    assert lacking(tmp_path) == ""
    (results / "Parameters.txt").write_text((tmp_path / "INPUT.txt").read_text())
    assert lacking(tmp_path) == ""
    written(tmp_path, 20.0)
    assert mark in lacking(tmp_path) and mark_in(tmp_path / "INPUT.txt") in lacking(tmp_path)
    (results / "Parameters.txt").write_text(PARAMETERS.format(pressure="20"))
    assert lacking(tmp_path) == ""


def test_the_stop_names_every_search_that_waits_and_what_to_do(tmp_path):
    folders = [tmp_path / f"p{p}/z{z}/uspex" for p in (0, 10) for z in (2, 3)]
    for folder in folders:
        written(folder)
    out, places = tmp_path / "handed-over.txt", json.dumps({"command": "my uspex -r", "wait_s": 1.0})
    given = [folder / "INPUT.txt" for folder in folders]
    stop = program("search_uspex_handover").search_uspex_handover.__wrapped__
    write_results(folders[0])
    with pytest.raises(UserError) as caught:
        stop(given, out, places)
    said = str(caught.value)
    assert "3 searches wait" in said and "my uspex -r" in said and "results1 back beside INPUT.txt" in said
    assert "same snakemake command again" in said
    assert [str(folder) in said for folder in folders] == [False, True, True, True]
    assert not out.exists()
    for folder in folders[1:]:
        write_results(folder)
    stop(given, out, places)
    assert out.read_text().splitlines() == [str(folder) for folder in folders]
