"""What is measured on a quenched frame, and what of it speaks against disorder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from ase import Atoms

from melt2crystal.lammps.static import Evaluation, minimise
from melt2crystal.liquid.ordering import NO_EVIDENCE, Evidence, limit_nats, strongest
from melt2crystal.sections.liquid import Certificate
from melt2crystal.structure.crystals import read_crystal
from melt2crystal.structure.sublattice_order import sublattice_orders
from melt2crystal.structure.surroundings import (
    Surroundings,
    crystal_fraction,
    distinct,
    repeated_fraction,
    surroundings,
)
from melt2crystal.structure.symmetry import Symmetry, highest_symmetry


@dataclass(frozen=True)
class Measured:
    """What was measured on a quenched frame.

    Attributes:
        symmetry: the highest over the tolerances.
        crystal: the crystal of the library that most atoms look like, '' without a library.
        crystal_fraction: share of the atoms that have surroundings of it.
        repeated_fraction: share of the atoms whose surroundings others repeat.
        order: the strongest evidence that a sublattice is ordered.
    """

    symmetry: Symmetry
    crystal: str = ""
    crystal_fraction: float = 0.0
    repeated_fraction: float = 0.0
    order: Evidence = NO_EVIDENCE


NOT_MEASURED = Measured(Symmetry(space_group=0, symprec_A=0.0, primitive_atoms=0))


def crystal_library(crystals: Mapping[str, Atoms], formula: Mapping[str, int]) -> dict[str, Surroundings]:
    """Surroundings of each crystal of the substance; crystals of another composition are left out."""
    library = {}
    for name, atoms in crystals.items():
        try:
            library[name] = distinct(surroundings(atoms, formula))
        except ValueError:
            continue  # a library folder may hold several substances
    return library


def read_library(files: Sequence[Path], formula: Mapping[str, int]) -> dict[str, Surroundings]:
    """The library from CIF files, named by their stems.

    Raises:
        UserError: a file can't be read, or holds no crystal or several.
    """
    return crystal_library({Path(path).stem: read_crystal(path) for path in files}, formula)


def crystalline_because(settings: Certificate, size: int, measured: Measured, walk_diffuses: bool | None) -> str:
    """Why what was measured on a frame of ``size`` atoms speaks against disorder, in words; empty if it doesn't."""
    reasons = []
    if walk_diffuses is False:
        reasons.append("walk does not diffuse")
    if measured.symmetry.space_group == 0:
        reasons.append("spglib finds no space group at any tolerance")
    if measured.symmetry.space_group > 1:
        reasons.append(f"space group {measured.symmetry.space_group}")
    if measured.symmetry.primitive_atoms < size:
        reasons.append(f"primitive cell of {measured.symmetry.primitive_atoms} atoms")
    if measured.crystal_fraction > settings.crystal_fraction_max:
        reasons.append(f"{measured.crystal_fraction:.0%} of the atoms as in {measured.crystal}")
    if measured.repeated_fraction > settings.repeated_fraction_max:
        reasons.append(f"{measured.repeated_fraction:.0%} of the atoms have repeated surroundings")
    if measured.order.nats > limit_nats(settings):
        reasons.append(f"{measured.order.species} ordered by itself ({measured.order.measure})")
    return "; ".join(reasons)


def suspicious(settings: Certificate, size: int, measured: Measured) -> bool:
    """Whether repetition or order lies above half its limit, or symmetry is left: a full quench has to decide."""
    return (
        measured.symmetry.space_group != 1
        or measured.symmetry.primitive_atoms < size
        or measured.repeated_fraction > settings.repeated_fraction_max / 2
        or measured.order.nats > limit_nats(settings) / 2
    )


def measure(
    quenched: Atoms, library: Mapping[str, Surroundings], formula: Mapping[str, int], settings: Certificate
) -> Measured:
    """Symmetry, surroundings and order of the sublattices of a quenched frame."""
    mine = surroundings(quenched, formula)
    tolerance = settings.surroundings_tolerance
    fractions = {key: crystal_fraction(mine, crystal, tolerance) for key, crystal in library.items()}
    match = max(fractions, key=lambda key: fractions[key], default="")
    repeated = repeated_fraction(mine, settings.repetition_tolerance)
    order = strongest(sublattice_orders(quenched), settings, quenched=True)
    return Measured(highest_symmetry(quenched, settings.symprecs_A), match, fractions.get(match, 0.0), repeated, order)


def measured_frames(
    frames: Sequence[Atoms],
    library: Mapping[str, Surroundings],
    settings: Certificate,
    formula: Mapping[str, int],
    potential: Path,
) -> list[tuple[Measured, bool] | str]:
    """What each frame shows, and whether it was fully quenched; or why its quench failed.

    Of the frame itself, its short and its full quench the one that is most ordered counts. Likeness to known crystals
    is that of the short quench.
    """
    short = settings.quench_steps, settings.quench_force_eV_per_A
    full = settings.full_quench_steps, settings.full_quench_force_eV_per_A
    quenched = [_moved(one) for one in minimise(frames, potential, list(formula), settings.quench_accuracy, *short)]
    found: list[tuple[Measured, bool] | str] = []
    further: list[tuple[int, Atoms, Measured]] = []
    for index, (atoms, moved) in enumerate(zip(frames, quenched, strict=True)):
        if isinstance(moved, str):
            found.append(moved)
            continue
        measured = measure(moved, library, formula, settings)
        measured = _stronger(measured, strongest(sublattice_orders(atoms), settings))
        found.append((measured, False))
        decided = crystalline_because(settings, len(atoms), measured, None)
        wanted = (index + 1) % settings.full_quench_every == 0 or suspicious(settings, len(atoms), measured)
        if wanted and not decided:
            further.append((index, moved, measured))
    starts = [moved for _, moved, _ in further]
    minima = minimise(starts, potential, list(formula), settings.quench_accuracy, *full)
    for (index, _, before), result in zip(further, minima, strict=True):
        moved = _moved(result)
        if isinstance(moved, str):
            found[index] = moved
            continue
        # a network at its minimum finds some surroundings in any crystal of many kinds of atoms: that limit is for
        # melts as the short quench leaves them
        again = measure(moved, {}, formula, settings)
        again = replace(again, crystal=before.crystal, crystal_fraction=before.crystal_fraction)
        found[index] = _stronger(again, before.order), True
    return found


def _moved(result: Evaluation) -> Atoms | str:
    """The quenched frame, or why there is none."""
    if result.atoms is None:
        return result.error or "no positions"
    return result.atoms if np.isfinite(result.atoms.get_positions()).all() else "positions are not finite"


def _stronger(measured: Measured, order: Evidence) -> Measured:
    """What was measured, with the order of another state of the same frame if that is the stronger one."""
    return replace(measured, order=max(measured.order, order, key=lambda evidence: evidence.nats))
