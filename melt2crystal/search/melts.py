"""What a search knows beforehand, and all of it from the melts: densities, energies, and melts at rest to be cut up.

No known crystal has a part in it: a prediction must not know what it predicts.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.files import write_text
from melt2crystal.frames import too_close
from melt2crystal.relaxation.relaxer import LOOSE_FORCE_EV_PER_A, Guard, Relaxer, Target

PRESSURES_BELOW, PRESSURES_ABOVE = 2, 2  # of the melts, beside a pressure that is searched


@dataclass(frozen=True)
class Bounds:
    """What melts say of crystals at one pressure.

    Args:
        volumes_A3_per_atom: least and largest of the melts around the pressure, Å^3 per atom.
        lowest_eV_per_atom: the model's lowest energy of a melt at rest, eV per atom.
        pressures_GPa: pressures of those melts.
        melts: their number.
    """

    volumes_A3_per_atom: tuple[float, float]
    lowest_eV_per_atom: float
    pressures_GPa: tuple[float, ...]
    melts: int


def around(melts: Sequence[Atoms], pressure_GPa: float) -> list[Atoms]:
    """Melts of the two nearest pressures at or above the one that is searched, and of the two below it.

    Raises:
        UserError: there is no melt.
    """
    if not melts:
        raise UserError(
            "the search has no melt to take volumes and energies from: none was certified; see liquid/certificate.csv"
        )
    told = sorted({float(frame.info["pressure_GPa"]) for frame in melts})
    first_above = int(np.searchsorted(told, pressure_GPa - 1e-9))
    near = told[max(0, first_above - PRESSURES_BELOW) : first_above + PRESSURES_ABOVE]
    return [frame for frame in melts if float(frame.info["pressure_GPa"]) in near]


def over_density(melts: Sequence[Atoms], number: int) -> list[Atoms]:
    """So many melts, evenly chosen from the least dense to the densest."""
    ordered = sorted(melts, key=lambda frame: frame.get_volume() / len(frame))
    chosen = np.unique(np.round(np.linspace(0, len(ordered) - 1, min(number, len(ordered)))).astype(int))
    return [ordered[k] for k in chosen]


def quenched(
    melts: Sequence[Atoms],
    relaxer: Relaxer,
    pressure_GPa: float,
    steps: int,
    minimum_distances_A: dict[str, float],
    guard: Guard | None = None,
) -> list[Atoms]:
    """Melts brought to rest at a pressure, cell and atoms; ``info['energy_eV_per_atom']`` is the model's.

    Forces of 0.3 eV/Å are rest enough: what is left is some meV/atom, and the bounds are wide.

    Raises:
        UserError: none of them came to rest soundly.
    """
    ends = relaxer.relax_all(melts, Target(pressure_GPa, LOOSE_FORCE_EV_PER_A, steps, guard))
    kept, reasons = [], []
    for melt, end in zip(melts, ends, strict=True):
        fault = end.failure or end.complaint or too_close(end.atoms, minimum_distances_A)
        if fault:
            reasons.append(fault)
            continue
        frame = Atoms(end.atoms.get_chemical_symbols(), end.atoms.get_positions(), cell=end.atoms.cell.array, pbc=True)
        frame.wrap()
        frame.info |= {name: melt.info[name] for name in ("frame_id", "pressure_GPa") if name in melt.info}
        frame.info["energy_eV_per_atom"] = end.energy_eV / len(frame)
        kept.append(frame)
    if not kept:
        raise UserError(
            f"none of {len(melts)} melts comes to rest at {pressure_GPa:g} GPa with this potential (the first: "
            f"{reasons[0]}); it does not know its own melt: train it longer, or name another member in "
            "search.relax_member"
        )
    return kept


def bounds_of(melts: Sequence[Atoms], at_rest: Sequence[Atoms]) -> Bounds:
    """What melts around a pressure, and some of them at rest, say."""
    volumes = [frame.get_volume() / len(frame) for frame in melts]
    return Bounds(
        (float(min(volumes)), float(max(volumes))),
        float(min(frame.info["energy_eV_per_atom"] for frame in at_rest)),
        tuple(sorted({float(frame.info["pressure_GPa"]) for frame in melts})),
        len(melts),
    )


def write_bounds(path: Path, bounds: Bounds) -> None:
    """Write them as JSON."""
    write_text(path, json.dumps(asdict(bounds), indent=1) + "\n")


def read_bounds(path: Path) -> Bounds:
    """Read what :func:`write_bounds` wrote.

    Raises:
        UserError: it holds something else.
    """
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        low, high = said["volumes_A3_per_atom"]
        pressures = tuple(float(pressure) for pressure in said["pressures_GPa"])
        return Bounds((float(low), float(high)), float(said["lowest_eV_per_atom"]), pressures, int(said["melts"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: not the bounds of a search ({error}); remake it (rule search_melts)") from error
