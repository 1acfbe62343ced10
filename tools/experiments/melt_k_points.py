"""What a melt's label owes to the Gamma point: the same frames on other k-points, and the difference.

``python -m tools.experiments.melt_k_points results/k-points baldereschi:12 2x2x2:4``

Each step names k-points (``baldereschi``, the point (1/4, 1/4, 1/4), or a mesh shifted by half a step) and how many
frames of the released melts are computed with them: the least dense first, then the densest, then those that halve
what lies between, so that a few cover the range and more fill it in. Those that have a label already count first.
Labels are kept in ``<folder>/label-store``; a kill costs the calculation in hand, ``baldereschi:0`` computes nothing.

What is there in the end is written beside the released labels: ``silica-pbe-k-points.extxyz.gz`` (frames with
``k_points``, energy, forces, stress; never for training: another settings digest), ``k-points.md`` and a figure.
"""

import re
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import pandas as pd
import typer
from ase import Atoms
from matplotlib.figure import Figure

from melt2crystal import markdown
from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import complete, write_text
from melt2crystal.frames import bare_frame, density_g_per_cm3, read_frames, write_frames
from melt2crystal.label.store import LabelStore, label_frames, labelled
from melt2crystal.sections.label import Label as LabelSection
from melt2crystal.sections.reference import EspressoKPoints, EspressoReference
from melt2crystal.sections.substance import Substance
from melt2crystal.structure.pressure import static_pressure_GPa
from tools.released.melt_card import how_chosen
from tools.released.reference_crystals import RELEASED as CRYSTALS
from tools.released.released_study import MELTS as MELTS_FILE

SPLIT = "k-points"
LABELS = Path("data/labels")
CURVES, SUPERCELLS = (LABELS / CRYSTALS[kind] for kind in ("curve", "harmonic"))
MELTS = (LABELS / MELTS_FILE, *(LABELS / f"silica-pbe-melt-{name}.extxyz.gz" for name in ("quenched", "ordered")))
RELEASED, PAGE = LABELS / "silica-pbe-k-points.extxyz.gz", LABELS / "k-points.md"
FIGURE = Path("docs/figures/melt-k-points.png")
POINTS = {"baldereschi": "Baldereschi point"}  # in the figure; meshes are called what they are
COLUMNS = {  # of all tables: title and format
    "k_points": ("k-points", ""),
    "kind": ("frame", ""),
    "atoms": ("atoms of the supercell", ""),
    "density": ("density, g/cm³", ".2f"),
    "temperature": ("T, K", "g"),
    "energy": ("energy, meV/atom", "+.1f"),
    "mean": ("mean energy, meV/atom", "+.1f"),
    "spread": ("spread", ".1f"),
    "pressure": ("p, GPa", "+.2f"),
    "force": ("RMS of the difference of a force component, eV/Å", ".3f"),
    "of_force": ("of that component, eV/Å", ".1f"),
    "forces": ("force, eV/Å", ".3f"),
    "seconds": ("CPU s", ".0f"),
    "digest": ("settings digest", ""),
}
STEP = re.compile(r"(baldereschi|\d+x\d+x\d+):(\d+)$")


def points_of(name: str) -> EspressoKPoints:
    """The setting of a name of k-points."""
    if name == "baldereschi":
        return EspressoKPoints(mode="baldereschi")
    first, second, third = map(int, name.split("x"))
    return EspressoKPoints(mode="shifted-mesh", mesh=(first, second, third))


def spread_out(frames: Sequence[Atoms]) -> list[Atoms]:
    """Frames in an order in which each beginning covers the densities: ends first, then halves, quarters, ..."""
    ordered = sorted(frames, key=lambda atoms: (density_g_per_cm3(atoms), atoms.info["frame_id"]))
    last = len(ordered) - 1
    places = [0, last]
    parts = 2
    while len(set(places)) < len(ordered) and parts <= 2 * len(ordered):
        places += [round(last * part / parts) for part in range(1, parts, 2)]
        parts *= 2
    places += range(len(ordered))
    return [ordered[place] for place in dict.fromkeys(places) if place >= 0]


def differences(known: dict[str, Atoms], others: Sequence[Atoms]) -> pd.DataFrame:
    """Gamma minus other k-points, one row a frame.

    Args:
        known: frame id -> label at Gamma.
        others: the same frames with ``k_points``.

    Returns:
        energy in meV/atom, pressure in GPa, RMS of a force component in eV/Å (of the difference, and of the force).
    """
    rows = []
    for other in others:
        gamma = known[other.info["frame_id"]]
        forces = gamma.get_forces() - other.get_forces()
        pressure = static_pressure_GPa(gamma) - static_pressure_GPa(other)
        energy = (gamma.get_potential_energy() - other.get_potential_energy()) / len(gamma)
        rows.append(
            {
                "k_points": other.info["k_points"],
                "kind": "quenched melt" if how_chosen(gamma) == "quench" else "melt",
                "density": density_g_per_cm3(gamma),
                "temperature": gamma.info["temperature_K"],
                "energy": 1000 * energy,
                "pressure": pressure,
                "force": rms(forces),
                "of_force": rms(gamma.get_forces()),
                "seconds": other.info["seconds"],
            }
        )
    return pd.DataFrame(rows).sort_values(["k_points", "kind", "density"], ignore_index=True)


def crystal_differences(curves: Sequence[Atoms], supercells: Sequence[Atoms]) -> pd.DataFrame:
    """The undisplaced supercell of a crystal (Gamma) minus its energy-volume curve (k-mesh) at the same volume."""
    rows = []
    for cell in supercells:
        if cell.info["displacement"] != 0:
            continue
        name, volume = cell.info["polymorph"], cell.get_volume() / len(cell)
        for curve in curves:
            same = curve.info["polymorph"] == name and abs(curve.get_volume() / len(curve) / volume - 1) < 1e-5
            if same:
                energies = [atoms.get_potential_energy() / len(atoms) for atoms in (cell, curve)]
                rows.append((name, len(cell), density_g_per_cm3(cell), 1000 * (energies[0] - energies[1])))
    return pd.DataFrame(rows, columns=["polymorph", "atoms", "density", "energy"])


def rms(values: npt.ArrayLike) -> float:
    """Root mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def shown(table: pd.DataFrame) -> str:
    """A table with the titles a reader needs."""
    titles = {name: title for name, (title, _) in COLUMNS.items()}
    return markdown.of_frame(table.rename(columns=titles), dict(COLUMNS.values()))


def page(table: pd.DataFrame, crystals: pd.DataFrame, digests: dict[str, str]) -> str:
    """The card."""
    groups = table.groupby(["k_points", "kind"])
    totals = groups.agg(frames=("energy", "size"), mean=("energy", "mean"), forces=("force", rms)).reset_index()
    totals.insert(4, "spread", groups.energy.std(ddof=0).to_numpy())
    totals["digest"] = totals.k_points.map(digests)
    return f"""# What the Gamma point costs: released melts on other k-points

Written by `python -m tools.experiments.melt_k_points` from `{RELEASED.name}`. The melts of
{" and ".join(f"`{melts.name}`" for melts in MELTS)} are labelled at Gamma; here some of them again, all other settings
equal. Every number is **Gamma minus these k-points**. `baldereschi` is the one point (1/4, 1/4, 1/4), a mesh is
shifted by half a step. Never for training: another settings digest, and `split: {SPLIT}`.

{shown(totals)}

{shown(table)}

Crystals, from the labels of [crystals.md](crystals.md): the undisplaced supercell at Gamma against the energy-volume
curve's converged mesh, at the same volume.

{shown(crystals)}

![Error of the Gamma point](../../docs/figures/{FIGURE.name})
"""


def draw(path: Path, table: pd.DataFrame, crystals: pd.DataFrame) -> None:
    """Energy and force difference against density."""
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    left, right = figure.subplots(1, 2)
    for ((name, kind), group), marker in zip(table.groupby(["k_points", "kind"]), cycle("os^v"), strict=False):
        title = f"{kind}, Γ − {POINTS.get(str(name), name)}"
        left.plot(group.density, group.energy, marker, fillstyle="none", label=title)
        right.plot(group.density, group.force, marker, fillstyle="none", label=title)
    if len(crystals):
        left.plot(crystals.density, crystals.energy, "*", color="black", label="crystal, Γ − converged mesh")
    left.axhline(0, color="grey", linewidth=0.8)
    left.set(xlabel="density (g/cm³)", ylabel="energy difference (meV/atom)")
    right.set(xlabel="density (g/cm³)", ylabel="RMS difference of a\nforce component (eV/Å)")
    right.set_ylim(bottom=0)
    left.legend(fontsize=7)
    figure.suptitle("PBE, cells of 72 atoms: error of the Γ point alone", fontsize=9)
    with complete(path) as beside:
        figure.savefig(beside, dpi=200, format="png")


def release(frames: Sequence[Atoms], melts: Sequence[Atoms]) -> None:
    """Write labels, card and figure."""
    write_frames(RELEASED, sorted(frames, key=lambda atoms: (atoms.info["k_points"], density_g_per_cm3(atoms))))
    table = differences({atoms.info["frame_id"]: atoms for atoms in melts}, frames)
    crystals = crystal_differences(read_frames(CURVES), read_frames(SUPERCELLS))
    digests = {str(atoms.info["k_points"]): str(atoms.info["settings_digest"]) for atoms in frames}
    write_text(PAGE, page(table, crystals, digests))
    draw(FIGURE, table, crystals)


def computed(folder: Path, name: str, number: int, melts: Sequence[Atoms]) -> list[Atoms]:
    """Labels with these k-points: all that are there, and new ones until there are ``number``."""
    engine = EspressoEngine(EspressoReference(k_points=points_of(name)), Substance().species)
    digest = settings_digest(engine)
    store = LabelStore(folder / "label-store", digest, "k-points", [RELEASED] if RELEASED.is_file() else [])
    frames = [bare_frame(frame) for frame in spread_out(melts)]
    there = [frame for frame in frames if store.find(frame)]
    asked = there + [frame for frame in frames if not store.find(frame)][: max(0, number - len(there))]
    largest, nearest = LabelSection().largest_force_eV_per_A, Substance().minimum_distances_A
    found = []
    for frame, label, known in label_frames(asked, engine, store, largest, nearest):
        print(f"{name}: {label.status} {label.reason} {'known' if known else f'{label.seconds:.0f} s'}", flush=True)
        if label.status == "ok":
            frame.info |= {"split": SPLIT, "k_points": name, "seconds": round(label.seconds, 1)}
            found.append(labelled(frame, label, digest))
    return found


@reports_errors
def melt_k_points(
    folder: Annotated[Path, typer.Argument(help="where labels are kept while they are computed")],
    steps: Annotated[list[str], typer.Argument(help="k-points:number of frames, such as baldereschi:12 or 2x2x2:4")],
) -> None:
    """Compute what is left of the steps, then write labels, card and figure."""
    wanted = [STEP.fullmatch(step) for step in steps]
    if not all(wanted):
        raise UserError(f"{' '.join(steps)}: each step must look like baldereschi:12 or 2x2x2:4")
    melts = [frame for path in MELTS for frame in read_frames(path)]
    before = read_frames(RELEASED) if RELEASED.is_file() else []
    found = {(atoms.info["k_points"], atoms.info["frame_id"]): atoms for atoms in before}
    for match in wanted:
        assert match is not None
        for atoms in computed(folder, match[1], int(match[2]), melts):
            found[match[1], atoms.info["frame_id"]] = atoms
    if found:
        release(list(found.values()), melts)
        print(f"{RELEASED}: {len(found)} labels; {PAGE}, {FIGURE}")


if __name__ == "__main__":
    typer.run(melt_k_points)
