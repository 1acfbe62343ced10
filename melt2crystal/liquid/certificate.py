"""The certificate of disorder: every frame is shown to be no crystal before anything is trained on it.

Small melts can crystallise unnoticed: neither density, temperature nor radial distribution shows it. Four checks:

1. the walk the frame comes from diffuses (``diffuses``);
2. the frame, quenched at fixed cell with a cheap classical potential, has no symmetry and no smaller cell (spglib);
3. its atoms don't have the surroundings of one crystal of the library (crystal_fraction);
4. its atoms don't repeat a few kinds of surroundings, which unknown crystals would (repeated_fraction).

Checks 3 and 4 work atom by atom, so they see strained and partial crystals, whose symmetry is broken.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.frames import frame_id
from melt2crystal.lammps.static import minimise
from melt2crystal.sections.liquid import Certificate
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.crystals import read_crystal
from melt2crystal.structure.surroundings import (
    Surroundings,
    crystal_fraction,
    distinct,
    repeated_fraction,
    surroundings,
)
from melt2crystal.structure.symmetry import Symmetry, highest_symmetry

OFF = "certificate off"
WALKS = {True: "diffuses", False: "arrested", None: "unknown"}


@dataclass(frozen=True)
class Measured:
    """What was measured on a quenched frame.

    Attributes:
        symmetry: the highest over the tolerances.
        crystal: the crystal of the library that most atoms look like, '' without a library.
        crystal_fraction: share of the atoms that have surroundings of it.
        repeated_fraction: share of the atoms whose surroundings others repeat.
    """

    symmetry: Symmetry
    crystal: str = ""
    crystal_fraction: float = 0.0
    repeated_fraction: float = 0.0


NOT_MEASURED = Measured(Symmetry(space_group=0, symprec_A=0.0, primitive_atoms=0))


@dataclass(frozen=True)
class Finding:
    """What the checks found in one frame; a row of certificate.csv.

    ``would_pass`` is the verdict of the checks; ``passed`` is what counts, and differs only if the certificate is off.
    ``walk`` says what its walk does: diffuses, arrested, or unknown (too short, or not measured).
    ``symprec_A`` is the tolerance at which ``space_group`` (international number) and ``primitive_atoms`` were found.
    """

    frame_id: str
    passed: bool
    would_pass: bool
    reason: str
    walk: str
    space_group: int
    symprec_A: float
    primitive_atoms: int
    crystal_match: str
    crystal_fraction: float
    repeated_fraction: float


COLUMNS = list(Finding.__dataclass_fields__)


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


def diffuses(diffusion_A2_per_ps: Mapping[str, float], walk_ps: float, settings: Certificate) -> bool | None:
    """Whether every species of a walk diffuses; None where the walk is too short to tell.

    Every species: a crystal in which only one has melted (superionic) is still a crystal. Measured with BKS, 5 ps:
    0.012 (Si) and 0.019 Å^2/ps (O) in the most sluggish melt (0 GPa, 3000 K), at most 0.003 and 0.004 in seven crystals
    at 2000-4500 K; but 0.024 and 0.034 in a cristobalite that changes its form at 1000 K, and in walks of 1 ps floppy
    crystals reach 0.4. So this check can only ever be one of several.
    """
    if walk_ps < settings.shortest_walk_ps:
        return None
    return bool(diffusion_A2_per_ps) and min(diffusion_A2_per_ps.values()) >= settings.minimum_diffusion_A2_per_ps


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
    return "; ".join(reasons)


def measure(
    quenched: Atoms, library: Mapping[str, Surroundings], formula: Mapping[str, int], settings: Certificate
) -> Measured:
    """Symmetry and surroundings of a quenched frame."""
    mine = surroundings(quenched, formula)
    tolerance = settings.surroundings_tolerance
    fractions = {key: crystal_fraction(mine, crystal, tolerance) for key, crystal in library.items()}
    match = max(fractions, key=lambda key: fractions[key], default="")
    repeated = repeated_fraction(mine, settings.repetition_tolerance)
    return Measured(highest_symmetry(quenched, settings.symprecs_A), match, fractions.get(match, 0.0), repeated)


def finding(
    name: str, settings: Certificate, reason: str, walk_diffuses: bool | None, measured: Measured = NOT_MEASURED
) -> Finding:
    """Pass or not; with the certificate off everything passes and the reason keeps what was found."""
    told = reason if settings.enabled else "; ".join(filter(None, (OFF, reason)))
    return Finding(
        frame_id=name,
        passed=not (settings.enabled and reason),
        would_pass=not reason,
        reason=told,
        walk=WALKS[walk_diffuses],
        **asdict(measured.symmetry),
        crystal_match=measured.crystal if measured.crystal_fraction > 0 else "",
        crystal_fraction=round(measured.crystal_fraction, 4),
        repeated_fraction=round(measured.repeated_fraction, 4),
    )


def certify(
    frames: Sequence[Atoms],
    library: Sequence[Path],
    settings: Certificate,
    substance: Substance,
    potential: Path,
    walk_diffuses: Sequence[bool | None] | None = None,
) -> tuple[pd.DataFrame, list[Atoms]]:
    """Check every frame.

    Args:
        frames: frames of whole formula units; what they hold is not changed.
        library: files of the known crystals; those of another composition are left out.
        potential: LAMMPS include file of the cheap potential for the quench.
        walk_diffuses: one per frame, whether its walk diffuses; None where that is not known.

    Returns:
        Table with the columns of ``Finding``, one row per frame in their order, and the frames that passed.
        A frame the quench fails on (atoms on top of each other) does not pass.
    """
    formula = substance.formula
    crystals = read_library(library, formula)
    quench = (settings.quench_accuracy, settings.quench_steps, settings.quench_force_eV_per_A)
    quenched = minimise(frames, potential, list(formula), *quench)
    findings = []
    for atoms, result, flows in zip(frames, quenched, walk_diffuses or [None] * len(frames), strict=True):
        name = atoms.info.get("frame_id") or frame_id(atoms)
        if result.atoms is None or not np.isfinite(result.atoms.get_positions()).all():
            error = result.error or "positions are not finite"
            findings.append(finding(name, settings, f"quench failed: {error}", flows))
        else:
            measured = measure(result.atoms, crystals, formula, settings)
            reason = crystalline_because(settings, len(result.atoms), measured, flows)
            findings.append(finding(name, settings, reason, flows, measured))
    table = pd.DataFrame([asdict(found) for found in findings], columns=COLUMNS)
    return table, [atoms for atoms, found in zip(frames, findings, strict=True) if found.passed]
