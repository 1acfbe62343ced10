"""Random beside spread: pairing, equal numbers of labels, frames that test, what a stopped run goes on with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.errors import UserError
from melt2crystal.explore.selection import CANDIDATE
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.study.load import load_study
from melt2crystal.train.models import Ensemble
from tests.helpers.checkout import REPOSITORY
from tools.experiments import random_against_spread as bench
from tools.experiments import selection_pool
from tools.experiments.selection_pool import (
    Finished,
    base_of,
    cells_of,
    judged_pool,
    judges_of,
    labelled_once,
    read_explored,
    read_finished,
    set_aside,
    to_choose_from,
)

BKS = REPOSITORY / "data/potentials/silica_bks.lmp"
TESTS = 6


def pool(cells=3, per_cell=12, tests=9):
    """A judged pool: every third frame is no candidate, every fifth is not certified; walks of one cell each."""
    table = pd.DataFrame(
        [
            {"walk": f"p{cell}-0", "pressure_GPa": 10.0 * cell, "temperature_K": 4000.0, "step": 20 * step}
            for cell in range(cells)
            for step in range(per_cell)
        ]
    )
    places = table.index.to_numpy()
    table["class"] = np.where(places % 3 == 0, "accurate", CANDIDATE)
    table["certified"] = (table["class"] == CANDIDATE) & (places % 5 != 0)
    table["test"] = table.index.isin(set_aside(list(places), tests, 1))
    return table.assign(eps_lo=0.2, eps_hi=0.6)


@pytest.mark.parametrize("seed", range(6))
def test_both_strategies_choose_as_many_and_only_certified_candidates_that_do_not_test(seed):
    table = pool()
    candidates = to_choose_from(table)
    orders = bench.chosen(candidates, 12, 1, seed)
    assert set(orders) == {"spread", "random"}
    for count in (1, 5, 12):
        taken = {name: order[:count] for name, order in orders.items()}
        assert [len(set(places)) for places in taken.values()] == [count, count]
        for places in taken.values():
            rows = table.loc[places]
            assert rows["certified"].all() and (rows["class"] == CANDIDATE).all() and not rows["test"].any()
    assert orders == bench.chosen(candidates, 12, 1, seed) != bench.chosen(candidates, 12, 1, seed + 1)
    assert candidates.loc[orders["spread"][:3], "pressure_GPa"].nunique() == 3, "one of each state in turn"


def test_more_frames_than_there_are_candidates_are_refused():
    candidates = to_choose_from(pool())
    with pytest.raises(UserError, match=rf"{len(candidates) + 1} frames are wanted, {len(candidates)} are there"):
        bench.chosen(candidates, len(candidates) + 1, 1, 1)


def test_frames_that_test_are_drawn_by_the_seed_alone():
    assert len(set(set_aside(range(50), 20, 1))) == 20
    assert set_aside(range(50), 20, 1) == set_aside(range(50), 20, 1) != set_aside(range(50), 20, 2)
    assert set_aside([3, 7], 20, 1) == [3, 7]


def test_cells_count_what_can_be_chosen_and_what_tests():
    table = pool()
    cells = cells_of(table)
    assert cells["pressure_GPa"].tolist() == [0.0, 10.0, 20.0]
    assert cells["to_choose_from"].sum() == len(to_choose_from(table)) and cells["test"].sum() == 9
    assert (cells["accurate"] + cells["candidate"]).tolist() == [12, 12, 12]


def test_each_number_of_labels_is_whole_before_the_next_begins():
    keys = bench.planned([20, 10], [1, 5])
    assert keys == [
        *(("none", 0, 1), ("spread", 20, 1), ("random", 20, 1), ("none", 0, 5), ("spread", 20, 5), ("random", 20, 5)),
        *(("spread", 10, 1), ("random", 10, 1), ("spread", 10, 5), ("random", 10, 5)),
    ]


@pytest.mark.parametrize("text", ["", "10,", "10,10", "0,10", "ten", "10,-20", "1.5"])
def test_numbers_that_are_none_are_refused(text):
    with pytest.raises(UserError, match="must be different whole numbers above 0"):
        bench.numbers(text)
    assert bench.numbers("20, 40") == [20, 40]


def with_label(atoms, energy_shift=0.0, force_shift=0.0):
    """The frame with BKS's own numbers, shifted by so much."""
    energies, forces, virials = Ensemble([BKS]).evaluate([atoms])
    copy = atoms.copy()
    results = {"energy": energies[0, 0] + energy_shift, "forces": forces[0][0] + force_shift}
    copy.calc = SinglePointCalculator(copy, stress=-virials[0, 0] / atoms.get_volume(), **results)
    return copy


@pytest.fixture(scope="module")
def finished():
    """A study of rattled melts: seven walks of six frames, each shaken more than the one before."""
    melts = [canonical_frame(atoms) for atoms in read_frames(REPOSITORY / "tests/data/melts.extxyz")]
    generator, frames, rows = np.random.default_rng(1), [], []
    for walk, melt in enumerate(melts):
        for step in range(6):
            moved = melt.copy()
            moved.positions += generator.normal(0, 0.015 * (step + 1), moved.positions.shape)
            frames.append(canonical_frame(moved))
            state = {name: melt.info[name] for name in ("pressure_GPa", "temperature_K")}
            rows.append({"walk": str(walk), **state, "step": step})
    held_out = [with_label(melt) for melt in melts]
    study = load_study({"study": "laptop"}, REPOSITORY)
    return Finished(study, "0" * 64, held_out, held_out, [], frames, pd.DataFrame(rows))


@pytest.fixture(scope="module")
def members(tmp_path_factory):
    """Two potentials that differ: BKS, and BKS with smaller charges."""
    other = tmp_path_factory.mktemp("members") / "weaker.lmp"
    other.write_text(BKS.read_text().replace("charge 2.4", "charge 2.35").replace("charge -1.2", "charge -1.175"))
    return [BKS, other]


@pytest.fixture(scope="module")
def labels(finished, tmp_path_factory):
    store = tmp_path_factory.mktemp("store")
    return labelled_once(finished, store), store


def test_the_pool_is_labelled_once_and_judged_as_the_study_would(finished, members, labels, monkeypatch):
    frames, store = labels
    assert set(frames) <= set(range(42)) and len(frames) > 30
    journal = next(store.rglob("pool.jsonl"))
    lines = journal.read_text().count("\n")
    assert lines == len(frames)
    again = labelled_once(finished, store)
    assert journal.read_text().count("\n") == lines, "none is computed twice"
    assert all(again[k].get_potential_energy() == atoms.get_potential_energy() for k, atoms in frames.items())

    monkeypatch.chdir(REPOSITORY)
    judged = judged_pool(finished, frames, members, TESTS)
    expected = np.percentile(selection_pool.deviations(members, finished.heldout), 90)
    assert 0 < judged["eps_lo"].iloc[0] <= max(round(float(expected), 4), 0.15)
    assert judged["test"].sum() == TESTS and set(judged.index[judged["test"]]) <= set(frames)
    assert set(judged.index[judged["class"] == "invalid"]) == set(range(42)) - set(frames)
    candidates = to_choose_from(judged)
    assert len(candidates) and not judged.loc[candidates.index, "test"].any()
    judges = judges_of(finished, frames, judged)
    taken = {str(frames[k].info["frame_id"]) for k in candidates.index}
    assert len(judges["explored"]) == TESTS
    assert not taken & {str(atoms.info["frame_id"]) for name in ("explored", "heldout") for atoms in judges[name]}


def test_the_base_has_as_many_frames_of_each_state(finished):
    base = base_of(finished, 1)
    assert [atoms.info["pressure_GPa"] for atoms in base] == [0.0, 70.0]
    assert len(base_of(finished, 3)) == 6 and len(base_of(finished, 9)) == 7


def test_errors_are_those_that_were_put_in(finished):
    melts = finished.heldout[:2]
    shifted = [with_label(atoms, energy_shift=-0.072, force_shift=0.25) for atoms in melts]
    for atoms, name in zip(shifted, ("stishovite", "coesite"), strict=True):
        atoms.info["polymorph"] = name
    found = bench.errors(BKS, {"heldout": shifted, "crystals": shifted}, {"stishovite": 6, "coesite": 4})
    assert found == pytest.approx(
        {
            "heldout_energy_meV_per_atom": 1.0,
            "heldout_force_eV_per_A": 0.25,
            "octahedral_meV_per_atom": 1.0,
            "tetrahedral_meV_per_atom": 1.0,
        },
        rel=1e-6,
    )


class Trained(bench.Experiment):
    """Its networks are BKS itself; what was asked for is written down."""

    asked: list = []  # noqa: RUF012

    def network(self, key, frames):
        """No training."""
        self.asked.append((key, [str(atoms.info["frame_id"]) for atoms in frames]))
        model = self.folder / "-".join(map(str, key)) / "model.lmp"
        model.parent.mkdir(parents=True, exist_ok=True)
        model.write_text(BKS.read_text())
        return model


@pytest.fixture
def experiment(finished, tmp_path):
    Trained.asked = []
    return Trained(finished, finished.study.train.loop, base_of(finished, 1), [4, 4], tmp_path)


def choosable(labels):
    """A judged pool over the labelled frames, all of them candidates but those that test."""
    frames, _ = labels
    table = pool(cells=2, per_cell=21, tests=0).loc[list(frames)]
    aside = table.index.isin(set_aside(list(frames), TESTS, 1))
    return table.assign(**{"class": CANDIDATE, "certified": True, "test": aside})


def test_a_run_that_was_stopped_goes_on_and_trains_nothing_twice(experiment, labels, tmp_path, monkeypatch):
    table, (frames, _), keys = choosable(labels), labels, bench.planned([2, 5], [1, 2])
    path = tmp_path / "trainings.csv"
    real = bench.errors

    def killed(*arguments):
        if len(Trained.asked) == 4:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(bench, "errors", killed)
    with pytest.raises(KeyboardInterrupt):
        bench.run(experiment, table, frames, keys, bench.Rows(path), bench.Clock(None))
    assert len(pd.read_csv(path)) == 3
    monkeypatch.setattr(bench, "errors", real)
    clock = bench.Clock(1000.0)
    with clock.one():
        clock.began -= 59_000  # of the 60,000 s
    clock.longest_s = 2000.0
    bench.run(experiment, table, frames, keys, bench.Rows(path), clock)
    assert len(pd.read_csv(path)) == 3, "none is begun that would end too late"
    bench.run(experiment, table, frames, keys, bench.Rows(path), bench.Clock(None))
    rows = pd.read_csv(path)
    assert [tuple(row) for row in rows[bench.KEY].itertuples(index=False)] == keys
    assert [key for key, _ in Trained.asked] == [*keys[:4], *keys[3:]], "the killed one is asked for again"

    asked = dict(Trained.asked)
    tests = {str(frames[k].info["frame_id"]) for k in table.index[table["test"]]}
    for (_, added, _), names in asked.items():
        assert len(set(names)) == added and not tests & set(names)
    for seed in (1, 2):
        assert set(asked["random", 2, seed]) < set(asked["random", 5, seed])
        shared = set(asked["random", 5, seed]) & set(asked["spread", 5, seed])
        assert set(rows.loc[(rows["seed"] == seed) & (rows["added"] == 5), "shared"]) == {len(shared)}
    assert (rows["frames"] == rows["added"] + 2).all()
    assert rows["explored_force_eV_per_A"].max() < 1e-4, "BKS against its own labels, but for the Ewald sum"
    assert not list(tmp_path.glob("*/model.lmp")), "a network that is judged is not kept"


def test_another_experiment_in_the_same_folder_is_refused(tmp_path):
    bench.same_design(tmp_path / "design.json", {"steps": 1000, "tests": 5})
    bench.same_design(tmp_path / "design.json", {"steps": 1000, "tests": 5})
    with pytest.raises(UserError, match=r"another experiment \(steps: 1000 there, 500 now\)"):
        bench.same_design(tmp_path / "design.json", {"steps": 500, "tests": 5})


def test_explored_frames_are_numbered_through_all_pressures(finished, tmp_path):
    for name, numbers in (("p0", (0, -1, 1)), ("p10", (0, 1))):
        rows = [
            {"walk": 0, "pressure_GPa": 0, "temperature_K": 1, "step": k, "frame": n} for k, n in enumerate(numbers)
        ]
        (tmp_path / name).mkdir()
        pd.DataFrame(rows).to_csv(tmp_path / name / "deviations.csv", index=False)
        write_frames(tmp_path / name / "frames.extxyz", finished.explored[:2])
    frames, visits = read_explored(tmp_path)
    assert len(frames) == 4 and visits.index.tolist() == [0, 1, 2, 3]
    assert visits["step"].tolist() == [0, 2, 0, 1] and visits["walk"].tolist() == ["p0-0", "p0-0", "p10-0", "p10-0"]
    with pytest.raises(UserError, match="no explored frames"):
        read_explored(tmp_path / "none")


def test_a_study_that_is_not_finished_is_refused(tmp_path):
    with pytest.raises(UserError, match="run the study to its end: make run STUDY=laptop"):
        read_finished(tmp_path / "laptop", REPOSITORY)


@pytest.mark.slow
def test_a_training_is_done_once_and_its_network_has_errors(finished, labels, tmp_path):
    study, (frames, _) = finished.study, labels
    training = study.train.loop.model_copy(update={"steps": 20})
    experiment = bench.Experiment(finished, training, base_of(finished, 1), [60, 120], tmp_path)
    added = [frames[k] for k in list(frames)[:2]]
    model = experiment.network(("spread", 2, 1), added)
    written = model.stat().st_mtime_ns
    assert experiment.network(("spread", 2, 1), added) == model and model.stat().st_mtime_ns == written
    found = bench.errors(model, {"heldout": finished.heldout}, {})
    assert 0 < found["heldout_force_eV_per_A"] < 100
    twin = replace(experiment, folder=tmp_path / "twin").network(("random", 2, 1), added)
    assert bench.errors(Path(twin), {"heldout": finished.heldout}, {}) == pytest.approx(found, rel=1e-4), "one seed"
