"""The certificate of disorder: every frame is shown to be no crystal before anything is trained on it.

Small melts can crystallise unnoticed: neither density, temperature nor radial distribution shows it. Six checks:

1. the walk the frame comes from diffuses (``diffuses``);
2. the frame, quenched at fixed cell with a cheap classical potential, has no symmetry and no smaller cell (spglib);
3. its atoms don't have the surroundings of one crystal of the library (crystal_fraction);
4. its atoms don't repeat a few kinds of surroundings, which unknown crystals would (repeated_fraction);
5. no species is ordered by itself, in the frame or quenched (``ordering``): anions pack before cations follow;
6. its walk had not begun to order before it (``ordering.where_order_begins``).

Checks 3 and 4 work atom by atom, so they see strained and partial crystals, whose symmetry is broken. The quench is
short; every so many frames, and wherever it leaves repetition or order above half its limit, it goes on to the minimum,
and the frame must pass there too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.frames import frame_id
from melt2crystal.liquid.measured import NOT_MEASURED, Measured, crystalline_because, measured_frames, read_library
from melt2crystal.liquid.ordering import where_order_begins
from melt2crystal.sections.liquid import Certificate
from melt2crystal.sections.substance import Substance

OFF = "certificate off"
RISES = "order of the walk had begun to rise"
WALKS = {True: "diffuses", False: "arrested", None: "unknown"}


@dataclass(frozen=True)
class Finding:
    """What the checks found in one frame; a row of certificate.csv.

    ``would_pass`` is the verdict of the checks; ``passed`` is what counts, and differs only if the certificate is off.
    ``walk`` says what its walk does: diffuses, arrested, or unknown (too short, or not measured).
    ``symprec_A`` is the tolerance at which ``space_group`` (international number) and ``primitive_atoms`` were found.
    ``ordered_species``, ``ordered_by`` and ``order_nats``: the species that is most ordered by itself, by which
    measure, and how strong the evidence is, in nats (limit: ln(1/false_alarm)); ``cut``: its walk had begun to order.
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
    ordered_species: str
    ordered_by: str
    order_nats: float
    fully_quenched: bool
    cut: bool


COLUMNS = list(Finding.__dataclass_fields__)


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


def finding(
    name: str,
    settings: Certificate,
    reason: str,
    walk_diffuses: bool | None,
    measured: Measured = NOT_MEASURED,
    fully: bool = False,
) -> Finding:
    """Pass or not; with the certificate off everything passes and the reason keeps what was found."""
    return _with_reason(
        Finding(
            frame_id=name,
            passed=True,
            would_pass=True,
            reason="",
            walk=WALKS[walk_diffuses],
            **asdict(measured.symmetry),
            crystal_match=measured.crystal if measured.crystal_fraction > 0 else "",
            crystal_fraction=round(measured.crystal_fraction, 4),
            repeated_fraction=round(measured.repeated_fraction, 4),
            ordered_species=measured.order.species,
            ordered_by=measured.order.measure,
            order_nats=round(measured.order.nats, 3) if measured.order.species else np.nan,
            fully_quenched=fully,
            cut=False,
        ),
        settings,
        reason,
    )


def _with_reason(found: Finding, settings: Certificate, reason: str) -> Finding:
    told = reason if settings.enabled else "; ".join(filter(None, (OFF, reason)))
    passed = not (settings.enabled and reason)
    return replace(found, passed=passed, would_pass=not reason, reason=told)


def certify(
    frames: Sequence[Atoms],
    library: Sequence[Path],
    settings: Certificate,
    substance: Substance,
    potential: Path,
    walk_diffuses: Sequence[bool | None] | None = None,
    one_walk: bool = False,
) -> tuple[pd.DataFrame, list[Atoms]]:
    """Check every frame.

    Args:
        frames: frames of whole formula units; what they hold is not changed.
        library: files of the known crystals; those of another composition are left out.
        potential: LAMMPS include file of the cheap potential for the quench.
        walk_diffuses: one per frame, whether its walk diffuses; None where that is not known.
        one_walk: the frames follow each other in time, from state to state: where their order begins to rise, that
            frame and all later ones are cut.

    Returns:
        Table with the columns of ``Finding``, one row per frame in their order, and the frames that passed.
        A frame the quench fails on (atoms on top of each other) does not pass.
    """
    formula = substance.formula
    measured = measured_frames(frames, read_library(library, formula), settings, formula, potential)
    begins = where_order_begins([-np.inf if isinstance(one, str) else one[0].order.nats for one in measured], settings)
    findings = []
    for index, (atoms, one, flows) in enumerate(
        zip(frames, measured, walk_diffuses or [None] * len(frames), strict=True)
    ):
        name = atoms.info.get("frame_id") or frame_id(atoms)
        if isinstance(one, str):
            found = finding(name, settings, f"quench failed: {one}", flows)
        else:
            reason = crystalline_because(settings, len(atoms), one[0], flows)
            found = finding(name, settings, reason, flows, *one)
        if one_walk and begins is not None and index >= begins:
            told = "; ".join(filter(None, (found.reason.removeprefix(OFF).removeprefix("; "), RISES)))
            found = replace(_with_reason(found, settings, told), cut=True)
        findings.append(found)
    table = pd.DataFrame([asdict(found) for found in findings], columns=COLUMNS)
    return table, [atoms for atoms, found in zip(frames, findings, strict=True) if found.passed]
