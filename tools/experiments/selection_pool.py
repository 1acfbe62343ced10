"""Explored frames of a finished study as a pool to choose from: read, tested for soundness, classed by an ensemble,
certified, labelled once; some are set aside as a test before anything is chosen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.explore.geometry import density_range, geometry_problem
from melt2crystal.explore.selection import CANDIDATE, CELL, audit_sample, class_table, classify, window_of
from melt2crystal.frames import read_frames
from melt2crystal.label.store import LabelStore, engine_and_digest, label_frames, labelled
from melt2crystal.liquid.certificate import certify
from melt2crystal.provenance import read_origin
from melt2crystal.seeds import generator_for
from melt2crystal.structure.cif import of_composition
from melt2crystal.study.load import load_study
from melt2crystal.study.model import Study
from melt2crystal.train.deviation import largest_force_deviation
from melt2crystal.train.models import Ensemble

ITERATION = "00"
LIBRARY = Path("data/polymorphs")


@dataclass(frozen=True)
class Finished:
    """What is taken from a finished study.

    Args:
        study: its settings.
        settings_digest: of them, as its summary and its figures say.
        initial: labelled frames of the first training set.
        heldout: labelled melt that no network sees.
        crystals: labelled points of the clamped energy-volume curves, with ``polymorph``.
        explored: frames of the walks of the first iteration.
        visits: a row for each of them, by its place: walk, pressure_GPa, temperature_K, step.
    """

    study: Study
    settings_digest: str
    initial: list[Atoms]
    heldout: list[Atoms]
    crystals: list[Atoms]
    explored: list[Atoms]
    visits: pd.DataFrame


def read_finished(folder: Path, root: Path) -> Finished:
    """Read a study's folder of results; nothing is written there.

    Raises:
        UserError: the study did not come so far, or does not explore.
    """
    figure = folder / "figures" / "selection.png"  # says of which settings the study is, and comes after exploration
    if not figure.is_file():
        raise UserError(f"{figure}: there is none; run the study to its end: make run STUDY={folder.name}")
    explored, visits = read_explored(folder / "explore" / ITERATION)
    return Finished(
        load_study({"study": folder.name}, root),
        read_origin(figure).settings_digest,
        read_frames(folder / "label" / "initial" / "labels.extxyz"),
        read_frames(folder / "label" / "heldout" / "labels.extxyz"),
        read_frames(folder / "label" / "eos" / "labels.extxyz"),
        explored,
        visits,
    )


def read_explored(folder: Path) -> tuple[list[Atoms], pd.DataFrame]:
    """Frames of all walks of an iteration, and a row for each, by its place.

    Raises:
        UserError: no walk left a frame.
    """
    frames: list[Atoms] = []
    tables = []
    for path in sorted(folder.glob("p*/deviations.csv")):
        table = pd.read_csv(path)
        table = table[table["frame"] >= 0].copy()
        table["walk"] = path.parent.name + "-" + table["walk"].astype(str)
        table.index = pd.Index(table["frame"] + len(frames))
        frames += read_frames(path.parent / "frames.extxyz")
        tables.append(table[["walk", *CELL, "step"]])
    if not frames:
        raise UserError(f"{folder}: no explored frames; take a study that explores (select.max_iterations above 0)")
    return frames, pd.concat(tables)


def base_of(finished: Finished, per_state: int) -> list[Atoms]:
    """So many frames of each (T, p) state of the first training set, drawn at random."""
    states = pd.DataFrame([[frame.info[name] for name in CELL] for frame in finished.initial], columns=CELL)
    drawn = audit_sample(states, per_state, generator_for(finished.study.seed, "base"))
    return [finished.initial[k] for k in drawn]


def labelled_once(finished: Finished, store: Path) -> dict[int, Atoms]:
    """Place -> sound explored frame with its label; labels are kept in ``store`` and none is computed twice.

    Sound is what the study's selection calls so: a believable density, no atoms too close.
    """
    study = finished.study
    distances = study.substance.minimum_distances_A
    densities = density_range(study.select, finished.initial)
    sound = {
        str(atoms.info["frame_id"]): place
        for place, atoms in enumerate(finished.explored)
        if not geometry_problem(atoms, densities, distances)
    }
    frames = [finished.explored[place] for place in sound.values()]
    engine, digest = engine_and_digest(study.reference.model_dump(), study.substance.species)
    known = LabelStore(store, digest, "pool")
    found = {}
    for frame, label, _ in label_frames(frames, engine, known, study.label.largest_force_eV_per_A, distances):
        if label.status == "ok":
            found[sound[str(frame.info["frame_id"])]] = labelled(frame, label, digest)
    return dict(sorted(found.items()))


def deviations(models: Sequence[Path], frames: Sequence[Atoms]) -> np.ndarray:
    """Largest force deviation of an ensemble on each frame, eV/Å [frames]."""
    return np.array([largest_force_deviation(forces) for forces in Ensemble(models).evaluate(frames)[1]])


def set_aside(places: Sequence[int], number: int, seed: int) -> list[int]:
    """Places of the frames that test, drawn at random whatever an ensemble thinks of them."""
    return sorted(int(k) for k in generator_for(seed, "explored test").permutation(np.array(places))[:number])


def judged_pool(finished: Finished, frames: dict[int, Atoms], models: Sequence[Path], tests: int) -> pd.DataFrame:
    """A row for each explored frame, by its place, as the study's own selection would see it with this ensemble.

    Args:
        frames: what :func:`labelled_once` gives; other frames are invalid.
        models: members of the ensemble.
        tests: how many frames are set aside.

    Returns:
        Columns of ``visits``, and deviation (eV/Å), class, test (set aside), certified (candidates that are no test:
        shown to be disordered), eps_lo and eps_hi (eV/Å).
    """
    study, pool = finished.study, finished.visits.sort_index().copy()
    forces = np.concatenate([atoms.get_forces() for atoms in finished.heldout])
    window = window_of(study.select.window, deviations(models, finished.heldout), forces)
    pool["deviation"] = pd.Series(deviations(models, list(frames.values())), index=list(frames))
    sound = pool.index.isin(list(frames))
    pool["class"] = classify(pool["deviation"].to_numpy(float), sound, *window)
    pool["test"] = pool.index.isin(set_aside(list(frames), tests, study.seed))
    pool["eps_lo"], pool["eps_hi"] = window
    asked = pool.index[(pool["class"] == CANDIDATE) & ~pool["test"]]
    library = of_composition(sorted(LIBRARY.glob("*.cif")), study.substance.formula)
    potential = Path(study.liquid.potential)
    verdicts, _ = certify([frames[k] for k in asked], library, study.certificate, study.substance, potential)
    pool["certified"] = pd.Series(verdicts["passed"].to_numpy(bool), index=asked).reindex(pool.index, fill_value=False)
    return pool


def to_choose_from(pool: pd.DataFrame) -> pd.DataFrame:
    """Rows of the certified candidates that don't test."""
    return pool[(pool["class"] == CANDIDATE) & pool["certified"] & ~pool["test"]]


def judges_of(finished: Finished, frames: dict[int, Atoms], pool: pd.DataFrame) -> dict[str, list[Atoms]]:
    """What every network is judged by; explored frames that were set aside, and no other."""
    explored = [frames[int(k)] for k in pool.index[pool["test"]]]
    return {"heldout": finished.heldout, "explored": explored, "crystals": finished.crystals}


def cells_of(pool: pd.DataFrame) -> pd.DataFrame:
    """Counts of each (T, p) cell: classes, certified candidates, frames that test; and the window."""
    cells = [(float(p), float(t)) for p, t in pool[CELL].drop_duplicates().sort_values(CELL).to_numpy()]
    table = class_table(pool, cells)
    for name, chosen in (("to_choose_from", to_choose_from(pool)), ("test", pool[pool["test"]])):
        counts = chosen.groupby(CELL).size()
        table[name] = [int(counts.get(cell, 0)) for cell in cells]
    return table.assign(eps_lo=pool["eps_lo"].iloc[0], eps_hi=pool["eps_hi"].iloc[0])
