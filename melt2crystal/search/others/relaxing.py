"""Structures of others become rows of the search's table: relaxed by HP from where they are, then judged like all.

Their enthalpies are of their potential and their accuracy. HP relaxes each to the study's own accuracy at the study's
pressure, so that enthalpies compare; theirs stand beside ours in a table of their own.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from melt2crystal.frames import bare_frame
from melt2crystal.search.candidate import Candidate
from melt2crystal.search.found.trust import Pair
from melt2crystal.search.others.structure import REMARK, Found, Refused, Theirs
from melt2crystal.search.starts.generate import in_order
from melt2crystal.structure.energies import ENTHALPY

OURS, OUR_STATUS = f"{ENTHALPY}_hp", "status_hp"
COLUMNS = (
    *("id", "source", "status", "remark", "origin", "generation", "pressure_GPa_theirs"),
    *("energy_eV_per_atom_theirs", "enthalpy_eV_per_atom_theirs", "volume_A3_per_atom_theirs"),
    *(OUR_STATUS, OURS, "volume_change_percent"),
)
TAKEN, REFUSED, ELSEWHERE = "taken", "refused: ", "left to another pressure: "


def of_pressure(structures: Sequence[Theirs], pressure_GPa: float, searched_GPa: Sequence[float]) -> Found:
    """Those to be relaxed at a pressure, and those that another of the searched pressures has.

    A structure belongs where it was found, if that pressure is searched; else, and if it says none, to every pressure.
    """
    taken, left = [], []
    for one in structures:
        own = next((p for p in searched_GPa if one.pressure_GPa is not None and np.isclose(p, one.pressure_GPa)), None)
        if own is not None and not np.isclose(own, pressure_GPa):
            left.append(Refused(one.source, f"{ELSEWHERE}{own:g} GPa"))
        elif own is None and one.pressure_GPa is not None:
            taken.append(one.with_remark(f"found at {one.pressure_GPa:g} GPa, relaxed at {pressure_GPa:g} GPa"))
        else:
            taken.append(one)
    return taken, left


def candidates(structures: Sequence[Theirs], name: str, species: list[str]) -> list[Candidate]:
    """One candidate for each, relaxed from where it is.

    Args:
        name: beginning of the ids, unique in a study.
        species: in the order of the substance.
    """
    return [
        Candidate(
            f"{name}-{index:04d}",
            one.generation or 0,
            index,
            (in_order(bare_frame(one.atoms), species),),
            operator=one.origin,
            as_it_is=True,
        )
        for index, one in enumerate(structures)
    ]


def their_rows(
    structures: Sequence[Theirs], refused: Sequence[Refused], asked: Sequence[Candidate], pairs: Sequence[Pair]
) -> list[dict[str, Any]]:
    """A row with the columns ``COLUMNS`` for everything that was found: theirs beside ours, then what was refused."""
    rows = [_row(one, candidate, *pair) for one, candidate, pair in zip(structures, asked, pairs, strict=True)]
    for one in refused:
        kept = one.reason.startswith((REMARK, ELSEWHERE))
        rows.append({"source": one.source, "status": one.reason if kept else REFUSED + one.reason})
    return rows


def _row(one: Theirs, candidate: Candidate, ours: dict[str, Any], frame: Any) -> dict[str, Any]:
    volume = one.atoms.get_volume() / len(one.atoms)
    changed = None if frame is None else 100 * (frame.get_volume() / len(frame) / volume - 1)
    return {
        "id": candidate.name,
        "source": one.source,
        "status": TAKEN,
        "remark": one.remark,
        "origin": one.origin,
        "generation": one.generation,
        "pressure_GPa_theirs": one.pressure_GPa,
        "energy_eV_per_atom_theirs": one.energy_eV_per_atom,
        "enthalpy_eV_per_atom_theirs": one.enthalpy_eV_per_atom,
        "volume_A3_per_atom_theirs": volume,
        OUR_STATUS: ours["status"],
        OURS: ours.get(ENTHALPY),
        "volume_change_percent": changed,
    }


def counted(rows: Sequence[dict[str, Any]]) -> str:
    """What became of everything that was found, in words; the reasons of what was refused, each on a line."""
    taken = [row for row in rows if row["status"] == TAKEN]
    sound = sum(row[OURS] is not None for row in taken)
    refused = [row for row in rows if row["status"].startswith(REFUSED)]
    lines = [f"{len(taken)} structures taken, {sound} of them sound after relaxation; {len(refused)} refused"]
    return "\n".join([*lines, *(f"  {row['source']}: {row['status']}" for row in rows if row["status"] != TAKEN)])
