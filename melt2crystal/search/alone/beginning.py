"""What a search without a study knows beforehand: volumes, energies, distances, from random cells or from melts.

Random cells at rest are as good as a quenched melt of nothing but the potential and the formula, need no temperature
and no thermostat, and cost as much as the search's own relaxations. No crystal is known here: radii of atoms only keep
random atoms from lying in each other (B. Cordero et al., https://doi.org/10.1039/b801115j, for molecules and crystals).
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from ase import Atoms
from ase.data import atomic_numbers, covalent_radii
from ase.neighborlist import neighbor_list

from melt2crystal.errors import UserError
from melt2crystal.files import write_text
from melt2crystal.frames import minimum_distances, read_frames, write_frames
from melt2crystal.relaxation.relaxer import LOOSE_FORCE_EV_PER_A, enthalpy
from melt2crystal.search.candidate import Candidate, Conditions
from melt2crystal.search.melts import Bounds
from melt2crystal.search.sanity import Sanity
from melt2crystal.search.starts.generate import Recipe
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Section

CELLS = 50  # random cells
CELL_ATOMS = 24  # in each, about
LEAST_SOUND = 5  # of them, or the potential is no potential for this substance
NO_RADIUS_A = 1.5  # of elements without one
SMALLEST_RADIUS_A = 0.25
OVERLAP = 0.5  # atoms nearer than this share of the sum of their radii lie in each other
APART = 0.8  # share of it that atoms of a random cell keep: what has seen melts alone knows nothing nearer
SPHERES = (2.0, 6.0)  # volumes of random cells, in volumes of their atoms as spheres
SPHERES_SANE = (0.3, 20.0)
VOLUMES_SANE = (0.4, 2.5)  # of a crystal, in volumes of the cells at rest
DISTANCE_SHARE = 0.7  # atoms nearer than this share of the shortest distance in a cell at rest: a hole
BOND_SHARE = 1.3  # a bond is as long as that many nearest distances
LONGEST_BOND_A = 6.0
FAR_OUT = 3.0  # interquartile ranges below the quartile: a hole of the potential (J. W. Tukey, 1977)
FAR_OUT_EV_PER_ATOM = 0.5


@dataclass(frozen=True)
class Beginning:
    """What a search may know.

    Args:
        substance: formula, distances and bonds.
        bounds: volumes of starts and the lowest energy of a disordered cell at rest.
        volume_range_A3_per_atom: volumes beyond which a structure is none.
        melts: at rest, for starts to be cut from; none where random cells were relaxed.
        told: where it comes from, in words.
    """

    substance: Substance
    bounds: Bounds
    volume_range_A3_per_atom: tuple[float, float]
    melts: tuple[Atoms, ...]
    told: str


class _File(Section):
    """What is kept of a beginning beside its melts."""

    substance: Substance
    volumes_A3_per_atom: tuple[float, float]
    lowest_eV_per_atom: float
    pressures_GPa: list[float]
    melts: int
    volume_range_A3_per_atom: tuple[float, float]
    told: str


def write_beginning(folder: Path, beginning: Beginning) -> None:
    """Write ``beginning.extxyz``, then ``beginning.json``."""
    bounds = beginning.bounds
    kept = _File(
        substance=beginning.substance,
        volumes_A3_per_atom=bounds.volumes_A3_per_atom,
        lowest_eV_per_atom=bounds.lowest_eV_per_atom,
        pressures_GPa=list(bounds.pressures_GPa),
        melts=bounds.melts,
        volume_range_A3_per_atom=beginning.volume_range_A3_per_atom,
        told=beginning.told,
    )
    write_frames(folder / "beginning.extxyz", beginning.melts)
    write_text(folder / "beginning.json", kept.model_dump_json(indent=1) + "\n")


def read_beginning(folder: Path) -> Beginning | None:
    """What :func:`write_beginning` wrote; None if it did not come to that.

    Raises:
        UserError: it holds something else.
    """
    path = folder / "beginning.json"
    if not path.exists():
        return None
    try:
        kept = _File.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: not the beginning of a search ({error}); remove it, and it is made again") from error
    bounds = Bounds(kept.volumes_A3_per_atom, kept.lowest_eV_per_atom, tuple(kept.pressures_GPa), kept.melts)
    melts = tuple(read_frames(folder / "beginning.extxyz"))
    return Beginning(kept.substance, bounds, kept.volume_range_A3_per_atom, melts, kept.told)


def radius_A(symbol: str) -> float:
    """Covalent radius of an element, Å."""
    number = atomic_numbers[symbol]
    tabled = float(covalent_radii[number]) if number < len(covalent_radii) else NO_RADIUS_A
    return max(tabled, SMALLEST_RADIUS_A) if number <= 96 else NO_RADIUS_A


def overlaps(species: Sequence[str], share: float = OVERLAP) -> dict[str, float]:
    """Pair ('A-B') -> distance below which two atoms lie in each other, Å: a share of the sum of their radii."""
    return {
        f"{a}-{b}": round(share * (radius_A(a) + radius_A(b)), 3)
        for k, a in enumerate(species)
        for b in species[k:]
    }  # fmt: skip


def sphere_volume(formula: dict[str, int]) -> float:
    """Mean volume of the atoms as spheres, Å^3 per atom."""
    total = sum(count * 4 / 3 * np.pi * radius_A(symbol) ** 3 for symbol, count in formula.items())
    return float(total / sum(formula.values()))


def random_conditions(formula: dict[str, int], pressure_GPa: float, seed: int, steps: int) -> Conditions:
    """Of cells with atoms anywhere, over a wide range of volumes, brought nearly to rest at the pressure."""
    species = list(formula)
    sphere, apart = sphere_volume(formula), overlaps(species)
    units = max(1, round(CELL_ATOMS / sum(formula.values())))
    volumes = (SPHERES[0] * sphere, SPHERES[1] * sphere)
    return Conditions(
        Recipe(formula, units, volumes, overlaps(species, APART), (0.0, 0.0, 0.0), 0.0),
        Sanity((SPHERES_SANE[0] * sphere, SPHERES_SANE[1] * sphere), None, apart),
        pressure_GPa,
        steps,
        LOOSE_FORCE_EV_PER_A,
        seed,
    )


def random_candidates() -> list[Candidate]:
    """The random cells, before they are made."""
    return [Candidate(f"random-{index:03d}", 0, index) for index in range(CELLS)]


def of_random_cells(results: Sequence[dict[str, Any]], formula: dict[str, int], pressure_GPa: float) -> Beginning:
    """What random cells at rest say.

    Volumes are those of the half with the lower enthalpy: some of the others are porous.

    Args:
        results: of :class:`~melt2crystal.search.candidate.BatchRelaxation`.

    Raises:
        UserError: too few of them came soundly to rest; how many, and why.
    """
    cells, energies = [], []
    for result in results:
        if "energy_eV" in result:  # sound; insane ones have a geometry, too
            cells.append(Atoms(result["symbols"], result["positions"], cell=result["cell"], pbc=True))
            energies.append(result["energy_eV"] / len(cells[-1]))
    if len(cells) < LEAST_SOUND:
        raise UserError(
            f"{len(cells)} of {len(results)} random cells came soundly to rest at {pressure_GPa:g} GPa with this "
            f"potential: {reasons([result['status'] for result in results])}. It does not know this substance at this "
            "pressure: name another potential, or give melts it knows (--melt)"
        )
    low, high = np.percentile(energies, [25, 75])
    floor = low - max(FAR_OUT * (high - low), FAR_OUT_EV_PER_ATOM)
    kept = [k for k, energy in enumerate(energies) if energy >= floor]
    order = sorted(kept, key=lambda k: enthalpy(energies[k], _volume(cells[k]), pressure_GPa))
    lower = [_volume(cells[k]) for k in order[: max(LEAST_SOUND, (len(order) + 1) // 2)]]
    bounds = Bounds(
        (min(lower), max(lower)), min(energies[k] for k in kept), (pressure_GPa,), len(kept)
    )  # fmt: skip
    sound = [cells[k] for k in kept]
    failed = len(results) - len(cells)
    told = (
        f"{len(results)} random cells of {len(cells[0])} atoms relaxed at {pressure_GPa:g} GPa, {len(kept)} taken"
        + (f", {len(cells) - len(kept)} far below the others" if len(cells) > len(kept) else "")
    )
    if failed:
        told += f", {failed} unsound ({reasons([r['status'] for r in results if 'energy_eV' not in r])})"
    return _of_cells(sound, formula, bounds, (), told)


def of_melts(
    melts: Sequence[Atoms], at_rest: Sequence[Atoms], formula: dict[str, int], pressure_GPa: float
) -> Beginning:
    """What melts, and some of them at rest, say.

    Args:
        melts: as they were given, at whatever pressure.
        at_rest: some of them brought to rest at the pressure, with ``info['energy_eV_per_atom']``.
    """
    volumes = [_volume(atoms) for atoms in [*melts, *at_rest]]
    lowest = min(float(atoms.info["energy_eV_per_atom"]) for atoms in at_rest)
    bounds = Bounds((min(volumes), max(volumes)), lowest, (pressure_GPa,), len(melts))
    told = f"{len(melts)} melts given, {len(at_rest)} of them brought to rest at {pressure_GPa:g} GPa"
    return _of_cells(at_rest, formula, bounds, tuple(at_rest), told)


def _of_cells(
    cells: Sequence[Atoms], formula: dict[str, int], bounds: Bounds, melts: tuple[Atoms, ...], told: str
) -> Beginning:
    low, high = bounds.volumes_A3_per_atom
    return Beginning(
        substance_of(cells, formula), bounds, (VOLUMES_SANE[0] * low, VOLUMES_SANE[1] * high), melts, told
    )  # fmt: skip


def substance_of(cells: Sequence[Atoms], formula: dict[str, int]) -> Substance:
    """Distances and bonds of a substance, as disordered cells at rest have them.

    The species surrounded is the least electronegative one, that counted around it the most electronegative.
    """
    from pymatgen.core import Element

    shortest: dict[str, list[float]] = {}
    for cell in cells:
        for pair, distance in minimum_distances(cell).items():
            shortest.setdefault(pair, []).append(distance)
    ranked = sorted(formula, key=lambda symbol: (float(np.nan_to_num(Element(symbol).X)), symbol))
    nearest = [distance for cell in cells for distance in _nearest(cell, ranked[0], ranked[-1])]
    reach = BOND_SHARE * float(np.median(nearest)) if nearest else LONGEST_BOND_A
    return Substance(
        name="".join(f"{symbol}{count if count > 1 else ''}" for symbol, count in formula.items()),
        formula=formula,
        central_species=ranked[0],
        ligand_species=ranked[-1],
        bond_cutoff_A=round(min(reach, LONGEST_BOND_A), 3),
        minimum_distances_A={pair: round(DISTANCE_SHARE * float(np.median(own)), 3) for pair, own in shortest.items()},
    )


def _nearest(cell: Atoms, central: str, ligand: str) -> list[float]:
    """Distance of the nearest ligand of each central atom that has one, Å."""
    symbols = np.array(cell.get_chemical_symbols())
    first, second, distances = neighbor_list("ijd", cell, LONGEST_BOND_A)
    of_pair = (symbols[first] == central) & (symbols[second] == ligand)
    return [float(distances[of_pair & (first == k)].min()) for k in np.unique(first[of_pair])]


def _volume(atoms: Atoms) -> float:
    return float(atoms.get_volume() / len(atoms))


def reasons(statuses: Sequence[str]) -> str:
    """Statuses counted, those that differ in their numbers alone as one: "38 insane: volume 0.8 Å³ ...; 2 ok"."""
    kinds = [re.sub(r"[-+]?\d[\d.]*", "#", status) for status in statuses]
    first = {kind: status for kind, status in zip(reversed(kinds), reversed(list(statuses)), strict=True)}
    counted = Counter(kinds).most_common()
    shown = "; ".join(f"{number} {first[kind]}" for kind, number in counted[:4])
    return shown + (f"; {len(counted) - 4} other reasons" if len(counted) > 4 else "")
