"""Melts from files instead of simulations: what a frame must hold, and which walks are kept out of training."""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.frames import canonical_frame
from melt2crystal.marks import MARKS
from melt2crystal.seeds import seed_for
from melt2crystal.structure.frame_check import (
    falling_pressure,
    label_problem,
    labels_differ,
    state_problem,
    structure_problem,
)
from melt2crystal.structure.same_frame import KnownFrames

SPLITS = ("train", "heldout")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
# a time or a count of steps at the end of an origin: _100fs, t=0.25, step 2000, frame 19
_TIME = re.compile(
    rf"[\W_]*(?:(?<![A-Za-z])(?:frame|snapshot|image|step|time|t)[\W_]*{_NUMBER}[\W_]*(?:fs|ps|ns|steps?)?"
    rf"|(?<![\d.]){_NUMBER}[\W_]*(?:fs|ps|ns|steps?))$"
)
_NUMBER_OF_FRAME = re.compile(r"[\W_]*(?:(?<![A-Za-z0-9])\d+\.)?\d+$")  # run/12.5 is a time, run1.019 a number

WalkKey = tuple[float, float, str]


def complaint(atoms: Atoms, formula: Mapping[str, int], least_atoms: int = 1) -> str:
    """Why a frame can't be used as a melt, in words, or an empty text."""
    if problem := state_problem(atoms) or structure_problem(atoms) or _label_complaint(atoms):
        return problem
    units = len(atoms) // sum(formula.values())
    counts = {symbol: atoms.get_chemical_symbols().count(symbol) for symbol in set(atoms.get_chemical_symbols())}
    if not units or counts != {symbol: units * count for symbol, count in formula.items()}:
        return f"holds {atoms.get_chemical_formula()}, no whole formula units of the substance"
    if len(atoms) < least_atoms:
        return f"has {len(atoms)} atoms; melts below {least_atoms} crystallise unnoticed"
    mark = next((name for name in MARKS if name in atoms.info), "")
    if mark and (mark != "split" or atoms.info["split"] not in SPLITS):
        return f"belongs to a benchmark ({mark} {atoms.info[mark]}), which must not be trained on"
    return ""


def _label_complaint(atoms: Atoms) -> str:
    """A label, where a frame has a whole one, is no input, but its numbers are shown."""
    results = atoms.calc.results if atoms.calc is not None else {}
    return label_problem(atoms) if {"energy", "forces", "stress"} <= set(results) else ""


def each_once(frames: Sequence[Atoms]) -> tuple[list[Atoms], list[str]]:
    """The frames, each once (also one that is wrapped otherwise or has its atoms in another order); and what is odd.

    Raises:
        UserError: two labels of one frame differ, or all labels have a stress of the other sign.
    """
    kept: dict[str, Atoms] = {}
    known, repeated = KnownFrames(), []
    for number, atoms in enumerate(frames):
        frame = canonical_frame(atoms)
        same = known.find(frame)
        if same is None:
            known.add(frame, frame.info["frame_id"])
            kept[frame.info["frame_id"]] = atoms
            continue
        first = kept[same[0]]
        repeated.append(f"'{first.info.get('origin', '')}' and '{atoms.info.get('origin', '')}'")
        labels = [(a.calc.results["energy"], a.calc.results["forces"]) for a in (first, atoms) if _labelled(a)]
        if len(labels) == 2:
            apart = labels_differ((labels[0][0], np.asarray(labels[0][1])[same[1]]), labels[1])
            if apart:
                raise UserError(
                    f"liquid.frames: frame {number} of all is frame {same[0]} again ({repeated[-1]}), but their labels "
                    f"differ: {apart}. Take the wrong one out"
                )
    if problem := falling_pressure(list(kept.values())):
        raise UserError(f"liquid.frames: {problem}")
    told = [f"{len(repeated)} frames are there twice and count once; the first: {repeated[0]}"] if repeated else []
    return list(kept.values()), told + _lonely(list(kept.values()))


def _labelled(atoms: Atoms) -> bool:
    return atoms.calc is not None and {"energy", "forces"} <= set(atoms.calc.results)


def _lonely(frames: Sequence[Atoms]) -> list[str]:
    """A walk of one frame is a walk cut into pieces, more often than not."""
    sizes = Counter(walk_of(atoms) for atoms in frames if not atoms.info.get("split"))
    alone = sorted(walk for walk, count in sizes.items() if count == 1)
    if not alone:
        return []
    pressure, temperature, name = alone[0]
    return [
        f"{len(alone)} of {len(sizes)} walks have one frame, the first: '{name}' ({pressure:g} GPa, "
        f"{temperature:g} K). If they are pieces of longer walks, neighbours in time may stand on both sides of the "
        "split: give the frames of each walk the same key walk=..."
    ]


def walk_of(atoms: Atoms) -> WalkKey:
    """Pressure, temperature and walk: what neighbours in time share.

    The walk is what the frame says (``walk``), else its origin without times and counts of steps at the end, or, where
    there are none, without the number of the frame. Frames of a state that don't say where they come from are one walk.
    """
    state = float(atoms.info["pressure_GPa"]), float(atoms.info["temperature_K"])
    if "walk" in atoms.info:
        return *state, str(atoms.info["walk"])
    origin = str(atoms.info.get("origin", ""))
    walk = origin
    while shorter := _TIME.search(walk):
        walk = walk[: shorter.start()]
    return *state, walk if walk != origin else _NUMBER_OF_FRAME.sub("", origin)


def held_out(frames: Sequence[Atoms], share: float, seed: int) -> list[bool]:
    """Which frames are held out of training.

    A frame that says ``split`` (train, heldout) is where it says. Of the others whole walks are dealt out: of each
    pressure about ``share`` of the frames, what is left over or too much is carried to the next pressure, and one walk
    of each pressure always trains. Walks whose origin says 'heldout' come first, the others in an order that depends
    on seed and walk alone: new frames move few old ones to the other side, and new frames that say ``split`` move none.

    Raises:
        UserError: one side stays empty, or some frames of a walk say ``split`` and others don't.
    """
    said = [atoms.info.get("split") for atoms in frames]
    others = [atoms for atoms, split in zip(frames, said, strict=True) if not split]
    marked = {walk_of(atoms) for atoms, split in zip(frames, said, strict=True) if split}
    parted = marked & {walk_of(atoms) for atoms in others}
    if parted:
        pressure, temperature, origin = min(parted)
        raise UserError(
            f"liquid.frames: of the walk '{origin}' ({pressure:g} GPa, {temperature:g} K) some frames say split "
            "(train, heldout) and others don't; mark all of a walk, or none and let it be dealt out"
        )
    taken = _drawn(others, share, seed)
    chosen = [
        split == "heldout" if split else walk_of(atoms) in taken for atoms, split in zip(frames, said, strict=True)
    ]
    if all(chosen) or not any(chosen):
        raise UserError(
            f"liquid.frames: of {len(frames)} frames {sum(chosen)} can be held out and {len(frames) - sum(chosen)} "
            "trained on; at least two walks at one pressure are needed (a walk: the key walk, or origin without its "
            "number or time), or frames that say split: train and heldout"
        )
    return chosen


def _drawn(frames: Sequence[Atoms], share: float, seed: int) -> set[WalkKey]:
    """Walks to be held out."""
    sizes: dict[float, dict[WalkKey, int]] = defaultdict(lambda: defaultdict(int))
    for atoms in frames:
        walk = walk_of(atoms)
        sizes[walk[0]][walk] += 1
    taken: set[WalkKey] = set()
    carried = 0.0
    for pressure in sorted(sizes):
        carried += share * sum(sizes[pressure].values())
        order = sorted(
            sizes[pressure],
            key=lambda walk: ("heldout" not in walk[2], seed_for(seed, "heldout", *map(str, walk)), walk),
        )
        for walk in order[:-1]:
            if carried >= sizes[pressure][walk] / 2:
                taken.add(walk)
                carried -= sizes[pressure][walk]
    if not taken:  # few frames in all: the smallest walk that leaves another at its pressure
        spare = [walk for walks in sizes.values() if len(walks) > 1 for walk in walks]
        by_size = sorted(spare, key=lambda walk: (sizes[walk[0]][walk], seed_for(seed, "heldout", *map(str, walk))))
        taken.update(by_size[:1])
    return taken
