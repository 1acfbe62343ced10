"""Crystals relaxed in cell and ions from a rattled start: what became of each, beside the reference.

Scaled crystals whose ions keep their places test bond lengths; here the network of polyhedra may fold as it likes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from ase import Atoms

from melt2crystal.relaxation.one_by_one import Guard
from melt2crystal.structure.coordination import bridging_angles, mean_coordination
from melt2crystal.structure.crystals import formula_units, space_group
from melt2crystal.structure.symmetry import to_conventional_axes

VOLUME = "volume_A3_per_formula"
POINT = ["polymorph", "pressure_GPa"]
RELAXED, SYMMETRY_KEPT = "relaxed", "symmetry kept"  # of a row: its start was rattled, or its symmetry could not break
UNFINISHED = "not relaxed to the end"  # says nothing of the potential
STATES = (RELAXED, SYMMETRY_KEPT)
MODULI = ("bulk_modulus_GPa", "shear_modulus_GPa")  # of crystals whose elastic constants are asked for
SAME_COORDINATION = 0.05
COLLAPSED, BLOWN_UP = 0.4, 2.5  # volumes, in units of the start's, at which a relaxation is given up


@dataclass(frozen=True)
class Measures:
    """Shape of one crystal.

    Attributes:
        volume_A3_per_formula: Å^3.
        c_over_a: of the conventional cell of the crystal it started as, followed through the deformation.
        bridging_angle_deg: mean angle central-ligand-central, degrees; NaN where nothing is joined.
        coordination: mean number of ligands around a central atom.
        space_group: International Tables number at the tolerance asked for.
    """

    volume_A3_per_formula: float
    c_over_a: float
    bridging_angle_deg: float
    coordination: float
    space_group: int


def measures(
    start: Atoms, end: Atoms, formula: dict[str, int], central: str, ligand: str, cutoff_A: float, symprec_A: float
) -> Measures:
    """Measures of ``end``, whose cell is the deformed cell of ``start`` (vector by vector).

    Args:
        formula: atoms per formula unit.
        central, ligand, cutoff_A: what counts as a bond, Å.
        symprec_A: tolerance of the space group, Å.
    """
    axes = to_conventional_axes(start)
    lengths = np.linalg.norm((np.eye(3) if axes is None else axes) @ end.cell.array, axis=1)
    angles = bridging_angles(end, central, ligand, cutoff_A)
    return Measures(
        volume_A3_per_formula=end.get_volume() / formula_units(end, formula),
        c_over_a=float(lengths[2] / lengths[0]),
        bridging_angle_deg=float(angles.mean()) if len(angles) else float("nan"),
        coordination=mean_coordination(end, central, ligand, cutoff_A),
        space_group=space_group(end, symprec_A),
    )


def rattled(crystal: Atoms, deviation_A: float, generator: np.random.Generator) -> Atoms:
    """A copy whose atoms are displaced by Gaussian noise of this standard deviation, Å, their centre kept."""
    displacements = generator.normal(scale=deviation_A, size=(len(crystal), 3))
    copy = crystal.copy()
    copy.set_positions(crystal.get_positions() + displacements - displacements.mean(axis=0))
    return copy


def guard_of(start: Atoms) -> Guard:
    """Gives a relaxation up whose volume is no crystal's any more."""
    volume = start.get_volume() / len(start)

    def guard(_: float, volume_A3_per_atom: float) -> str | None:
        inside = COLLAPSED < volume_A3_per_atom / volume < BLOWN_UP
        return None if inside else f"volume {volume_A3_per_atom / volume:.2f} times that of the start"

    return guard


def of_reference(rows: pd.DataFrame) -> pd.DataFrame:
    """The reference's crystals, one row each: of its starts the one of lowest enthalpy, with the scatter of all.

    Args:
        rows: of the reference, one for each start.

    Returns:
        Its columns, with ``scatter_percent``: largest less smallest volume of the starts, % of the chosen one (NaN of
        a single start), and ``keeps``: it is still the crystal it started as.
    """
    found = []
    for _, starts in rows[rows["state"].isin(STATES)].groupby(POINT, sort=False):
        lowest = starts.sort_values("enthalpy_eV_per_atom", kind="stable", na_position="last").iloc[0].copy()
        spread = starts[VOLUME].max() - starts[VOLUME].min()
        lowest["scatter_percent"] = 100 * spread / lowest[VOLUME] if len(starts) > 1 else float("nan")
        found.append(lowest)
    return pd.DataFrame(found, columns=[*rows.columns, "scatter_percent"])


def differences(
    volume_percent: float, same_volume_percent: float, groups: tuple[int, int], coordinations: tuple[float, float]
) -> list[str]:
    """What makes a relaxed crystal another one than it should be, in words; nothing if it is the same.

    A space group alone is not enough: alpha-cristobalite may keep its group and unfold by a tenth of its volume. A
    matcher of structures is not enough either: pymatgen's takes alpha- and beta-quartz for one.

    Args:
        volume_percent: its volume less that of the other, % of the other's.
        same_volume_percent: largest difference that counts as none.
        groups, coordinations: its own, and those of the other.
    """
    found = []
    if groups[0] != groups[1]:
        found.append(f"space group {groups[0]} instead of {groups[1]}")
    if abs(volume_percent) > same_volume_percent:
        found.append(f"volume {volume_percent:+.1f} %".replace("-", "−"))
    if abs(coordinations[0] - coordinations[1]) > SAME_COORDINATION:
        found.append(f"coordination {coordinations[0]:.2g} instead of {coordinations[1]:.2g}")
    return found


def percent_of(value: float, other: float) -> float:
    """Difference in per cent of the other."""
    return 100 * (value / other - 1)


def judged(rows: pd.DataFrame, reference: pd.DataFrame, starts: pd.DataFrame, same_percent: float) -> pd.DataFrame:
    """Members of one potential beside the reference, one row for each crystal and pressure.

    A crystal that the reference keeps must be kept: the same space group, coordination and, within ``same_percent``,
    volume as the reference's. One that the reference itself lets go may go.

    Args:
        rows: relaxations of the members (columns of scripts/benchmark/relaxed.py).
        reference: :func:`of_reference`.
        starts: the crystals before they were rattled, ``polymorph`` -> space_group, coordination, volume.
        same_percent: largest difference of volume of the same crystal, %.

    Returns:
        Columns of one comparison: means over the members, their ranges, errors against the reference, ``verdict``.
    """
    found = []
    for (name, pressure), members in rows.groupby(POINT, sort=False):
        start = starts.loc[name]
        beside = reference[(reference["polymorph"] == name) & np.isclose(reference["pressure_GPa"], pressure)]
        true = beside.iloc[0] if len(beside) else None
        row: dict[str, object] = {
            "polymorph": name,
            "pressure_GPa": pressure,
            "potential": members["potential"].iloc[0],
        }
        sound = members[members["state"] == RELAXED]
        row |= {"members": len(members), "relaxed": len(sound)}
        row |= {column: sound[column].mean() for column in (VOLUME, "c_over_a", "bridging_angle_deg", "coordination")}
        row["space_groups"] = " ".join(str(int(group)) for group in sorted(set(sound["space_group"])))
        row |= {column: sound[column].mean() for column in MODULI if column in sound}
        row["enthalpy_eV_per_atom"] = sound["enthalpy_eV_per_atom"].mean()
        row |= _against(sound, true)
        row |= _verdict(members, true, start, same_percent)
        found.append(row)
    table = pd.DataFrame(found)
    return with_order(table)


def _against(sound: pd.DataFrame, true: "pd.Series | None") -> dict[str, object]:
    names = (
        VOLUME,
        "c_over_a",
        "bridging_angle_deg",
        "space_group",
        "enthalpy_eV_per_atom",
        "scatter_percent",
        "state",
        *MODULI,
    )
    row: dict[str, object] = {f"{name}_reference": None if true is None else true.get(name) for name in names}
    nothing = float("nan")
    if true is None or not len(sound):
        return row | dict.fromkeys(
            ("volume_error_percent", "volume_error_smallest", "volume_error_largest", "energy_error_meV_per_atom"),
            nothing,
        )
    errors = 100 * (sound[VOLUME] / true[VOLUME] - 1)
    row |= {
        "volume_error_percent": errors.mean(),
        "volume_error_smallest": errors.min(),
        "volume_error_largest": errors.max(),
        "energy_error_meV_per_atom": 1000 * (sound["energy_eV_per_atom"] - true["energy_eV_per_atom"]).mean(),
    }
    return row


def _verdict(
    members: pd.DataFrame, true: "pd.Series | None", start: "pd.Series", same_percent: float
) -> dict[str, object]:
    """How many members keep the crystal, and in words what the others do."""
    if true is None:
        return {"reference_keeps": None, "kept": None, "verdict": "no reference"}
    gone = differences(
        percent_of(true[VOLUME], start[VOLUME]),
        same_percent,
        (int(true["space_group"]), int(start["space_group"])),
        (true["coordination"], start["coordination"]),
    )
    words, unfinished = [], 0
    for member in members.to_dict("records"):
        if member["state"] == RELAXED:
            found = differences(
                percent_of(member[VOLUME], true[VOLUME]),
                same_percent,
                (int(member["space_group"]), int(true["space_group"])),
                (member["coordination"], true["coordination"]),
            )
            words.append(", ".join(found))
        elif member["state"] == UNFINISHED:
            unfinished += 1
        else:
            words.append(str(member["state"]))
    kept = words.count("")
    lost = "; ".join(dict.fromkeys(word for word in words if word))
    some = f"by {len(words) - kept} of {len(words)} members" if kept else ""
    ended = f"{unfinished} of {len(members)} members {UNFINISHED}" if unfinished else ""
    verdict = "; ".join([*_judgement(lost, some, gone, bool(unfinished)), *filter(None, [ended])])
    return {"reference_keeps": not gone, "kept": kept, "verdict": verdict}


def _judgement(lost: str, some: str, gone: list[str], unfinished: bool) -> list[str]:
    """Parts of the verdict on the members that ended.

    Args:
        lost: how they lose the crystal; empty: they don't.
        some: which of them, if not all.
        gone: how the reference loses it; empty: it doesn't.
        unfinished: whether other members have not ended, so that nothing can be said of all.
    """
    if gone:
        here = f"here, {some}, {lost}" if some else f"here {lost}"
        after = here if lost else "" if unfinished else "so does the potential"
        return [f"the reference lets it go ({', '.join(gone)})", *filter(None, [after])]
    if lost:
        return [f"lost {some}: {lost}" if some else f"lost: {lost}"]
    return [] if unfinished else ["kept"]


def with_order(table: pd.DataFrame) -> pd.DataFrame:
    """With the order of enthalpies at each pressure, the potential's and the reference's: meV/atom above the lowest and
    rank (1: the lowest) among the crystals that both have."""
    table = table.copy()
    for end in ("", "_reference"):
        for name in ("above_lowest_meV_per_atom", "rank"):
            table[f"{name}{end}"] = np.nan
    for _, rows in table.groupby("pressure_GPa"):
        pairs = rows[["enthalpy_eV_per_atom", "enthalpy_eV_per_atom_reference"]].astype(float)
        both = pairs.index[np.isfinite(pairs).all(axis=1)] if np.isfinite(pairs.iloc[:, 1]).any() else pairs.index
        for end in ("", "_reference"):
            values = pairs.loc[both, f"enthalpy_eV_per_atom{end}"]
            table.loc[both, f"above_lowest_meV_per_atom{end}"] = 1000 * (values - values.min())
            table.loc[both, f"rank{end}"] = values.rank(method="min")
    return table


def misplaced_pairs(table: pd.DataFrame) -> tuple[int, int]:
    """Pairs of crystals whose enthalpies stand in the other order than the reference's, and pairs in all."""
    ranks = table[["rank", "rank_reference"]].dropna().to_numpy(dtype=float)
    pairs = [(ranks[i] - ranks[j]) for i in range(len(ranks)) for j in range(i)]
    return sum(bool(own * other < 0) for own, other in pairs), len(pairs)


def root_mean_square_percent(errors: Sequence[float]) -> float:
    """Root mean square of what is finite, %; NaN of nothing."""
    values = np.asarray(errors, dtype=float)
    values = values[np.isfinite(values)]
    return float(np.sqrt(np.mean(values**2))) if len(values) else float("nan")
