"""Errors of the models' energy-volume curves: raw, after one common shift, and after a shift of each curve."""

import json
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from melt2crystal.benchmark.equation_of_state import curve_errors, root_mean_square
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv, write_text
from melt2crystal.options import SettingsText
from melt2crystal.settings import Settings
from melt2crystal.structure.coordination import coordination_name

MEAN = -1  # "member" of the ensemble's mean


@reports_errors
def benchmark_errors(
    curves: Annotated[list[Path], typer.Argument(help="energies of the models (CSV, named after the potential)")],
    reference: Annotated[Path, typer.Option(help="the reference's energies (CSV)")],
    out: Annotated[Path, typer.Option(help="errors of each polymorph (CSV)")],
    totals: Annotated[Path, typer.Option(help="errors over groups of equal coordination (JSON)")],
    settings: SettingsText,
) -> None:
    """Compare curves at equal volumes; the common shift is the mean difference over all points of all polymorphs."""
    coordination = Settings(settings).value("coordination")
    truth = pd.read_csv(reference)[["polymorph", "volume_scale", "energy_eV_per_atom"]]
    tables, summary = [], {}
    for path in curves:
        points = pd.read_csv(path).merge(truth, on=["polymorph", "volume_scale"], suffixes=("", "_reference"))
        points = points.dropna(subset=["energy_eV_per_atom", "energy_eV_per_atom_reference"])
        if points.empty:
            raise UserError(f"{path} and {reference} have no point in common; make both from the same volumes")
        points["difference"] = 1000 * (points.energy_eV_per_atom - points.energy_eV_per_atom_reference)
        points["group"] = [coordination_name(coordination[name]) for name in points.polymorph]
        tables.append(of_each_polymorph(points, path.stem, coordination))
        summary[path.stem] = of_groups(points)
    write_csv(out, pd.concat(tables), "%.6g")
    write_text(totals, json.dumps(summary, indent=1, sort_keys=True) + "\n")
    for name, groups in summary.items():
        shifted = [f"{g} {v['shifted_meV_per_atom']:.1f}" for g, v in groups.items() if g != "shift_meV_per_atom"]
        print(f"{name}: RMS after one common shift, meV/atom: {', '.join(shifted)}")


def of_each_polymorph(points: pd.DataFrame, potential: str, coordination: dict[str, int]) -> pd.DataFrame:
    """One row for each polymorph: errors of the mean and the range over the members, meV/atom."""
    by_member = {
        member: curve_errors(table.difference.to_numpy(), table.polymorph.to_numpy(dtype=str))
        for member, table in points.groupby("member")
    }
    members = [errors for member, errors in by_member.items() if member != MEAN]
    alone = len(members) < 2  # one member has no spread
    rows = []
    for name, errors in by_member[MEAN].items():
        spread = [of_member[name]["shifted"] for of_member in members]
        rows.append(
            {
                "polymorph": name,
                "potential": potential,
                "coordination": coordination[name],
                "rms_raw_meV_per_atom": errors["raw"],
                "rms_shifted_meV_per_atom": errors["shifted"],
                "rms_shifted_min_member": float("nan") if alone else min(spread),
                "rms_shifted_max_member": float("nan") if alone else max(spread),
                "rms_own_shift_meV_per_atom": errors["own_shift"],
            }
        )
    return pd.DataFrame(rows)


def of_groups(points: pd.DataFrame) -> dict[str, Any]:
    """Errors over all points of equally coordinated polymorphs and over all, mean and members, meV/atom."""
    mean = points[points.member == MEAN]
    shift = float(mean.difference.mean())
    own = mean.difference - mean.groupby("polymorph").difference.transform("mean")
    centred = points.difference - points.groupby("member").difference.transform("mean")
    groups = {}
    for name in [*dict.fromkeys(mean.group), "all"]:
        chosen = mean.index if name == "all" else mean.index[mean.group == name]
        in_group = np.ones(len(points), bool) if name == "all" else (points.group == name).to_numpy()
        members = {
            int(member): root_mean_square(values.to_numpy())
            for member, values in centred[in_group].groupby(points.member[in_group])
        }
        groups[name] = {
            "raw_meV_per_atom": round(root_mean_square(mean.difference[chosen].to_numpy()), 4),
            "shifted_meV_per_atom": round(members.pop(MEAN), 4),
            "shifted_members_meV_per_atom": [round(members[m], 4) for m in sorted(members)] if len(members) > 1 else [],
            "own_shift_meV_per_atom": round(root_mean_square(own[chosen].to_numpy()), 4),
            "polymorphs": int(mean.polymorph[chosen].nunique()),
            "points": len(chosen),
        }
    return {"shift_meV_per_atom": round(shift, 4), **groups}


if __name__ == "__main__":
    typer.run(benchmark_errors)
