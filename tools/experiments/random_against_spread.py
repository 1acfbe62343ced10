"""Is ``select.strategy: spread`` worth more than ``random`` at equal numbers of labels?

``python -m tools.experiments.random_against_spread results/laptop``

From a finished study whose reference costs nothing (BKS): a small first training set, the same for all; an ensemble on
it classes the study's explored frames; of the certified candidates each strategy chooses as many, by the package's own
code; one network is trained on base and choice. Strategies are paired: one base, one seed of choice, one of network.
Finished trainings are rows of a table; a run that was stopped goes on. ``tools.experiments.random_against_spread_page``
writes the page.
"""

import datetime
import json
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from ase import Atoms

from melt2crystal.benchmark.equation_of_state import root_mean_square
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.explore.selection import CELL, labelling_order
from melt2crystal.files import write_csv, write_text
from melt2crystal.provenance import ROOT, commit_of
from melt2crystal.sections.train import Training
from melt2crystal.seeds import generator_for, seed_for
from melt2crystal.structure.coordination import coordination_name
from melt2crystal.train.dataset import most_neighbours, selection, write_hdf5
from melt2crystal.train.deepmd import alone_in, run_dp, train
from melt2crystal.train.deepmd_input import training_input
from melt2crystal.train.models import Ensemble
from tools.experiments.selection_pool import (
    Finished,
    base_of,
    cells_of,
    judged_pool,
    judges_of,
    labelled_once,
    read_finished,
    to_choose_from,
)
from tools.results.write_page import this_machine

STRATEGIES = ("spread", "random")
NOTHING = "none"  # strategy of networks that are trained on the base alone
KEY = ["strategy", "added", "seed"]
TABLES = ROOT / "docs" / "results" / "random-against-spread"
TRAININGS, DESIGN, CELLS = "trainings.csv", "design.json", "cells.csv"
NAME = "random-against-spread"
Key = tuple[str, int, int]


@dataclass(frozen=True)
class Experiment:
    """What all trainings share.

    Args:
        finished: the study.
        training: schedule of each network.
        base: labelled frames that every network sees.
        sel: neighbours of each species, the same for all.
        folder: where trainings are kept while they run.
    """

    finished: Finished
    training: Training
    base: list[Atoms]
    sel: list[int]
    folder: Path

    def network(self, key: Key, frames: Sequence[Atoms]) -> Path:
        """The frozen network of one training; goes on from a checkpoint, and trains no finished one again."""
        study, folder = self.finished.study, self.folder / "-".join(map(str, key))
        model = folder / "model.pb"
        if not model.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            written = write_hdf5(folder / "data.hdf5", [*self.base, *frames], study.substance.species)
            systems = [f"data.hdf5#/{name}" for name in written]  # the validation set is shown, and decides nothing
            named = {"training": systems, "validation": systems}
            seed = seed_for(study.seed, NAME, key[2])
            train(
                training_input(study.train.network, self.training, study.substance.species, self.sel, named, seed),
                folder,
            )
            run_dp(["freeze", "-o", "frozen.pb"], folder)
            os.replace(folder / "frozen.pb", model)
        return model


def planned(counts: Sequence[int], seeds: Sequence[int]) -> list[Key]:
    """Trainings in their order: each number of labels is whole before the next begins, pairs stand together.

    The base alone comes with the first number of labels.
    """
    keys: list[Key] = []
    for count in counts:
        for seed in seeds:
            keys += [(NOTHING, 0, seed)] if count == counts[0] else []
            keys += [(strategy, count, seed) for strategy in STRATEGIES]
    return keys


def chosen(candidates: pd.DataFrame, most: int, study_seed: int, seed: int) -> dict[str, list[int]]:
    """Strategy -> places in the order in which they are labelled, the same number for both.

    Args:
        candidates: what there is to choose from.
        most: the largest number that is wanted.

    Raises:
        UserError: there are fewer candidates.
    """
    if most > len(candidates):
        raise UserError(f"--counts: {most} frames are wanted, {len(candidates)} are there to choose from; want fewer")
    return {
        strategy: labelling_order(candidates, strategy, generator_for(study_seed, "select", NAME, seed))[:most]
        for strategy in STRATEGIES
    }


def errors(model: Path, tests: dict[str, list[Atoms]], coordination: dict[str, int]) -> dict[str, float]:
    """Root-mean-square errors of one network, raw: melts and clamped curves.

    Args:
        tests: name -> labelled frames; of ``crystals`` the energy alone is compared, in groups of coordination.
        coordination: polymorph -> coordination number.
    """
    ensemble, found = Ensemble([model]), {}
    for name, frames in tests.items():
        energies, forces, _ = ensemble.evaluate(frames)
        differences = [
            1000 * (energy - atoms.get_potential_energy()) / len(atoms)
            for energy, atoms in zip(energies[0], frames, strict=True)
        ]
        if name == "crystals":
            groups = np.array([coordination_name(coordination[atoms.info["polymorph"]]) for atoms in frames])
            for group in sorted(set(groups)):
                found[f"{group}_meV_per_atom"] = root_mean_square(np.array(differences)[groups == group])
            continue
        found[f"{name}_energy_meV_per_atom"] = root_mean_square(np.array(differences))
        of_forces = [of[0] - atoms.get_forces() for of, atoms in zip(forces, frames, strict=True)]
        found[f"{name}_force_eV_per_A"] = root_mean_square(np.concatenate(of_forces))
    return found


class Rows:
    """The table of finished trainings, which grows by one row at a time and is whole at any moment."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.table = pd.read_csv(path) if path.is_file() else pd.DataFrame(columns=KEY)

    def have(self, key: Key) -> bool:
        """Whether this training is finished."""
        return bool((self.table[KEY] == pd.Series(dict(zip(KEY, key, strict=True)))).all(axis=1).any())

    def add(self, key: Key, values: dict[str, Any]) -> None:
        """One more finished training."""
        row = pd.DataFrame([{**dict(zip(KEY, key, strict=True)), **values}])
        self.table = row if self.table.empty else pd.concat([self.table, row], ignore_index=True)
        write_csv(self.path, self.table, "%.6g")


class Clock:
    """Whether there is time for one more training, by the longest one so far."""

    def __init__(self, limit_minutes: float | None) -> None:
        self.limit_s = float("inf") if limit_minutes is None else 60 * limit_minutes
        self.began, self.longest_s = time.monotonic(), 0.0

    def allows(self) -> bool:
        """Another one as long as the longest would end in time."""
        return time.monotonic() - self.began + self.longest_s <= self.limit_s

    @contextmanager
    def one(self) -> Iterator[None]:
        """Measure one training."""
        began = time.monotonic()
        yield
        self.longest_s = max(self.longest_s, time.monotonic() - began)


def same_design(path: Path, design: dict[str, Any]) -> None:
    """Write down what is compared, or refuse to go on with something else.

    Raises:
        UserError: the folder holds another experiment.
    """
    if path.is_file() and (former := json.loads(path.read_text(encoding="utf-8"))) != design:
        apart = ", ".join(f"{k}: {former.get(k)} there, {v} now" for k, v in design.items() if former.get(k) != v)
        raise UserError(f"{path}: another experiment ({apart}); name another --folder and other --tables")
    write_text(path, json.dumps(design, indent=1, sort_keys=True) + "\n")


def pool_of(experiment: Experiment, frames: dict[int, Atoms], models: Sequence[Path], tests: int) -> pd.DataFrame:
    """The judged pool, from its file if it was judged before."""
    path = experiment.folder / "pool.csv"
    if not path.is_file():
        write_csv(path, judged_pool(experiment.finished, frames, models, tests).rename_axis("place").reset_index())
    return pd.read_csv(path).set_index("place")


def numbers(text: str) -> list[int]:
    """'20,40' -> [20, 40]; UserError if something is no positive whole number, or stands there twice."""
    found = [int(part) for part in text.split(",") if part.strip().isdecimal()]
    if len(found) != len(text.split(",")) or min(found) < 1 or len(set(found)) < len(found):
        raise UserError(f"{text!r}: must be different whole numbers above 0, such as 20,40,80")
    return found


@reports_errors
def random_against_spread(
    results: Annotated[Path, typer.Argument(help="results folder of a finished study, such as results/laptop")],
    folder: Annotated[Path, typer.Option(help="labels, ensemble, trainings")] = ROOT / "results" / NAME,
    tables: Annotated[Path, typer.Option(help="where the rows are collected")] = TABLES,
    counts: Annotated[str, typer.Option(help="numbers of frames that are added, in this order")] = "25,50,12,100,75",
    seeds: Annotated[str, typer.Option(help="one choice and one network each")] = "1,2,3,4,5",
    base_per_state: Annotated[int, typer.Option(min=1, help="frames of each (T, p) state that all networks see")] = 1,
    tests: Annotated[int, typer.Option(min=2, help="explored frames that are set aside")] = 100,
    steps: Annotated[int | None, typer.Option(min=10, help="of each network; default: those of HP")] = None,
    limit_minutes: Annotated[float | None, typer.Option(min=0, help="begin no training that would end later")] = None,
) -> None:
    """Train what is left to train; each finished training is a row."""
    clock, finished = Clock(limit_minutes), read_finished(results, ROOT)
    study = finished.study
    loop, training = study.train.loop, study.release.hp.training
    training = training if steps is None else training.model_copy(update={"steps": steps})
    base = base_of(finished, base_per_state)
    design = {"study": study.name, "settings_digest": finished.settings_digest, "steps": training.steps}
    design |= {"base_per_state": base_per_state, "base_frames": len(base), "tests": tests}
    design |= {"members": loop.members, "ensemble_steps": loop.steps}
    tables.mkdir(parents=True, exist_ok=True)
    with alone_in(folder):
        same_design(tables / DESIGN, design)
        same_design(folder / DESIGN, design)
        frames = labelled_once(finished, folder / "labels")
        neighbours = most_neighbours([*base, *frames.values()], study.substance.species, study.train.network.r_cut_A)
        sel = selection(neighbours, study.train.network.selection_margin)
        ensemble = Experiment(finished, loop, base, sel, folder / "ensemble")
        models = []
        for member in range(1, loop.members + 1):
            if not clock.allows():
                return print("the time is up; run again to go on", flush=True)
            with clock.one():
                models.append(ensemble.network((NOTHING, 0, member), []))
        experiment = Experiment(finished, training, base, sel, folder)
        pool = pool_of(experiment, frames, models, tests)
        write_csv(tables / CELLS, cells_of(pool))
        keys = planned(numbers(counts), numbers(seeds))
        run(experiment, pool, frames, keys, Rows(tables / TRAININGS), clock)


def run(
    experiment: Experiment,
    pool: pd.DataFrame,
    frames: dict[int, Atoms],
    keys: Sequence[Key],
    rows: Rows,
    clock: Clock,
) -> None:
    """Train and judge what has no row yet, while there is time."""
    study = experiment.finished.study
    candidates, judges = to_choose_from(pool), judges_of(experiment.finished, frames, pool)
    coordination = {name: polymorph.coordination for name, polymorph in study.benchmark.polymorphs.items()}
    most = max(added for _, added, _ in keys)
    print(f"{len(candidates)} of {len(pool)} explored frames can be chosen", flush=True)
    origin = {"commit": commit_of(ROOT).replace("-dirty", " and changes"), "machine": this_machine()}
    for key in keys:
        if rows.have(key):
            continue
        if not clock.allows():
            return print("the time is up; run again to go on", flush=True)
        strategy, added, seed = key
        orders = {name: order[:added] for name, order in chosen(candidates, most, study.seed, seed).items()}
        places = orders.get(strategy, [])
        began = time.monotonic()
        with clock.one():
            model = experiment.network(key, [frames[k] for k in places])
            values: dict[str, Any] = {"frames": len(experiment.base) + len(places)}
            values |= {"cells": len(candidates.loc[places, CELL].drop_duplicates())}
            values |= {"shared": len(set.intersection(*map(set, orders.values())))}
            values |= errors(model, judges, coordination)
        values |= {"wall_s": round(time.monotonic() - began, 1), **origin, "date": datetime.date.today().isoformat()}
        rows.add(key, values)
        shutil.rmtree(model.parent)
        print(f"{key}: {values}", flush=True)


if __name__ == "__main__":
    typer.run(random_against_spread)
