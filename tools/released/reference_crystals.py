"""Compute the reference's crystals with Quantum ESPRESSO, one calculation after the other, none twice.

``python -m tools.released.reference_crystals FOLDER relax:stishovite curve:stishovite relax curve mesh harmonic``

Steps are done in the order given, each for the polymorph after the colon or for all of them:

* relax: cell and ions at 0 GPa from ``data/polymorphs/<name>.cif``, symmetry kept: ``<folder>/structures/<name>.cif``;
  with ``--start-with`` a model relaxes first, in seconds, and its second derivatives lead the reference's search
  (``led_relaxation.py``), whose steps are labels in the store: also a relaxation goes on after a kill;
* curve: labels of the scaled crystals, the frames that a study which names that file would ask for;
* harmonic: labels of its displaced supercells;
* mesh: energies of the unrelaxed cell with finer and finer k-meshes.

Labels are in ``<folder>/label-store``, frames in ``<folder>/requested``; a kill costs the calculation in hand. A new
folder begins with what is released already: relaxed structures and labels.
``python -m tools.released.release_crystals`` releases what is there.
Settings: the defaults of ``reference`` (espresso) and ``benchmark``.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from ase import Atoms
from ase.io import iread
from ase.io.formats import UnknownFileTypeError
from pymatgen.io.ase import AseAtomsAdaptor
from pymatgen.io.cif import CifWriter

from melt2crystal.engines.base import Label, settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.k_points import k_mesh
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.frames import canonical_frame, read_frames, write_frames
from melt2crystal.label.store import LabelStore, label_frames, label_on
from melt2crystal.provenance import ROOT
from melt2crystal.sections.benchmark import HARMONIC_BY_DEFAULT, Benchmark
from melt2crystal.sections.label import Label as LabelSection
from melt2crystal.sections.reference import EspressoKPoints, EspressoReference
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import canonical, to_text
from melt2crystal.structure.crystals import primitive_cell, read_crystal
from melt2crystal.train.models import ModelFactory
from tools.released.led_relaxation import Labelled, bare, led_relaxation, now, relaxed_by_model

# cheapest first
POLYMORPHS = (
    "stishovite",
    "alpha_quartz",
    "beta_cristobalite",
    "beta_quartz",
    "alpha_cristobalite",
    "seifertite",
    "beta_tridymite",
    "alpha_tridymite",
    "moganite",
    "coesite",
    "keatite",
)
# the five that a fit needs first, the rest fills in
SCALE_ORDER = (1.0, 0.94, 1.06, 0.88, 1.12, 0.97, 1.03, 0.91, 1.09)
MESH_SPACINGS_PER_A = (1.2, 0.9, 0.7, 0.5, 0.35)
# coarse meshes are good enough for a structure whose curve is computed with the fine one; octahedral cells are small
RELAX_SPACING_PER_A = {"stishovite": 0.5, "seifertite": 0.5}
RELAX_SPACING_OF_OTHERS_PER_A = 0.7
RELEASED = {"curve": "silica-pbe-energy-volume.extxyz.gz", "harmonic": "silica-pbe-harmonic.extxyz.gz"}
WALL_S = 3e6  # a process on idle CPU may stand still for long


class Crystals:
    """The folder of the computation and the engines that fill it."""

    def __init__(self, folder: Path, model: Path | None = None, cut_off: Path | None = None) -> None:
        self.folder, self.model, self.cut_off = folder, model, cut_off
        self.benchmark, self.substance = Benchmark(), Substance()

    def begin_with_released(self) -> None:
        """Copy relaxed structures and labels that the repository holds, so that a new machine repeats none of them."""
        for path in sorted((ROOT / "data/polymorphs/pbe").glob("*.cif")):
            if not self.structure(path.stem).is_file():
                write_text(self.structure(path.stem), path.read_text())
        stores: dict[str, LabelStore] = {}
        for released in (ROOT / "data/labels" / name for name in RELEASED.values()):
            for frame in read_frames(released) if released.is_file() else []:
                digest = frame.info["settings_digest"]
                store = stores.get(digest) or LabelStore(self.folder / "label-store", digest, "released")
                stores[digest] = store
                if store.find(frame) is None:
                    store.add(frame, label_on(frame))

    def engine(self, points: EspressoKPoints) -> EspressoEngine:
        """The reference with these k-points."""
        engine = EspressoEngine(EspressoReference(k_points=points, timeout_s=WALL_S), self.substance.species)
        engine.check()
        return engine

    def unrelaxed(self, name: str) -> Atoms:
        """The primitive cell of the published structure."""
        atoms = primitive_cell(read_crystal(ROOT / self.benchmark.polymorphs[name].file))
        atoms.info["polymorph"] = name
        return atoms

    def structure(self, name: str) -> Path:
        """Where the relaxed structure is kept."""
        return self.folder / "structures" / f"{name}.cif"

    def requested(self, stage: str, name: str) -> Path:
        """Where the frames to label are kept."""
        return self.folder / "requested" / f"{stage}-{name}.extxyz"

    def relax(self, name: str) -> None:
        """Relax one polymorph and write its frames."""
        if not self.structure(name).is_file():
            spacing = RELAX_SPACING_PER_A.get(name, RELAX_SPACING_OF_OTHERS_PER_A)
            points = EspressoKPoints(spacing_per_A=spacing)
            given, start = self.unrelaxed(name), self.benchmark.polymorphs[name].file
            model = None if self.model is None or self.cut_off is not None else ModelFactory(str(self.model))()
            led = None if model is None else relaxed_by_model(given, model)
            if model is not None and led is not None:
                mesh = EspressoKPoints(mode="mesh", mesh=k_mesh(given, points))
                reference = Labelled(lambda atoms: self.compute([atoms], mesh, f"relax {name}")[0])
                relaxed = led_relaxation(led, model, reference)
                how = f"BFGS led by a potential, started from {start}, relaxed by it first"
            else:
                if self.cut_off is not None:
                    given, start = taken_up(given, self.cut_off), f"{start}, taken up from an output that was cut off"
                relaxed, how = self.engine(points).relax([given], 0.0)[0], f"vc-relax, started from {start}"
            write_text(self.structure(name), as_cif(name, relaxed, k_mesh(given, points), how))
        self.write_requested(name)

    def write_requested(self, name: str) -> None:
        """Ask the study's own programs for the frames, so that a study finds the released labels."""
        claim = self.benchmark.polymorphs[name].model_dump(include={"space_group", "coordination"})
        structures = self.folder / "requested" / f"structure-{name}.extxyz"
        values = {
            "benchmark.energy_volume.structures": "experimental",
            "benchmark.energy_volume.volume_scales": sorted(SCALE_ORDER),
            "benchmark.energy_volume.ions": "fixed",
            "benchmark.harmonic": canonical(self.benchmark.harmonic),
            "substance": canonical(self.substance),
        }
        polymorph = {"name": name, "file": str(self.structure(name)), **claim}
        run("benchmark_structures", ["--out", str(structures)], values | {"polymorphs": [polymorph]})
        of_structure = ["--structures", str(structures)]
        curve = self.requested("curve", name)
        run("benchmark_volumes", [*of_structure, "--out", str(curve)], values)
        mark(
            curve, "energy-volume", sorted(read_frames(curve), key=lambda a: SCALE_ORDER.index(a.info["volume_scale"]))
        )
        if name in HARMONIC_BY_DEFAULT:
            cells = self.requested("harmonic", name)
            run("benchmark_supercells", [*of_structure, "--out", str(cells)], values | {"polymorphs": [name]})
            mark(cells, "harmonic", read_frames(cells))

    def label(self, name: str, stage: str) -> None:
        """Label the frames of one stage."""
        path = self.requested(stage, name)
        if path.is_file():
            self.compute(read_frames(path), EspressoKPoints(), f"{stage} {name}")

    def mesh(self, name: str) -> None:
        """Label the unrelaxed cell with each mesh."""
        frame = canonical_frame(self.unrelaxed(name))
        meshes = [k_mesh(frame, EspressoKPoints(spacing_per_A=spacing)) for spacing in MESH_SPACINGS_PER_A]
        for mesh in dict.fromkeys(meshes):
            if mesh is not None:
                self.compute([frame], EspressoKPoints(mode="mesh", mesh=mesh), f"mesh {name} {mesh}")

    def compute(self, frames: list[Atoms], points: EspressoKPoints, what: str) -> list[Label]:
        """Labels of the frames, in no order; those that had none yet are computed, with a line of what each cost."""
        engine = self.engine(points)
        store = LabelStore(self.folder / "label-store", settings_digest(engine), "crystals")
        largest, nearest = LabelSection().largest_force_eV_per_A, self.substance.minimum_distances_A
        labels = []
        for frame, label, known in label_frames(frames, engine, store, largest, nearest):
            if not known:
                energy = float("nan") if label.energy is None else label.energy / len(frame)
                print(f"{now()} {what}: {label.status} {label.reason} {label.seconds:.0f} s, {energy:.6f} eV/atom")
            labels.append(label)
        return labels


def taken_up(given: Atoms, output: Path) -> Atoms:
    """The last geometry in the output of a relaxation that was cut off.

    Raises:
        UserError: ASE can't read it, or it holds other atoms than ``given``.
    """
    try:
        steps = list(iread(output))
    except (OSError, UnknownFileTypeError, ValueError) as error:
        raise UserError(f"{output}: no structure can be read there ({error}); name an output of pw.x") from error
    if not steps:
        raise UserError(f"{output}: no structure can be read there, it ends before the first; name another output")
    last = steps[-1]
    if sorted(last.symbols) != sorted(given.symbols):
        raise UserError(f"{output}: holds {last.symbols}, but {given.info['polymorph']} is {given.symbols} here")
    return bare(last, given.info)


def run(program: str, arguments: list[str], values: dict) -> None:
    """Run one of the study's programs with these settings."""
    script = ROOT / "scripts" / f"{program.replace('_', '/', 1)}.py"
    command = [sys.executable, str(script), *arguments, "--settings", to_text(values)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        raise UserError(f"{program} ended with status {done.returncode}: {done.stderr.strip()[-2000:]}")


def mark(path: Path, split: str, frames: list[Atoms]) -> None:
    """Write frames again with the split they belong to."""
    for frame in frames:
        frame.info["split"] = split
    write_frames(path, frames)


def as_cif(name: str, relaxed: Atoms, mesh: tuple[int, int, int] | None, how: str) -> str:
    """The structure with its symmetry and with what made it."""
    lines = str(
        CifWriter(AseAtomsAdaptor.get_structure(bare(relaxed, {})), symprec=1e-3, significant_figures=8)
    ).splitlines()
    points = "Gamma" if mesh is None else "x".join(map(str, mesh))
    reference = EspressoReference()
    head = (
        f"# {name}, relaxed at 0 GPa, symmetry kept: {reference.name}, {reference.ecutwfc_Ry:g}/"
        f"{reference.ecutrho_Ry:g} Ry, mesh {points} ({how})"
    )
    return "\n".join([head, *lines[1:]]) + "\n"


def tasks(steps: list[str]) -> Iterator[tuple[str, str]]:
    """(stage, polymorph) in the order asked for."""
    for step in steps:
        stage, _, name = step.partition(":")
        if stage not in ("relax", "curve", "harmonic", "mesh") or name not in ("", *POLYMORPHS):
            raise UserError(f"{step!r} is no step; allowed: relax, curve, harmonic, mesh, each with or without ':name'")
        for each in [name] if name else POLYMORPHS:
            yield stage, each


@reports_errors
def reference_crystals(
    folder: Annotated[Path, typer.Argument(help="where structures, frames and labels are kept")],
    steps: Annotated[list[str], typer.Argument(help="relax, curve, harmonic, mesh; ':polymorph' for one alone")],
    start_with: Annotated[
        Path | None, typer.Option(help="a frozen model that relaxes before the reference does")
    ] = None,
    take_up: Annotated[
        Path | None, typer.Option(help="pw.x's output of a relaxation that was cut off; goes on from there")
    ] = None,
) -> None:
    """Do what is left of the steps; a polymorph that fails is named and passed over."""
    planned = list(tasks(steps))
    if take_up is not None and [stage for stage, _ in planned].count("relax") != 1:
        raise UserError(f"--take-up {take_up}: belongs to one polymorph; ask for one step relax:name")
    crystals = Crystals(folder.resolve(), start_with, take_up)
    crystals.begin_with_released()
    for stage, name in planned:
        try:
            if stage == "relax":
                crystals.relax(name)
            elif stage == "mesh":
                crystals.mesh(name)
            else:
                crystals.label(name, stage)
        except UserError as error:
            print(f"{now()} {stage} {name}: {error}", flush=True)
    print(f"{now()} done")


if __name__ == "__main__":
    typer.run(reference_crystals)
