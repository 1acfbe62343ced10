"""Enthalpies of phases over pressure, and the pressures at which the lowest of them change places."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ase import Atoms
from ase.units import GPa

from melt2crystal.search.phases.naming import LIBRARY, PROTOTYPE
from melt2crystal.search.phases.phase import Phase, Ruler, alike, is_still
from melt2crystal.structure.crystals import primitive_cell
from melt2crystal.structure.energies import ENTHALPY

VOLUME = "volume_A3_per_atom"
CURVES = (
    *("phase", "origin", "potential", "pressure_GPa", "state", ENTHALPY, VOLUME),
    *("space_group", "coordination"),
)
TRANSITIONS = ("potential", "pressure_GPa", "from", "to", "volume_change_percent")
KEPT, KNOWN = "kept", "known"  # a state; an origin
STEP_GPA = 0.01  # of the envelope; crossings are refined
# structures, pressure -> of each the relaxed structure and its energy (eV), or why there is none
Relaxing = Callable[[Sequence[Atoms], float], list[tuple[Atoms, float] | str]]


@dataclass(frozen=True, eq=False)
class Track:
    """A phase whose enthalpy is followed over pressure.

    Args:
        name: what it is called.
        origin: known, or the id of the structure found.
        atoms: its structure at ``pressure_GPa``.
    """

    name: str
    origin: str
    atoms: Atoms
    pressure_GPa: float


def curves(
    tracks: Sequence[Track], pressures_GPa: Sequence[float], relaxing: Relaxing, ruler: Ruler
) -> list[dict[str, Any]]:
    """Enthalpies of phases at a ladder of pressures.

    A phase begins at the pressure nearest to its own and goes up and down from there, each time from the last structure
    that was still it. Where space group or coordination change, it is another phase: ``state`` says so.

    Returns:
        Rows with the columns CURVES but for ``potential``.
    """
    ladder = sorted(pressures_GPa)
    ways = {track: _ways(ladder, track.pressure_GPa) for track in tracks}
    selves = {track: ruler.phase(track.name, track.atoms, 0.0, 0.0) for track in tracks}
    found: dict[tuple[Track, float], dict[str, Any]] = {}
    for way in (0, 1):
        last = {track: track.atoms for track in tracks}
        for pressure in ladder if way == 0 else reversed(ladder):
            due = [track for track in tracks if pressure in ways[track][way]]
            ends = relaxing([last[track] for track in due], pressure) if due else []
            for track, end in zip(due, ends, strict=True):
                phase = end if isinstance(end, str) else ruler.phase(track.name, *end, pressure)
                row = _row(track, pressure, phase, selves[track])
                found[track, pressure] = row
                if row["state"] == KEPT and not isinstance(phase, str):
                    last[track] = phase.atoms
    return [found[track, pressure] for track in tracks for pressure in ladder]


def _ways(ladder: Sequence[float], own: float) -> tuple[list[float], list[float]]:
    """Pressures on the way up, the one nearest to a phase's own among them, and on the way down."""
    begin = min(ladder, key=lambda pressure: abs(pressure - own))
    return [p for p in ladder if p >= begin], [p for p in ladder if p < begin]


def _row(track: Track, pressure_GPa: float, phase: Phase | str, itself: Phase) -> dict[str, Any]:
    row: dict[str, Any] = {"phase": track.name, "origin": track.origin, "pressure_GPa": pressure_GPa}
    if isinstance(phase, str):
        return row | {"state": f"failed: {phase}"}
    return row | {
        "state": KEPT if is_still(phase, itself) else f"became space group {phase.groups[1]}",
        ENTHALPY: phase.enthalpy_eV_per_atom,
        VOLUME: phase.volume_A3_per_atom,
        "space_group": phase.groups[1],
        "coordination": phase.coordination,
    }


def without_doubles(rows: pd.DataFrame) -> pd.DataFrame:
    """Without phases found that are, wherever both are known, one that stands before them in the table."""
    kept: dict[str, pd.DataFrame] = {}
    for name, own in rows[rows["state"] == KEPT].groupby("phase", sort=False):
        if own["origin"].iloc[0] == KNOWN or not any(_one(own, other) for other in kept.values()):
            kept[str(name)] = own
    doubles = set(rows.loc[rows["state"] == KEPT, "phase"]) - set(kept)
    return rows[~rows["phase"].isin(doubles)]


def _one(own: pd.DataFrame, other: pd.DataFrame) -> bool:
    both = own.merge(other, on="pressure_GPa", suffixes=("", "_other"))
    if both.empty:
        return False
    near = [
        alike(Phase("", Atoms(), (1, 1), a, v, 0), Phase("", Atoms(), (1, 1), b, w, 0))
        for a, v, b, w in both[[ENTHALPY, VOLUME, f"{ENTHALPY}_other", f"{VOLUME}_other"]].to_numpy(dtype=float)
    ]
    return all(near) and bool((both["space_group"] == both["space_group_other"]).all())


def transitions(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Where the phase of lowest enthalpy changes, for one potential.

    Between the ladder's pressures each enthalpy is the cubic with the right values and slopes (dH/dp = V); a phase
    counts at two neighbouring pressures at least.

    Args:
        rows: columns phase, pressure_GPa, state, enthalpy and volume per atom.

    Returns:
        Rows with the columns TRANSITIONS but for ``potential``, pressures ascending.
    """
    functions = {name: function for name, own in _kept(rows) if (function := _enthalpy(own)) is not None}
    if not functions:
        return []
    names = list(functions)
    low = min(float(f.x[0]) for f in functions.values())
    high = max(float(f.x[-1]) for f in functions.values())
    axis = np.linspace(low, high, max(2, round((high - low) / STEP_GPA) + 1))
    values = np.array([_inside(functions[name], axis) for name in names])
    known = np.isfinite(values).any(axis=0)
    axis, lowest = axis[known], np.nanargmin(np.where(np.isfinite(values), values, np.inf)[:, known], axis=0)
    found = []
    for k in np.flatnonzero(np.diff(lowest)):
        one, other = functions[names[lowest[k]]], functions[names[lowest[k + 1]]]
        pressure = _crossing(one, other, axis[k], axis[k + 1])
        if pressure is None:
            continue  # a curve begins or ends here, none crosses
        volumes = [float(function(pressure, 1)) for function in (one, other)]
        found.append(
            {
                "pressure_GPa": pressure,
                "from": names[lowest[k]],
                "to": names[lowest[k + 1]],
                "volume_change_percent": 100 * (volumes[1] / volumes[0] - 1),
            }
        )
    return found


def _kept(rows: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    return [(str(name), own) for name, own in rows[rows["state"] == KEPT].groupby("phase", sort=False)]


def _enthalpy(own: pd.DataFrame) -> Any:
    """Piecewise cubic in eV/atom over GPa; None of a single point."""
    from scipy.interpolate import CubicHermiteSpline

    own = own.sort_values("pressure_GPa")
    if len(own) < 2:
        return None
    slopes = own[VOLUME].to_numpy(dtype=float) * GPa
    return CubicHermiteSpline(own["pressure_GPa"], own[ENTHALPY], slopes, extrapolate=False)


def _inside(function: Any, axis: np.ndarray) -> np.ndarray:
    return np.where((axis >= function.x[0]) & (axis <= function.x[-1]), function(axis), np.nan)


def _crossing(one: Any, other: Any, low: float, high: float) -> float | None:
    from scipy.optimize import brentq

    difference = lambda pressure: float(one(pressure) - other(pressure))  # noqa: E731
    ends = difference(low), difference(high)
    if not np.isfinite(ends).all() or ends[0] * ends[1] > 0:
        return None
    return float(brentq(difference, low, high, xtol=1e-6))


def zero_of(rows: pd.DataFrame, wanted: str | None) -> str | None:
    """The phase that the others' enthalpies are drawn against: the one asked for, if it is there; else, of the known
    crystals that are there at the most pressures (of all phases, if none is known), the one that is on average nearest
    to the lowest phase."""
    kept = rows[rows["state"] == KEPT].copy()
    kept["height"] = kept[ENTHALPY] - kept.groupby(["potential", "pressure_GPa"])[ENTHALPY].transform("min")
    if wanted is not None and wanted in set(kept["phase"]):
        return wanted
    for part in (kept[kept["origin"] == KNOWN], kept):
        if len(part):
            of_phases = part.groupby("phase", sort=False)["height"].agg(["size", "mean"])
            most = of_phases[of_phases["size"] == of_phases["size"].max()]
            return str(most["mean"].idxmin())
    return None


def above(rows: pd.DataFrame, zero: str) -> pd.DataFrame:
    """Rows of one potential with ``above_meV_per_atom``: enthalpy above the zero phase's, where that is known."""
    kept = rows[rows["state"] == KEPT].copy()
    base = kept[kept["phase"] == zero].set_index("pressure_GPa")[ENTHALPY]
    kept["above_meV_per_atom"] = 1000 * (kept[ENTHALPY] - kept["pressure_GPa"].map(base))
    return kept[kept["above_meV_per_atom"].notna()]


def found_tracks(
    unique: pd.DataFrame, frames: Sequence[Atoms], names: pd.DataFrame, number: int, largest_atoms: int
) -> list[Track]:
    """The lowest structures of one search that are no crystal of the library; what they are called says what they are
    like.

    Args:
        unique: schema UNIQUE, lowest enthalpy first; frames: its structures, row by row.
        names: columns id, name, source.
    """
    called = names.set_index("id")
    tracks: list[Track] = []
    for row, frame in zip(unique.to_dict("records"), frames, strict=True):
        if len(tracks) == number:
            break
        own = called.loc[row["id"]]
        cell = primitive_cell(frame)
        if own["source"] == LIBRARY or len(cell) > largest_atoms:
            continue
        like = f" ({own['name']})" if own["source"] == PROTOTYPE else ""
        tracks.append(Track(f"{row['id']}{like}", row["id"], cell, float(row["pressure_GPa"])))
    return tracks


def read_curves(path: Path) -> pd.DataFrame:
    """A table of enthalpies; names stay as they are spelt."""
    texts = dict.fromkeys(("phase", "origin", "potential", "state"), "string")
    return pd.read_csv(path, dtype=texts, keep_default_na=False, na_values={VOLUME: [""], ENTHALPY: [""]})
