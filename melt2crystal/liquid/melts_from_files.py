"""Melts from files instead of simulations: what a frame must hold, and which walks are kept out of training."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.marks import MARKS
from melt2crystal.seeds import seed_for

SPLITS = ("train", "heldout")
_NUMBER_OF_FRAME = re.compile(r"[\W_]*(frame)?[\W_]*\d+$")

WalkKey = tuple[float, float, str]


def complaint(atoms: Atoms, formula: Mapping[str, int], least_atoms: int = 1) -> str:
    """Why a frame can't be used as a melt, in words, or an empty text."""
    missing = [name for name in ("temperature_K", "pressure_GPa") if name not in atoms.info]
    if missing:
        return f"does not say {' and '.join(missing)}"
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


def walk_of(atoms: Atoms) -> WalkKey:
    """Pressure, temperature and origin without the number of the frame: what neighbours in time share.

    Frames of a state that don't say where they come from count as one walk.
    """
    origin = _NUMBER_OF_FRAME.sub("", str(atoms.info.get("origin", "")))
    return float(atoms.info["pressure_GPa"]), float(atoms.info["temperature_K"]), origin


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
            "trained on; at least two walks at one pressure are needed, or frames that say split: train and heldout"
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
