"""Release a walk of the reference that ``tools/released/reference_md.py`` has computed, as far as it is, with a card.

``python -m tools.released.release_md results/aimd/alpha_cristobalite``

Writes ``data/labels/silica-pbe-md-<polymorph>.extxyz.gz`` (split ``md``, never for training) and its card,
``molecular-dynamics.md``. ``python -m tools.experiments.compare_md`` then sets models against it.
"""

import re
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.espresso.exchange import cpu_seconds
from melt2crystal.engines.espresso.walk import EspressoWalk
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.sections.reference import EspressoReference
from tools.released.md_walk import ReleasedWalk, conservation, read_walk, walk_of, write_walk
from tools.released.reference_md import WalkSettings, read_settings, the_walk, walk_engine

CARD = "molecular-dynamics.md"
SPENT = re.compile(r"total cpu time spent up to now is\s+([\d.]+) secs")
SHORTEST_PS = 0.3  # less shows no vibration
SKIP_PS = 0.2  # until the energy of the velocities is shared with the displacements


def computed(folder: Path) -> tuple[ReleasedWalk, WalkSettings, EspressoWalk]:
    """What there is of the walk in a folder.

    Raises:
        UserError: too little to be released.
    """
    settings, segments = read_settings(folder), the_walk(folder)
    steps, _ = segments.steps()
    if len(steps) * settings.time_step_fs < 1000 * SHORTEST_PS:
        raise UserError(
            f"{folder}: {len(steps)} steps are less than {SHORTEST_PS} ps; go on with tools.released.reference_md"
        )
    told = {
        "polymorph": settings.polymorph,
        "settings_digest": settings_digest(walk_engine(settings.conv_thr_Ry)),
        "temperature_K": settings.temperature_K,
    }
    columns = [s.positions for s in steps], [s.energy for s in steps], [s.forces for s in steps]
    return walk_of(segments.start, *columns, settings.time_step_fs, told), settings, segments


def cost_s(segments: EspressoWalk) -> float:
    """CPU seconds of all segments, as far as pw.x told: those of a killed one up to its last iteration, of one rank."""
    outputs = [(segment / "pw.out").read_text(errors="replace") for segment in segments.segments()]
    return sum(max(cpu_seconds(text), *map(float, SPENT.findall(text)), 0.0) for text in outputs)


def section(walk: ReleasedWalk, settings: WalkSettings, segments: EspressoWalk, name: str) -> str:
    """What the card says of one walk."""
    kept, reference, off = conservation(walk, SKIP_PS), EspressoReference(), segments.steps()[1]
    pieces = "one piece"
    if off:
        pieces = f"{len(off) + 1} pieces (a repeated step differs by {1000 * np.abs(off).max():.3g} meV at most)"
    lengths = " x ".join(f"{length:.3f}" for length in walk.atoms.cell.lengths())
    drift, scatter = kept.drift_meV_per_atom_per_ps, kept.scatter_meV_per_atom
    return f"""## {walk.polymorph}

`{name}`: {len(walk.positions)} steps of {walk.time_step_fs:g} fs, {walk.length_ps:.3f} ps;
{len(walk.atoms)} atoms, {lengths} Å.

* Settings digest `{walk.settings_digest}`: those of the melts ({reference.ecutwfc_Ry:g}/{reference.ecutrho_Ry:g} Ry),
  but Gamma alone in this cell and `conv_thr` {settings.conv_thr_Ry:g} Ry. Energies can't be compared with the curves'.
* Cell: the crystal relaxed with the reference at 0 GPa (SHA-256 of its CIF `{settings.structure_sha256[:12]}...`), its
  ions once more at Gamma; that of 0 K, so without thermal expansion.
* Begun at rest there with Gaussian velocities of {2 * settings.temperature_K:g} K (seed {settings.seed}), of which a
  harmonic crystal gives half away; NVE. Mean temperature after {SKIP_PS:g} ps: {kept.temperature_K:.0f} K.
* Energy after {SKIP_PS:g} ps: drift {drift:+.2f} meV/atom/ps, scatter {scatter:.2f} meV/atom (Verlet's own, of second
  order in the time step).
* Computed in {pieces}; CPU hours: {cost_s(segments) / 3600:.1f}.
"""


HEAD = """# Released walks: PBE molecular dynamics of SiO2 crystals

Written by `python -m tools.released.release_md`. Native molecular dynamics of Quantum ESPRESSO 6.7, PBE, Verlet. Each
step: positions (Å, not wrapped), energy (eV, the one the forces belong to), forces (eV/Å), `time_ps`. Velocities are
Verlet's, (r(t + h) - r(t - h)) / 2h (`melt2crystal.benchmark.walk_spectra.verlet_velocities`). **Split `md`, never for
training**: `train_assemble` refuses it. What the spectra show, and how uncertain they are:
[molecular-dynamics.md](../../docs/results/molecular-dynamics.md).

Licence: CC BY 4.0; cite as in `CITATION.cff`.

"""


def joined(card: Path, polymorph: str, text: str) -> str:
    """The card with the section of one polymorph new."""
    old = card.read_text(encoding="utf-8").split("\n## ")[1:] if card.is_file() else []
    sections = {part.split("\n", 1)[0]: f"## {part.rstrip()}\n" for part in old}
    sections[polymorph] = text
    return HEAD + "\n".join(sections.values())


@reports_errors
def release_md(
    folder: Annotated[Path, typer.Argument(help="folder of one walk")],
    labels: Annotated[Path, typer.Option(help="folder of released labels")] = Path("data/labels"),
) -> None:
    """Write the released file and the card again; a longer walk is not replaced by a shorter one."""
    walk, settings, segments = computed(folder)
    path = labels / f"silica-pbe-md-{walk.polymorph.replace('_', '-')}.extxyz.gz"
    if path.is_file() and len(read_walk(path).positions) > len(walk.positions):
        raise UserError(f"{path}: holds a longer walk than {folder}; remove it first if it shall go")
    write_walk(path, walk)
    write_text(labels / CARD, joined(labels / CARD, walk.polymorph, section(walk, settings, segments, path.name)))
    print(f"{path}: {walk.length_ps:.3f} ps, {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    typer.run(release_md)
