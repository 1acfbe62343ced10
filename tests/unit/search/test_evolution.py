"""Generations follow from the seed: whoever works, whatever is killed; and who may have children."""

import os
import signal
from functools import partial

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.lj import LennardJones

from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.search.candidate import BatchRelaxation, Conditions
from melt2crystal.search.driver import Crew, Journal
from melt2crystal.search.evolution import Evolution, Parent, drawn, newcomers, niches, parents_of
from melt2crystal.search.found.rows import row_and_frame
from melt2crystal.search.sanity import Sanity
from melt2crystal.search.starts.generate import Recipe
from melt2crystal.sections.search import Engine
from melt2crystal.sections.substance import Substance

DISTANCES = {"Si-O": 1.1, "O-O": 1.4, "Si-Si": 1.8}
CONDITIONS = Conditions(
    recipe=Recipe({"Si": 1, "O": 2}, 1, (8.0, 14.0), DISTANCES, (0.0, 0.0, 0.0), 0.1),
    sanity=Sanity((3.0, 40.0), None, {}),
    pressure_GPa=10.0,
    steps=8,
    force_eV_per_A=0.05,
    seed=1,
)
ENGINE = Engine(generation_structures=6, random_share=0.2, parents=4, unchanged_generations=50)


def lennard_jones() -> OneByOne:
    return OneByOne(LennardJones(sigma=2.0, epsilon=0.3, rc=5.0, smooth=True))


def evolved(folder, engine=ENGINE, structures=15, workers=1, make_work=None, said=None, spent=None, trusted=None):
    """Rows and frames of a small search of three atoms."""
    report = said.append if said is not None else lambda _: None
    make_work = make_work or partial(BatchRelaxation, lennard_jones, CONDITIONS)
    with Crew(make_work, workers, Journal(folder, "k" * 64), 3, report) as crew:

        def settled(candidates):
            results = crew.results(candidates)
            pairs = [
                row_and_frame(candidate, result, 1, 10.0, Substance(), [0.01, 0.1])
                for candidate, result in zip(candidates, results, strict=True)
            ]
            return [(row, None) if trusted and not trusted(row) else (row, frame) for row, frame in pairs]

        search = Evolution(engine, structures, 10.0, 1, 7, 2)
        return search.run(settled, spent or (lambda: crew.core_s), report)


def ends(pairs):
    return [(row["id"], row["origin"], row["parents"], row.get("enthalpy_eV_per_atom")) for row, _ in pairs]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return evolved(tmp_path_factory.mktemp("whole"))


def test_the_first_generation_is_random_and_the_later_ones_are_mostly_children(whole):
    rows = [row for row, _ in whole]
    assert [row["generation"] for row in rows] == [0] * 6 + [1] * 6 + [2] * 3
    assert len({row["id"] for row in rows}) == 15
    assert all(row["parents"] is None for row in rows[:6])
    children = [row for row in rows if row["parents"]]
    assert len(children) >= 4
    sound = {row["id"]: row["generation"] for row, frame in whole if frame is not None}
    for row in children:
        assert row["origin"] in ("splice", "strain", "soft", "rattle", "permute")
        assert all(sound[name] < row["generation"] for name in row["parents"].split())


class Killed(BaseException):
    pass


class KilledAfter(BatchRelaxation):
    """Is killed, once so many batches are done."""

    left = 3

    def __call__(self, batch):
        if type(self).left == 0:
            raise Killed
        type(self).left -= 1
        return super().__call__(batch)


class KilledTwice(KilledAfter):
    left = 9


def test_a_killed_search_comes_to_the_same_end_and_repeats_no_batch(tmp_path, whole):
    with pytest.raises(Killed):
        evolved(tmp_path, make_work=partial(KilledAfter, lennard_jones, CONDITIONS))
    assert len(Journal(tmp_path, "k" * 64).read()) == 3
    said: list[str] = []
    assert ends(evolved(tmp_path, said=said)) == ends(whole)
    assert len([line for line in said if " to p10-z1" in line]) == 2  # five batches in all


class DiesOnce(BatchRelaxation):
    """One worker is killed in its first batch, like by a machine that is out of memory."""

    def __init__(self, flag, factory, conditions):
        super().__init__(factory, conditions)
        self.flag = flag

    def __call__(self, batch):
        if not self.flag.exists() and batch[0].index >= 6:
            self.flag.write_text("")
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(batch)


def test_workers_do_not_matter_and_one_that_is_killed_is_replaced(tmp_path, whole):
    make_work = partial(DiesOnce, tmp_path / "flag", lennard_jones, CONDITIONS)
    said: list[str] = []
    assert ends(evolved(tmp_path, workers=2, make_work=make_work, said=said)) == ends(whole)
    assert (tmp_path / "flag").exists() and any("a worker process died" in line for line in said)


def test_what_is_not_trusted_has_no_children(tmp_path, whole):
    distrusted = whole[0][0]["id"]
    assert any(distrusted in (row["parents"] or "") for row, _ in whole)
    again = evolved(tmp_path, trusted=lambda row: row["id"] != distrusted)
    assert not any(distrusted in (row["parents"] or "") for row, _ in again)


def test_a_random_search_has_no_children(tmp_path):
    pairs = evolved(tmp_path, ENGINE.model_copy(update={"engine": "random"}), structures=12)
    assert {row["origin"] for row, _ in pairs} == {"p1"}


ADAPTIVE = ENGINE.model_copy(update={"adaptive_shares": True, "generation_structures": 12})


@pytest.fixture(scope="module")
def adaptive(tmp_path_factory):
    said: list[str] = []
    return evolved(tmp_path_factory.mktemp("adaptive"), ADAPTIVE, 60, said=said), said


def shares_said(said):
    return [line for line in said if line.startswith("generation") and line.endswith("%")]


def test_adaptive_shares_follow_from_the_generations_before_alone(tmp_path, adaptive):
    pairs, said = adaptive
    shares = shares_said(said)
    assert [line.split(":")[0] for line in shares] == [f"generation {k}" for k in (1, 2, 3, 4)]
    first, *later = (line.split(": ")[1] for line in shares)
    assert first.startswith("splice 32.0 %") and "p1 20.0 %" in first and len({first, *later}) > 2
    with pytest.raises(Killed):
        evolved(tmp_path, ADAPTIVE, 60, make_work=partial(KilledTwice, lennard_jones, CONDITIONS))
    assert 0 < len(Journal(tmp_path, "k" * 64).read()) < 20
    again: list[str] = []
    assert ends(evolved(tmp_path, ADAPTIVE, 60, workers=2, said=again)) == ends(pairs)
    assert shares_said(again) == shares


def test_they_leave_the_generations_as_they_were_where_nobody_asks(tmp_path, whole, adaptive):
    assert ends(adaptive[0])[:6] == ends(whole)[:6]
    said: list[str] = []
    random = ADAPTIVE.model_copy(update={"engine": "random"})
    assert ends(evolved(tmp_path, random, 12, said=said)) == ends(adaptive[0])[:12]
    assert shares_said(said) == []


def test_newcomers_are_parents_in_niches_that_were_empty():
    before = [cube("a", -2.0, 1, 4.0, 1.60)]
    after = [cube("b", -2.1, 1, 4.0, 1.61), cube("a", -2.0, 1, 4.0, 1.60), cube("c", -1.5, 1, 4.0, 1.9)]
    assert newcomers(before, niches(after, 10)) == ["c"]  # b is a again, though lower
    assert newcomers([], niches(after, 10)) == ["b", "c"]
    assert newcomers(before, niches(after, 1)) == []


def test_searches_end_when_nothing_better_comes_or_the_time_is_spent(tmp_path):
    said: list[str] = []
    stale = replace_engine(unchanged_generations=1)
    assert len(evolved(tmp_path / "a", stale, 60, said=said)) < 60
    assert any("search.unchanged_generations" in line for line in said)
    short = replace_engine(core_minutes=1.0)
    assert len(evolved(tmp_path / "b", short, 60, said=said, spent=lambda: 61.0)) == 6
    assert any("can't be reproduced" in line for line in said)


def replace_engine(**changes) -> Engine:
    return ENGINE.model_copy(update=changes)


def cube(name: str, enthalpy: float, group: int, edge: float, second: float) -> Parent:
    atoms = Atoms("SiO2", positions=[[0, 0, 0], [second, 0, 0], [0, second * 0.8, 0]], cell=[edge] * 3, pbc=True)
    return Parent(name, atoms, enthalpy, group)


def test_parents_are_the_lowest_of_their_niche_and_no_space_group_has_all_children():
    found = [cube("b", -1.9, 1, 4.0, 1.61), cube("a", -2.0, 136, 4.0, 1.60), cube("c", -1.5, 1, 4.0, 1.9)]
    kept = niches(found, 10)
    assert [one.name for one in kept] == ["a", "c"]  # b is a again
    assert [one.name for one in niches(found, 1)] == ["a"]
    engine = replace_engine(random_share=0.0, children_per_space_group=2, generation_structures=12)
    children = Evolution(engine, 100, 0.0, 1, 1, 2).generation(1, 12, found)
    assert sum(one.parents[0] == "a" for one in children) == 2
    assert all(one.parents for one in children)
    only = Evolution(engine, 100, 0.0, 1, 1, 2).generation(1, 12, found[1:2])
    assert sum(bool(one.parents) for one in only) == 2  # the rest are random starts
    assert not any(one.parents for one in Evolution(engine, 100, 0.0, 1, 1, 2).generation(1, 12, []))


def test_low_parents_have_more_children():
    pool = [cube(str(k), -2.0 + k, 1, 4.0, 1.6) for k in range(4)]
    rng = np.random.default_rng(0)
    draws = [drawn(pool, rng).name for _ in range(2000)]
    counts = [draws.count(str(k)) / 2000 for k in range(4)]
    assert counts == pytest.approx([0.4, 0.3, 0.2, 0.1], abs=0.04)


def test_unsound_rows_are_no_parents(whole):
    row, frame = next((row, frame) for row, frame in whole if frame is not None)
    assert [one.name for one in parents_of([(row, frame), ({**row, "id": "x"}, None)])] == [row["id"]]
