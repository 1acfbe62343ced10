"""Names of files and of the folder of results: what Snakemake, programs and file systems can use."""

import re
from pathlib import Path
from typing import Any

from melt2crystal.study.yaml_text import Mistake

OF_THE_PROJECT = (  # folders in which results would be mixed with sources
    *("config", "data", "docs", "envs", "melt2crystal", "profiles", "report", "rules", "scripts", "slurm", "tests"),
    *("tools", ".git", ".snakemake", ".venv"),
)
REPLICATE = re.compile(r"(.+)-replicate-([0-9]{1,9})(\.ya?ml)?", re.DOTALL)
FILE = re.compile(r"(.+?)(\.ya?ml)?", re.DOTALL)
WILDCARD = re.compile(r"\{\s*[.\w]+\s*(,.*)?\}|<[a-z][a-z0-9_]*>", re.DOTALL)  # and pathvars, as Snakemake finds them
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def replicate_name(study: str, number: int) -> str:
    """Name of a run: ``laptop`` -> ``laptop-replicate-2``, ``mine/a.yaml`` -> ``mine/a-replicate-2.yaml``; the first is
    the study itself."""
    found = FILE.fullmatch(study)
    return study if number == 1 or not found else f"{found[1]}-replicate-{number}{found[2] or ''}"


def of_replicate(name: str) -> tuple[str, int] | None:
    """The study and the number of a run, from its name; None where the name is none of a run."""
    found = REPLICATE.fullmatch(name)
    return (f"{found[1]}{found[3] or ''}", int(found[2])) if found else None


def mistake_in_name(name: str) -> str | None:
    """What keeps a path from being used by Snakemake and by programs, None if nothing does."""
    if WILDCARD.search(name):
        return "a word in {braces} or <brackets>, which Snakemake takes for a variable"
    if name.startswith("-"):
        return "a hyphen at its start, which programs take for an option"
    for most, parts in ((255, name.split("/")), (4000, [name])):  # of a name, and of a path with room for ours
        if (longest := max(len(part.encode("utf-8", "surrogatepass")) for part in parts)) > most:
            return f"{longest} bytes, where file systems take at most {most}"
    return "a line break, or another character that can't be printed" if UNPRINTABLE.search(name) else None


def results_mistakes(results: Any, root: Path) -> list[Mistake]:
    """What is wrong with the folder of all studies (``results`` of config/config.yaml), which may lie anywhere."""
    problem = "is no folder's name"
    if isinstance(results, str) and (wrong := mistake_in_name(results) or ("braces" if {*results} & {*"{}"} else "")):
        problem = f"{results[:60]!r} holds {wrong}"
    elif isinstance(results, str) and results.strip():
        folder = (root / results).resolve()
        inside = folder.relative_to(root.resolve()).parts[:1] if folder.is_relative_to(root.resolve()) else ()
        if results != results.strip() or results.startswith("~"):
            problem = f"{results!r} begins or ends with a blank, or begins with ~"
        elif root.resolve().is_relative_to(folder) or (inside and inside[0] in OF_THE_PROJECT):
            problem = f"{results!r} is a folder of the project itself"
        elif any(path.exists() and not path.is_dir() for path in (folder, *folder.parents)):
            problem = f"{results!r} is a file, or lies in one"
        else:
            return []
    return [Mistake(("results",), problem, "a folder for results alone, inside the project or elsewhere")]
