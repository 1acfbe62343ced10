"""Write the tables of docs/results/released.md from a finished study, and copy the figures shown there.

``python -m tools.released.results_tables results/released``

The part of the page between its two comment lines: errors on the held-out melt, energy-volume curves, vibrations,
structures found, cost, each beside what the project aims at. The text around them is written by hand.
"""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from pymatgen.core import Composition

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.jobs.snakemake_plan import ROOT
from melt2crystal.structure.energies import HP, REFERENCE
from melt2crystal.summary.text import show
from melt2crystal.train.agreement import pearson_interval, rmse

PAGE = ROOT / "docs" / "results" / "released.md"
BEGIN = "<!-- written by 'python -m tools.released.results_tables' from here -->"
END = "<!-- to here -->"
FIGURES = ("figure1", "figure2", "figure3", "figure4", "harmonic")
# the aims of the project, and what the paper reached (Fig. 3)
AIMS = {"energy": "8", "force": "0.30", "tetrahedral": "10", "octahedral": "40 (goal 20)"}
PAPER_FOUND = {"pearson": "0.987", "all": "59", "window": "29"}
POTENTIALS = ("hp", "lp")


def with_members(mean: float, members: Sequence[float], form: str) -> str:
    """The ensemble's mean, and the smallest and largest of its members in brackets."""
    return f"{mean:{form}} ({min(members):{form}} to {max(members):{form}})"


def held_out(summary: dict[str, Any]) -> str:
    """Root mean square errors on melts of walks that didn't train, of all and by pressure."""
    errors = summary["held_out"]
    rows = []
    for label, key, form, aim in (
        ("energy, meV/atom", "energy_rmse_meV_per_atom", ".1f", AIMS["energy"]),
        ("force component, eV/Å", "force_rmse_eV_per_A", ".2f", AIMS["force"]),
    ):
        cells = [
            with_members(errors[name][key], [member[key] for member in errors[name]["members"]], form)
            for name in POTENTIALS
        ]
        rows.append([label, *cells, aim])
    pressures = sorted(errors["hp"]["pressures"], key=float)
    by_pressure = [
        [p]
        + [
            f"{errors[name]['pressures'][p]['energy_rmse_meV_per_atom']:.0f} and "
            f"{errors[name]['pressures'][p]['force_rmse_eV_per_A']:.2f}"
            for name in POTENTIALS
        ]
        for p in pressures
    ]
    trained = summary["datasets"][-1]["frames"]
    return f"""## Held-out melt

{trained} frames train and validate, {errors["hp"]["frames"]} frames of other walks are held out.
RMSE of the ensemble's mean, members in brackets:

{markdown.table(["", "HP", "LP", "aim for HP"], rows)}

{markdown.table(["p, GPa", "HP, meV/atom and eV/Å", "LP"], by_pressure)}"""


def energy_volume(summary: dict[str, Any], fits: pd.DataFrame) -> str:
    """Errors along the curves by coordination and by polymorph, volumes and energies of the minima."""
    errors = {name: summary["energy_volume"][name] for name in POTENTIALS}
    groups = [g for g in ("tetrahedral", "octahedral") if g in errors["hp"]["groups"]]
    rows = []
    for group in groups:
        cells = []
        for name in POTENTIALS:
            of = errors[name]["groups"][group]
            cells.append(with_members(of["raw_meV_per_atom"], of.get("raw_members_meV_per_atom", []), ".0f"))
        count = errors["hp"]["groups"][group]["polymorphs"]
        rows.append([f"{group} ({count} polymorphs)", *cells, AIMS[group]])
    for group in groups:
        after = [f"{errors[name]['groups'][group]['shifted_meV_per_atom']:.0f}" for name in POTENTIALS]
        rows.append([f"{group}, after one constant", *after, ""])
    own = [f"{errors[name]['groups']['all']['own_shift_meV_per_atom']:.0f}" for name in POTENTIALS]
    rows.append(["each curve after a constant of its own, all", *own, ""])
    return f"""## Energy-volume curves

RMS of energy against the reference, meV/atom, over the volumes of each curve, ions clamped at the reference's
fractional coordinates, raw: relative to the model's own zero (members in brackets):

{markdown.table(["", "HP", "LP", "aim for HP"], rows)}

By polymorph (raw RMS in meV/atom; volumes of the Birch-Murnaghan minimum, ions clamped, in Å³ per
{summary["substance"]}):

{polymorphs(errors, fits)}

Energy of the minimum above the first of these, ions clamped, meV per {summary["substance"]}:

{minima(summary, fits)}"""


def _of(fits: pd.DataFrame, polymorph: str, potential: str, column: str) -> float:
    """A number of a fit to the mean curve; not a number if there was no minimum to fit."""
    rows = fits[(fits["polymorph"] == polymorph) & (fits["potential"] == potential) & (fits["member"] == -1)]
    good = rows[rows["status"] == "ok"]
    return float(good[column].iloc[0]) if len(good) else float("nan")


def _number(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "no minimum"


def polymorphs(errors: dict[str, Any], fits: pd.DataFrame) -> str:
    """One row a polymorph: errors of both potentials, volumes of the minima."""
    lp = {row["polymorph"]: row for row in errors["lp"]["polymorphs"]}
    rows = []
    for row in errors["hp"]["polymorphs"]:
        name = row["polymorph"]
        volumes = [_number(_of(fits, name, p, "V0_A3_per_formula"), ".2f") for p in ("reference", *POTENTIALS)]
        raw = [f"{of['raw_meV_per_atom']:.0f}" for of in (row, lp[name])]
        rows.append([name, f"{row['coordination']:g}", *raw, *volumes])
    return markdown.table(["polymorph", "CN", "HP", "LP", "V0 reference", "V0 HP", "V0 LP"], rows)


def minima(summary: dict[str, Any], fits: pd.DataFrame) -> str:
    """Energies of the minima relative to the first polymorph's."""
    atoms = Composition(summary["substance"]).num_atoms
    names = list(dict.fromkeys(fits["polymorph"]))
    potentials = ("reference", *POTENTIALS)
    at = {(n, p): 1000 * atoms * _of(fits, n, p, "E0_eV_per_atom") for n in names for p in potentials}
    rows = [[n, *(_number(at[n, p] - at[names[0], p], ".0f") for p in potentials)] for n in names[1:]]
    return markdown.table([f"above {names[0]}", "reference", "HP", "LP"], rows)


def vibrations(overlaps: pd.DataFrame) -> str:
    """Harmonic spectra of HP against the reference's."""
    rows = [
        [
            row["polymorph"],
            f"{row['overlap_hp_reference']:.3f}",
            show(row.get("overlap_others_largest"), 3),
            f"{row['residual_force_eV_per_A_hp']:.2f}",
            row.get("note") if isinstance(row.get("note"), str) else "",
        ]
        for row in overlaps.to_dict("records")
    ]
    head = ["", "overlap of HP with the reference", "baseline: other crystals, up to"]
    head += ["largest force of the reference's crystal in HP, eV/Å", "imaginary modes"]
    return f"""## Vibrations

Harmonic density of states from forces on the same displaced supercells, reference and HP; overlap as in the paper's
figure (1 is identity), at a resolution of {overlaps["resolution_THz"].iloc[0]:g} THz:

{markdown.table(head, rows)}"""


def found(search: dict[str, Any], table: pd.DataFrame) -> str:
    """Energies of found structures, HP against the reference, beside the paper's figure 3."""
    labelled = table.dropna(subset=[HP, REFERENCE])
    hp, reference = 1000 * labelled[HP], 1000 * labelled[REFERENCE]
    common = (hp - reference).mean()
    interval = pearson_interval(search["pearson_r"], search["labelled"])
    beside = f" ({interval[0]:.3f} to {interval[1]:.3f})" if interval else ""
    rows: list[list[str]] = [
        ["structures", "", str(search["labelled"]), "60"],
        [
            "Pearson r (95 % interval)",
            PAPER_FOUND["pearson"],
            show(search["pearson_r"], 3) + beside,
            PAPER_FOUND["pearson"],
        ],
        ["RMSE, meV/atom", f"{PAPER_FOUND['all']} (its full range)", show(search["rmse_all_meV_per_atom"], 0), ""],
        [
            f"in the window of stable structures ({search['stable_window_eV_per_atom']:g} eV/atom; here "
            f"{search['labelled_in_window']})",
            PAPER_FOUND["window"],
            show(search["rmse_window_meV_per_atom"], 0),
            PAPER_FOUND["window"],
        ],
        [f"after one constant, {common:+.0f} meV/atom", "", show(rmse(hp - common, reference), 0), ""],
    ]
    for number, name in ((4, "tetrahedral"), (6, "octahedral")):
        like = labelled["coordination"].round() == number
        if like.any():
            rows.append([f"{name} alone ({like.sum()})", "", show(rmse(hp[like], reference[like]), 0), ""])
    if search.get("kept") is not None:
        rows.append(["kept by HP's own relaxation", "", f"{search['kept']} of {search['given']}", ""])
    return f"## Structures found by HP\n\n{markdown.table(['', 'paper', 'here', 'aim'], rows)}"


def cost(summary: dict[str, Any]) -> str:
    """CPU time of the study."""
    seconds = {row["stage"]: row["cpu_s"] for row in summary["costs"]}
    return f"""## Cost of the study

{sum(seconds.values()):.0f} CPU s, {seconds["train"]:.0f} of them training."""


def tables(study: Path) -> str:
    """The generated part of the page.

    Raises:
        UserError: The study isn't finished.
    """
    path = study / "summary.json"
    if not path.is_file():
        raise UserError(f"{path}: there is no such file; run the study to its end: make run STUDY={study.name}")
    summary = json.loads(path.read_text(encoding="utf-8"))
    parts = [held_out(summary), energy_volume(summary, pd.read_csv(study / "benchmark" / "fits.csv"))]
    overlaps, structures = study / "benchmark" / "harmonic" / "overlaps.csv", study / "search" / "found.csv"
    if overlaps.is_file():
        parts.append(vibrations(pd.read_csv(overlaps)))
    if structures.is_file():
        parts.append(found(summary["search"], pd.read_csv(structures)))
    parts.append(cost(summary))
    digest = summary["settings_digest"][:16]
    origin = f"Study `{summary['study']}`, reference {summary['reference']}, settings digest `{digest}`."
    return "\n\n".join([origin, *parts])


@reports_errors
def results_tables(
    study: Annotated[Path, typer.Argument(help="results folder of a finished study")],
    page: Annotated[Path, typer.Option(help="page with the two comment lines around the tables")] = PAGE,
    figures: Annotated[
        Path | None, typer.Option(help="folder of the figures; default: docs/figures, beside the page's own folder")
    ] = None,
) -> None:
    """Write tables and figures of the page again."""
    before, after = markdown.around(page, BEGIN, END)
    write_text(page, before + tables(study) + after)
    folder = figures or page.parent.parent / "figures"
    for name in FIGURES:
        drawn = study / "figures" / f"{name}.png"
        if drawn.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(drawn, folder / f"{study.name}-{name}.png")
    print(f"{page}: tables of {study}")


if __name__ == "__main__":
    typer.run(results_tables)
