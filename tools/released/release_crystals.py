"""Release the reference's crystals: what ``tools/released/reference_crystals.py`` has computed so far, with a card.

``python -m tools.released.release_crystals results/crystals-by-dft``

Writes ``data/labels/silica-pbe-energy-volume.extxyz.gz``, ``silica-pbe-harmonic.extxyz.gz`` (their own splits, never
for training), ``silica-pbe-k-mesh.csv``, ``crystals.md`` and the relaxed structures in ``data/polymorphs/pbe``.
"""

import shutil
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from ase import Atoms
from ase.units import GPa

from melt2crystal import markdown
from melt2crystal.benchmark.equation_of_state import birch_murnaghan_pressure, fit_birch_murnaghan
from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_csv, write_text
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import LabelStore, labelled, one_digest
from melt2crystal.sections.reference import EspressoKPoints
from melt2crystal.structure.crystals import read_crystal
from tools.released.k_convergence import ERROR, converged_spacing, convergence_table, largest_spacing
from tools.released.reference_crystals import MESH_SPACINGS_PER_A, POLYMORPHS, RELEASED, Crystals

KEPT = ("frame_id", "polymorph", "volume_scale", "displacement", "split")
ATOMS_PER_FORMULA = 3
PULAY = ("stress_minus_slope_GPa", "stress_minus_slope_meV_per_atom")
FIT_FORMATS = {"V0_A3": ".3f", "B0_GPa": ".1f", "B0_prime": ".2f", "E0_eV": ".4f", "dE_meV_per_SiO2": ".1f"}
MESHES = "silica-pbe-k-mesh.csv"
MESH_COLUMNS = ["polymorph", "mesh", "spacing_per_A", "energy_eV_per_atom", "seconds"]
CURVE_POINTS = 7  # a curve with fewer is not finished


def labelled_frames(crystals: Crystals, stage: str, digest: str) -> tuple[list[Atoms], dict[str, tuple[int, int]]]:
    """The labelled frames of a stage, and polymorph -> (labelled, asked for)."""
    store = LabelStore(crystals.folder / "label-store", digest, "release")
    frames, counts = [], {}
    for name in POLYMORPHS:
        path = crystals.requested(stage, name)
        asked = read_frames(path) if path.is_file() else []
        mine = [(frame, label) for frame in asked if (label := store.find(frame)) and label.status == "ok"]
        key = "volume_scale" if stage == "curve" else "displacement"
        for frame, label in sorted(mine, key=lambda pair: pair[0].info[key]):
            frame.info = {kept: frame.info[kept] for kept in KEPT if kept in frame.info}
            frame.info["seconds"] = round(label.seconds, 1)
            frames.append(labelled(frame, label, digest))
        counts[name] = (len(mine), len(asked))
    return frames, counts


def mesh_table(crystals: Crystals, released: Path) -> pd.DataFrame:
    """Energies with finer and finer meshes, computed in the folder or released before; see ``convergence_table``."""
    before = pd.read_csv(released)[MESH_COLUMNS] if released.is_file() else pd.DataFrame(columns=MESH_COLUMNS)
    rows = list(before.itertuples(index=False, name=None))
    known = {row[:2] for row in rows}
    for name in POLYMORPHS:
        frame = canonical_frame(crystals.unrelaxed(name))
        lengths = 2 * np.pi * np.linalg.norm(frame.cell.reciprocal(), axis=1)
        meshes = [k_mesh(frame, EspressoKPoints(spacing_per_A=spacing)) for spacing in MESH_SPACINGS_PER_A]
        for mesh in dict.fromkeys(each for each in meshes if each is not None):
            text = "x".join(map(str, mesh))
            if (name, text) in known:
                continue
            digest = settings_digest(crystals.engine(EspressoKPoints(mode="mesh", mesh=mesh)))
            label = LabelStore(crystals.folder / "label-store", digest, "release").find(frame)
            if label and label.status == "ok" and label.energy is not None:
                # as the table is written: it is the same when it is made again from itself
                energy, seconds = round(label.energy / len(frame), 6), round(label.seconds, 1)
                spacing = round(largest_spacing(lengths, mesh), 3)
                rows.append((name, text, spacing, energy, seconds))
    table = pd.DataFrame(rows, columns=MESH_COLUMNS)
    return convergence_table(table.sort_values("polymorph", key=lambda names: names.map(POLYMORPHS.index)))


def curve_table(frames: list[Atoms]) -> pd.DataFrame:
    """Birch-Murnaghan fits of the curves that have enough points, energies against alpha-quartz."""
    rows = []
    for name in POLYMORPHS:
        mine = [frame for frame in frames if frame.info["polymorph"] == name]
        if len(mine) < CURVE_POINTS:
            continue
        units = np.array([len(frame) / ATOMS_PER_FORMULA for frame in mine])
        volumes = np.array([frame.get_volume() for frame in mine]) / units
        fit = fit_birch_murnaghan(volumes, np.array([frame.get_potential_energy() for frame in mine]) / units)
        slope_GPa = birch_murnaghan_pressure(volumes, fit.V0_A3, fit.B0_GPa, fit.B0_prime)
        # what a finite cutoff keeps from the stress (Pulay) is one energy per atom, whatever the volume
        pulay_GPa = np.array([-frame.get_stress()[:3].mean() / GPa for frame in mine]) - slope_GPa
        pulay_meV = 1000 * (pulay_GPa * GPa * volumes).mean() / ATOMS_PER_FORMULA
        values = (fit.V0_A3, fit.B0_GPa, fit.B0_prime, fit.E0_eV, fit.status, pulay_GPa.mean(), pulay_meV)
        rows.append((name, len(mine), *values))
    columns = ["polymorph", "points", "V0_A3", "B0_GPa", "B0_prime", "E0_eV", "status", *PULAY]
    table = pd.DataFrame(rows, columns=columns)
    quartz = table.loc[table.polymorph == "alpha_quartz", "E0_eV"]
    table["dE_meV_per_SiO2"] = 1000 * (table["E0_eV"] - quartz.iloc[0]) if len(quartz) else np.nan
    return table


def card(
    digest: str,
    counts: dict[str, dict[str, tuple[int, int]]],
    curves: pd.DataFrame,
    meshes: pd.DataFrame,
    cost_s: float,
) -> str:
    """The card of the released crystals."""
    done = pd.DataFrame(
        [
            (name, *("{} of {}".format(*counts[stage][name]) if counts[stage][name][1] else "-" for stage in RELEASED))
            for name in POLYMORPHS
        ],
        columns=["polymorph", "volumes", "supercells (with the undisplaced one)"],
    )
    enough = converged_spacing(meshes)
    return f"""# Released crystals: PBE energy-volume curves and displaced supercells of SiO2

Written by `python -m tools.released.release_crystals`. Same settings as the melts (digest `{digest}`, see README.md):
Quantum ESPRESSO 6.7, PBE, 45/360 Ry, Gaussian smearing 0.05 eV; energies eV (the one the forces belong to), forces
eV/Å, stress eV/Å³ (ASE's sign). **Own splits (`split` in each frame), never for
training**: `train_assemble` refuses them.

* `../polymorphs/pbe/*.cif`: each polymorph relaxed once at 0 GPa with the reference, cell and ions, symmetry kept. A
  study that names these files with `energy_volume.structures: experimental` asks for exactly the frames labelled here.
* `{RELEASED["curve"]}`: those structures scaled isotropically, ions at fixed fractional coordinates (`volume_scale`);
  k-points 0.35 1/Å apart or closer in the unscaled cell, one mesh along each curve.
* `{RELEASED["harmonic"]}`: the undisplaced supercell (`displacement` 0) and the displaced ones (0.03 Å, phonopy), at
  least 8 Å wide, 72 atoms or more, at Gamma.

How much is there ({cost_s / 3600:.1f} CPU hours):

{markdown.of_frame(done)}

Fits (third-order Birch-Murnaghan; dE against alpha-quartz, meV per SiO2; V0 in Å³ per SiO2) of curves with
{CURVE_POINTS} points or more:

{markdown.of_frame(curves.drop(columns=list(PULAY)), FIT_FORMATS)}

**Pulay stress.** The stress is that of a fixed number of plane waves, the energies are those of a fixed cutoff.
Pressure of the stress minus that of the fit's slope, mean over each curve, and the same times the volume of an atom,
which hardly depends on structure and volume: all stresses of these settings, the melts' too, lack about as much.

{markdown.of_frame(curves[["polymorph", *PULAY]], {PULAY[0]: ".2f", PULAY[1]: ".1f"})}

Convergence of the k-mesh in the published cells: `silica-pbe-k-mesh.csv`. The coarsest mesh that agrees with all finer
ones computed within 1 meV/atom (spacing in 1/A, 2 pi included; the curves use 0.35):

{markdown.of_frame(enough, {"spacing_per_A": ".2f", "largest_difference_meV_per_atom": ".2f"})}

Licence: CC BY 4.0; cite as in `CITATION.cff`.
"""


@reports_errors
def release_crystals(
    folder: Annotated[Path, typer.Argument(help="folder of tools/released/reference_crystals.py")],
    labels: Annotated[Path, typer.Option(help="folder of released labels")] = Path("data/labels"),
    structures: Annotated[Path, typer.Option(help="folder of relaxed structures")] = Path("data/polymorphs/pbe"),
) -> None:
    """Write the released files again from all that is computed; a file that would lose labels is not touched."""
    crystals = Crystals(folder.resolve())
    for name in POLYMORPHS:  # a new folder holds what was released before, without the frames that it was asked for
        if crystals.structure(name).is_file() and not crystals.requested("curve", name).is_file():
            crystals.write_requested(name)
    digest = settings_digest(crystals.engine(EspressoKPoints()))
    counts, frames = {}, {}
    for stage, name in RELEASED.items():
        frames[stage], counts[stage] = labelled_frames(crystals, stage, digest)
        one_digest(frames[stage], name)
        before = {atoms.info["frame_id"] for atoms in read_frames(labels / name)} if (labels / name).exists() else set()
        lost = before - {atoms.info["frame_id"] for atoms in frames[stage]}
        if lost:
            raise UserError(
                f"{labels / name}: {len(lost)} of its labels are not in {folder} (the first is {min(lost)}); name the "
                "folder they were computed in, or remove the file if they shall go"
            )
    for stage, name in RELEASED.items():
        if frames[stage]:
            write_frames(labels / name, frames[stage])
    meshes = mesh_table(crystals, labels / MESHES)
    if len(meshes):
        write_csv(labels / MESHES, meshes.round({ERROR: 3}), "%.9g")
    structures.mkdir(parents=True, exist_ok=True)
    for name in POLYMORPHS:
        if crystals.structure(name).is_file():
            read_crystal(crystals.structure(name))
            shutil.copyfile(crystals.structure(name), structures / f"{name}.cif")
    cost_s = sum(frame.info["seconds"] for stage in frames.values() for frame in stage)
    write_text(labels / "crystals.md", card(digest, counts, curve_table(frames["curve"]), meshes, cost_s))
    print(", ".join(f"{name}: {len(frames[stage])} labels" for stage, name in RELEASED.items()))


if __name__ == "__main__":
    typer.run(release_crystals)
