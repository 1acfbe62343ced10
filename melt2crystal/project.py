"""The project: the folder whose studies, data and results a command means. The clone, or one of one's own beside it."""

from pathlib import Path

from melt2crystal.provenance import ROOT

STUDIES = Path("config", "studies")
CONFIGURATION = Path("config", "config.yaml")
PLANNED_HERE = Path(".snakemake", "melt2crystal-checked")  # a study was planned in this folder


def project_folder(start: Path | None = None) -> Path:
    """The nearest project at or above a folder (default: where a person stands), else the clone.

    A project has studies (``config/studies``), says which one is meant (``config/config.yaml`` with ``study:``), or is
    where ``snakemake --directory`` has worked. Folders inside the clone belong to the clone.
    """
    here = (start or Path.cwd()).resolve()
    if here.is_relative_to(ROOT):
        return ROOT
    return next((folder for folder in (here, *here.parents) if _is_project(folder)), ROOT)


def _is_project(folder: Path) -> bool:
    try:
        if (folder / STUDIES).is_dir() or (folder / PLANNED_HERE).is_dir():
            return True
        lines = (folder / CONFIGURATION).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.startswith("study:") for line in lines)


def of_project(name: str, root: Path) -> str:
    """A file or folder that a study names: as it is where the project has it, else the clone's, by its whole path.

    In the clone itself, and where neither has it, the name stays: what jobs depend on is the same text as ever.
    """
    try:
        if root.resolve() == ROOT or (root / name).exists() or not (ROOT / name).exists():
            return name
    except OSError:  # a name no file can have: told where files are looked at
        return name
    return str(ROOT / name)
