"""Candidates end with a status, a restart recomputes nothing, workers don't matter."""

import json
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from ase.calculators.calculator import all_changes
from ase.calculators.lj import LennardJones

from melt2crystal.errors import UserError
from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.search.candidate import BatchRelaxation, Candidate, Conditions
from melt2crystal.search.driver import Crew, Journal, key_of
from melt2crystal.search.found.rows import row_and_frame, structure_id
from melt2crystal.search.found.table import STRUCTURES, as_table, check_table, read_table, write_table
from melt2crystal.search.sanity import Sanity
from melt2crystal.search.starts.generate import Recipe
from melt2crystal.sections.substance import Substance

CONDITIONS = Conditions(
    recipe=Recipe({"Si": 1, "O": 2}, 2, (8.0, 14.0), {"Si-O": 1.2, "O-O": 1.7, "Si-Si": 2.0}, (0.0, 0.2, 0.4), 0.1),
    sanity=Sanity((3.0, 40.0), None, {}),
    pressure_GPa=10.0,
    steps=10,
    force_eV_per_A=0.05,
    seed=1,
)
CANDIDATES = [Candidate(structure_id(10.0, 2, 0, index), 0, index) for index in range(4)]


def lennard_jones() -> OneByOne:
    return OneByOne(LennardJones(sigma=2.0, epsilon=0.3, rc=5.0, smooth=True))


def faulty(fault: str) -> OneByOne:
    return OneByOne(Faulty(fault))


def run(candidates, make_work, workers, journal, report=lambda _: None, size=1):
    with Crew(make_work, workers, journal, size, report) as crew:
        return crew.results(candidates)


class Faulty(LennardJones):
    """Raises, or returns NaN, for cells of a given kind."""

    def __init__(self, fault: str) -> None:
        super().__init__(sigma=2.0, epsilon=0.3, rc=5.0, smooth=True)
        self.fault = fault

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        if self.fault == "raises":
            raise RuntimeError("no convergence\nin 60 cycles")
        if self.fault == "nan forces":
            self.results["forces"] = np.full_like(self.results["forces"], np.nan)
        if self.fault == "hole":
            self.results["energy"] -= 1e4


def test_results_do_not_depend_on_workers_and_a_restart_recomputes_nothing(tmp_path):
    attempt = partial(BatchRelaxation, lennard_jones, CONDITIONS)
    serial = run(CANDIDATES, attempt, 1, Journal(tmp_path / "a", "k" * 64))
    parallel = run(CANDIDATES, attempt, 2, Journal(tmp_path / "b", "k" * 64))
    assert json.dumps(serial) == json.dumps(parallel)
    assert {result["origin"] for result in serial} == {"symmetric", "rattled", "p1"}

    def never():
        raise AssertionError("a finished candidate was computed again")

    assert run(CANDIDATES, never, 1, Journal(tmp_path / "a", "k" * 64)) == serial


def test_a_killed_search_continues_after_the_last_complete_line(tmp_path):
    journal = Journal(tmp_path, "k" * 64)
    attempt = partial(BatchRelaxation, lennard_jones, CONDITIONS)
    whole = run(CANDIDATES[:3], attempt, 1, journal)
    torn = journal.path.read_bytes()[:-40]  # the third line was being written when the power went
    journal.path.write_bytes(torn)
    made = []

    class Counting(BatchRelaxation):
        def __call__(self, batch):
            made.extend(candidate.name for candidate in batch)
            return super().__call__(batch)

    assert run(CANDIDATES[:3], partial(Counting, lennard_jones, CONDITIONS), 1, journal) == whole
    assert made == [CANDIDATES[2].name]
    assert len(journal.read()) == 3


def test_journal_key_feels_settings_and_files(tmp_path):
    model = tmp_path / "model.pb"
    model.write_text("one")
    key = key_of({"seed": 1}, [model])
    assert key_of({"seed": 1}, [model]) == key
    assert key_of({"seed": 2}, [model]) != key
    model.write_text("two")
    assert key_of({"seed": 1}, [model]) != key


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("raises", "failed: RuntimeError: no convergence in 60 cycles"),
        ("nan forces", "insane: energy, forces or stress are not finite"),
    ],
)
def test_a_bad_calculator_gives_a_row_with_a_status(fault, status):
    result = BatchRelaxation(partial(faulty, fault), CONDITIONS)(CANDIDATES[:1])[0]
    assert result["status"] == status
    row, frame = row_and_frame(CANDIDATES[0], result, 2, 10.0, Substance(), [0.01])
    table = as_table([row], STRUCTURES)
    assert frame is None
    assert table.loc[0, "status"] == status
    assert table["enthalpy_eV_per_atom"].isna().all()


def test_a_hole_in_the_potential_is_insane():
    bounded = replace(CONDITIONS, sanity=replace(CONDITIONS.sanity, energy_range_eV_per_atom=(-100.0, 100.0)))
    assert BatchRelaxation(partial(faulty, "hole"), bounded)(CANDIDATES[:1])[0]["status"].startswith("insane: energy -")


def test_impossible_starts_are_rows_too():
    crowded = replace(CONDITIONS.recipe, minimum_distances_A={"O-O": 5.0})
    result = BatchRelaxation(lennard_jones, replace(CONDITIONS, recipe=crowded))(CANDIDATES[1:2])[0]
    assert result["status"].startswith("failed: NoStart")


def test_a_dead_worker_is_explained(tmp_path):
    with pytest.raises(UserError, match="run again to continue"):
        run(CANDIDATES, _unmakable, 2, Journal(tmp_path, "k"))


def _unmakable():
    raise MemoryError("the model does not fit")


def test_rows_have_enthalpy_and_survive_the_file(tmp_path):
    result = BatchRelaxation(lennard_jones, CONDITIONS)(CANDIDATES[1:2])[0]
    row, frame = row_and_frame(CANDIDATES[1], result, 2, 10.0, Substance(), [0.001, 0.01, 0.1])
    # 10 GPa Å³ = 0.0624150907 eV
    expected = result["energy_eV"] / 6 + 0.0624150907 * frame.get_volume() / 6
    assert row["enthalpy_eV_per_atom"] == pytest.approx(expected, abs=1e-6)
    table = as_table([row], STRUCTURES)
    write_table(tmp_path / "t.csv", table, STRUCTURES)
    again = read_table(tmp_path / "t.csv", STRUCTURES)
    assert again.drop(columns=[c for c in again if again[c].dtype == "Float64"]).equals(
        table.drop(columns=[c for c in table if table[c].dtype == "Float64"])
    )


@pytest.mark.parametrize("name", ["NA", "null", "nan", "0001", "1e3", "None"])
def test_an_id_is_what_it_says(tmp_path, name):
    result = BatchRelaxation(lennard_jones, CONDITIONS)(CANDIDATES[1:2])[0]
    row, _ = row_and_frame(CANDIDATES[1], result, 2, 10.0, Substance(), [0.001, 0.01, 0.1])
    write_table(tmp_path / "t.csv", as_table([row | {"id": name}], STRUCTURES), STRUCTURES)
    assert read_table(tmp_path / "t.csv", STRUCTURES)["id"].tolist() == [name]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"status": "great"}, "unknown status"),
        ({"id": None}, "ids must be present"),
        ({"space_group": "P1"}, "space_group"),
        ({"status": "ok"}, "has no enthalpy"),
    ],
)
def test_a_wrong_table_is_refused(change, message):
    row = {name: None for name in STRUCTURES} | {"id": "a", "status": "insane: x", "pressure_GPa": 0.0}
    as_table([row], STRUCTURES)
    with pytest.raises(UserError, match=message):
        as_table([{**row, **change}], STRUCTURES)


def test_a_foreign_table_is_refused():
    with pytest.raises(UserError, match="missing columns"):
        check_table(as_table([], STRUCTURES).drop(columns="origin"), STRUCTURES, "here.csv")
