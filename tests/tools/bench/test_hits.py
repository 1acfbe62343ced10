"""The bench of hits: what counts as one, when it came, what it cost, and how its tables are put together."""

import json

import numpy as np
import pandas as pd
import pytest

from melt2crystal.errors import UserError
from melt2crystal.search.phases.phase import Ruler
from melt2crystal.sections.phases.naming import Naming
from melt2crystal.sections.search import Symmetry
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import primitive_cell, read_crystal
from tests.helpers.checkout import REPOSITORY
from tools.bench import hits as bench
from tools.bench.hit_measures import costs_of, first_hit, journal_is_whole, lowest_of, summary
from tools.bench.hit_page import BEGIN, END, hit_page, tables_of
from tools.results.cells import read_cells

RULER = Ruler(Substance(), 0.01, Symmetry().symprecs_A)
ENERGY = -6.0  # eV/atom of every structure here


def crystal(name: str):
    return primitive_cell(read_crystal(REPOSITORY / f"data/polymorphs/{name}.cif"))


def mirrored(atoms):
    copy = atoms.copy()
    copy.set_cell(atoms.cell.array * [1, 1, -1], scale_atoms=True)
    return copy


def folder_of(place, batches):
    """What a search leaves: batches of (structure, formula units, enthalpy eV/atom, evaluations), 8 core-s each."""
    (place / "journal").mkdir(parents=True)
    rows, lines = [], [{"name": "random-000+2", "result": {"core_s": 100.0, "results": [{}, {}]}}]
    for batch in batches:
        results, first = [], f"p0-z{batch[0][1]}-g00-{len(rows):04d}"
        for atoms, units, enthalpy, evaluations in batch:
            status = "ok" if atoms is not None else "failed: NaN"
            row = {"id": f"p0-z{units}-g00-{len(rows):04d}", "formula_units": units, "status": status}
            result = {"status": status, "evaluations": evaluations}
            if atoms is not None:
                row |= {"enthalpy_eV_per_atom": enthalpy, "volume_A3_per_atom": atoms.get_volume() / len(atoms)}
                result |= {"symbols": atoms.get_chemical_symbols(), "cell": atoms.cell.array.tolist()}
                result |= {"positions": atoms.get_positions().tolist()}
            rows.append(row)
            results.append(result)
        lines.append({"name": f"{first}+{len(batch)}", "result": {"core_s": 8.0, "results": results}})
    pd.DataFrame(rows).to_csv(place / "relaxations.csv", index=False)
    (place / "journal" / "0123.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines) + '{"name": "p0-z2'
    )
    return place


@pytest.fixture
def search(tmp_path):
    quartz, stishovite = crystal("alpha_quartz"), crystal("stishovite")
    swollen = quartz.copy()
    swollen.set_cell(quartz.cell.array * 1.005, scale_atoms=True)  # 1.5 % in volume
    moved = quartz.copy()
    moved.positions[0] += 0.05
    return folder_of(
        tmp_path / "search",
        [
            [(None, 2, None, 6), (stishovite, 2, ENERGY + 0.0021, 2)],
            [(swollen, 3, ENERGY, 1), (moved, 3, ENERGY, 1), (mirrored(quartz), 3, ENERGY + 0.0019, 2)],
            [(quartz, 3, ENERGY, 5)],
        ],
    )


def test_costs_are_shared_by_evaluations_and_counted_in_each_size(search):
    rows = costs_of(search).rows
    assert list(rows["core_s"]) == [6.0, 2.0, 2.0, 2.0, 4.0, 8.0]  # those of the beginning are nobody's
    assert list(rows["spent_core_s"]) == [6.0, 8.0, 10.0, 12.0, 16.0, 24.0]
    assert list(rows["of_size"]) == [1, 2, 1, 2, 3, 4]
    assert list(rows["of_size_core_s"]) == [6.0, 8.0, 2.0, 4.0, 8.0, 16.0]


def test_a_hit_has_the_group_the_volume_and_the_enthalpy(search):
    """The swollen, the moved and the one 2.1 meV/atom off are none; the mirror image is one."""
    costs, windows = costs_of(search), Naming()
    quartz = RULER.phase("quartz", crystal("alpha_quartz"), 9 * ENERGY, 0.0)
    assert first_hit(costs, quartz, windows) == {
        "hit": "p0-z3-g00-0004", "formula_units": 3, "relaxations": 5, "core_s": 16.0,
        "relaxations_of_size": 3, "core_s_of_size": 8.0,
    }  # fmt: skip
    stishovite = RULER.phase("stishovite", crystal("stishovite"), 6 * ENERGY, 0.0)
    assert set(first_hit(costs, stishovite, windows).values()) == {None}
    wider = windows.model_copy(update={"same_enthalpy_meV_per_atom": 2.2})
    assert first_hit(costs, stishovite, wider)["relaxations"] == 2
    assert first_hit(costs, quartz, windows.model_copy(update={"same_volume_percent": 2.0}))["relaxations"] == 3


def test_a_relaxation_without_a_journal_is_told(search):
    (search / "journal" / "0123.jsonl").unlink()
    with pytest.raises(UserError, match=r"6 relaxations \(p0-z2-g00-0000"):
        costs_of(search)


def test_a_search_that_was_stopped_goes_on_and_one_that_found_nothing_is_whole(tmp_path):
    assert not journal_is_whole(tmp_path)
    for ended, whole in (("stopped", False), ("all sizes done", True), ("nothing was found", True)):
        (tmp_path / "search.json").write_text(json.dumps({"ended": ended}))
        assert journal_is_whole(tmp_path) == whole


def rows_of(method, relaxations, pressure=0.0):
    return [
        {"potential": "P", "method": method, "pressure_GPa": pressure, "seed": seed, "core_minutes": 2.0,
         "crystal": "quartz", "relaxations_of_size": number, "core_s_of_size": number and number / 10,
         "relaxations": number, "commit": "c", "date": "2026-11-30", "machine": "m"}
        for seed, number in enumerate(relaxations, 1)
    ]  # fmt: skip


def test_a_search_without_a_hit_is_later_than_all(tmp_path):
    table = summary(pd.DataFrame(rows_of("random", [10, None, 30]) + rows_of("evolution", [7, None, None])), ["quartz"])
    random, evolution = table.to_dict("records")
    assert (random["found"], random["seeds"], random["relaxations_of_size"]) == (2, 3, 30.0)
    assert (random["relaxations_of_size_low"], random["relaxations_of_size_high"]) == (10, 30)
    assert evolution["found"] == 1 and np.isnan(evolution["relaxations_of_size"])
    assert summary(pd.DataFrame(rows_of("random", [10])), []).empty


def test_tables_are_extended_and_the_page_says_what_they_say(tmp_path):
    key = [*bench.KEY, "crystal"]
    one, other = pd.DataFrame(rows_of("random", [10, 20])), pd.DataFrame(rows_of("evolution", [7, 9]))
    bench.extended(tmp_path / bench.SEARCHES, one, key)
    bench.extended(tmp_path / bench.SEARCHES, other, key)
    bench.extended(tmp_path / bench.SEARCHES, one.assign(relaxations_of_size=[11, 21]), key)
    table = pd.read_csv(tmp_path / bench.SEARCHES)
    assert sorted(table["relaxations_of_size"]) == [7, 9, 11, 21]
    asked = {"potential": "P", "method": "random", "pressure_GPa": 0.0, "seed": 2, "core_minutes": 2.0}
    assert bench.done(tmp_path / bench.SEARCHES, asked)
    for change in ({"seed": 3}, {"pressure_GPa": 10.0}, {"core_minutes": 20.0}):
        assert not bench.done(tmp_path / bench.SEARCHES, asked | change)
    known = {"potential": "P", "sha256": "ab", "pressure_GPa": 0.0, "space_group": 152, "becomes": None, "atoms": 9}
    origin = {"commit": "c", "date": "2026-11-30", "machine": "m"}
    rows = [known | origin | {"crystal": "quartz", "state": "minimum"}]
    rows.append(rows[0] | {"crystal": "keatite", "state": "no minimum", "becomes": "quartz", "space_group": None})
    bench.extended(tmp_path / bench.CRYSTALS, pd.DataFrame(rows), ["potential", "pressure_GPa", "crystal"])
    bench.check_potential(tmp_path / bench.CRYSTALS, "P", "ab")
    with pytest.raises(UserError, match="another potential named P"):
        bench.check_potential(tmp_path / bench.CRYSTALS, "P", "cd")
    ranks = [
        {**asked, "rank": rank, "space_group": 152, "coordination": number}
        for rank, number in enumerate([4.0, 4.0, 6.0, 4.5], 1)
    ]
    bench.extended(tmp_path / bench.LOWEST, pd.DataFrame(ranks), [*bench.KEY, "rank"])
    page = tmp_path / "pages" / "hits.md"
    page.parent.mkdir()
    page.write_text(f"# Hits\n\n{BEGIN}\n\n{END}\n")
    hit_page.__wrapped__(tmp_path, page)
    shown = page.read_text()
    assert "| quartz | stays (space group 152, 9 atoms) |" in shown
    assert "| keatite | no minimum of this potential, becomes quartz |" in shown
    assert "| quartz, evolution | 2 of 2 | 8 (7 to 9) | 0.8 (0.7 to 0.9) | 1.5 (1.0 to 2.0) |" in shown
    assert "| 0 GPa, random, seed 2 | 152 | 4.00 | 4 | 2 | 1 | 1 |" in shown
    cells = [table.shown() for table, _ in read_cells(page.parent / "tables" / "hits.csv")]
    assert cells == [table.shown() for table, _ in tables_of(tmp_path)]


def test_the_page_of_the_repository_is_what_was_collected():
    told = read_cells(REPOSITORY / "docs/results/tables/hits.csv")
    assert [table.shown() for table, _ in told] == [table.shown() for table, _ in tables_of(bench.TABLES)]


def test_a_search_is_measured_into_the_tables(search, tmp_path):
    columns = {"formula_units": 3, "space_group": 152, "coordination": 4.0, "is_minimum": True}
    found = pd.DataFrame(
        [{"id": "p0-z3-g00-0005", **columns, "volume_A3_per_atom": 12.0, "enthalpy_eV_per_atom": ENERGY}]
    )
    found.to_csv(search / "found.csv", index=False)
    (search / "search.json").write_text(json.dumps({"ended": "all sizes done"}))
    search.rename(tmp_path / "random-0GPa-2min-1")
    own = bench.Bench("nothing.pb", "P", [], tmp_path, tmp_path)
    stay = {"quartz": RULER.phase("quartz", crystal("alpha_quartz"), 9 * ENERGY, 0.0)}
    stay["coesite"] = RULER.phase("coesite", crystal("coesite"), 24 * ENERGY, 0.0)
    key = {"potential": "P", "method": "random", "pressure_GPa": 0.0, "seed": 1, "core_minutes": 2.0}
    bench.measure(own, stay, key, {"commit": "c", "date": "2026-11-30", "machine": "m"})
    table = pd.read_csv(tmp_path / bench.SEARCHES).set_index("crystal")
    assert table.loc["quartz", "relaxations"] == 5 and np.isnan(table.loc["coesite", "relaxations"])
    assert set(table["all_relaxations"]) == {6} and set(table["all_core_s"]) == {24.0}
    assert list(pd.read_csv(tmp_path / bench.LOWEST)["rank"]) == [1]
    assert len(lowest_of(tmp_path / "random-0GPa-2min-1")) == 1


@pytest.mark.parametrize(
    ("methods", "said"), [("randon", "--methods randon: there are random"), ("melt-born", "give files of them")]
)
def test_methods_that_cannot_be_are_told(methods, said, tmp_path):
    with pytest.raises(UserError, match=said):
        bench.hits.__wrapped__(
            "no.pb", "P", methods, "0", "1", 2.0, melts=None, folder=tmp_path / "searches", tables=tmp_path / "tables"
        )
    assert not any(tmp_path.iterdir())
