"""Write what is labelled into ``config/studies/released.yaml``: the part below its mark.

``python -m tools.released.released_study``

Energy-volume curves of the polymorphs whose every volume is labelled (if there are two or more), harmonic spectra of
those whose every supercell is, and the structures of ``silica-pbe-found.extxyz.gz``. Frames are made by the study's own
programs, so what this finds, the study finds.
"""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
import yaml

from melt2crystal import markdown
from melt2crystal.errors import reports_errors
from melt2crystal.files import write_text
from melt2crystal.frames import frame_id, read_frames
from melt2crystal.sections.benchmark import eleven_polymorphs
from tools.released.reference_crystals import RELEASED, Crystals

MARK = "# Below this line: written by `python -m tools.released.released_study` from what is labelled.\n"
MELTS, FOUND = "silica-pbe-melt.extxyz.gz", "silica-pbe-found.extxyz.gz"
LEAST_CURVES = 2  # energies of one crystal can't be compared


def labelled_ids(path: Path) -> set[str]:
    """Frame ids of a released file, none if there is no such file."""
    return {frame_id(frame) for frame in read_frames(path)} if path.is_file() else set()


def complete_polymorphs(labels: Path, structures: Path) -> tuple[list[str], list[str]]:
    """Polymorphs with a whole energy-volume curve, and with all displaced supercells."""
    curves, cells = (labelled_ids(labels / RELEASED[stage]) for stage in ("curve", "harmonic"))
    whole: tuple[list[str], list[str]] = ([], [])
    with TemporaryDirectory(prefix="released-") as folder:
        crystals = Crystals(Path(folder))
        crystals.structure("any").parent.mkdir(parents=True)
        (crystals.folder / "requested").mkdir()
        for name in eleven_polymorphs():
            if not (structures / f"{name}.cif").is_file():
                continue
            shutil.copyfile(structures / f"{name}.cif", crystals.structure(name))
            crystals.write_requested(name)
            for stage, known, done in (("curve", curves, whole[0]), ("harmonic", cells, whole[1])):
                path = crystals.requested(stage, name)
                if known and path.is_file() and {frame_id(frame) for frame in read_frames(path)} <= known:
                    done.append(name)
    return whole


def generated(curves: list[str], harmonic: list[str], pressures: list[float], labels: Path, structures: Path) -> str:
    """The sections label, benchmark and search."""
    enough = len(curves) >= LEAST_CURVES
    known = [MELTS, *[RELEASED["curve"]] * enough, *[RELEASED["harmonic"]] * bool(harmonic), *[FOUND] * bool(pressures)]
    used = list(dict.fromkeys([*(curves if enough else []), *harmonic]))
    benchmark: dict[str, Any] = {
        "energy_volume": {"enabled": enough, "structures": "experimental"},
        "vdos": {"enabled": False},
        "harmonic": {"enabled": bool(harmonic)} | ({"polymorphs": harmonic} if harmonic else {}),
    }
    if used:
        benchmark["polymorphs"] = {
            name: {**crystal.model_dump(), "file": (structures / f"{name}.cif").as_posix()}
            for name, crystal in eleven_polymorphs().items()
            if name in used
        }
    search: dict[str, Any] = {"enabled": bool(pressures)}
    if pressures:
        found = (labels / FOUND).as_posix()
        search |= {"found": found, "pressures_GPa": pressures, "labelled_structures": 1000}
    label = {"compute": False, "known": [(labels / name).as_posix() for name in known]}
    content = {"label": label, "benchmark": benchmark, "search": search}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


@reports_errors
def released_study(
    study: Annotated[Path, typer.Option(help="the study's file")] = Path("config/studies/released.yaml"),
    labels: Annotated[Path, typer.Option(help="folder of released labels")] = Path("data/labels"),
    structures: Annotated[Path, typer.Option(help="folder of relaxed structures")] = Path("data/polymorphs/pbe"),
) -> None:
    """Write the study's list of labels, polymorphs and structures again; the part above the mark stays."""
    above = markdown.above(study, MARK)
    curves, harmonic = complete_polymorphs(labels, structures)
    found = labels / FOUND
    pressures = sorted({float(a.info["pressure_GPa"]) for a in read_frames(found)}) if found.is_file() else []
    write_text(study, above + generated(curves, harmonic, pressures, labels, structures))
    print(f"whole energy-volume curves: {', '.join(curves) or 'none'} (needed: {LEAST_CURVES})")
    print(f"all displaced supercells: {', '.join(harmonic) or 'none'}")
    print(f"structures found: {f'at {pressures} GPa' if pressures else 'none'}")


if __name__ == "__main__":
    typer.run(released_study)
