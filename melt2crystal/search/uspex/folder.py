"""The folder in which USPEX works: are results there, of these inputs, and whole? Loads nothing: asked by the plan."""

import re
from pathlib import Path

from melt2crystal.search.others.contents import digest_of

INPUT, PARAMETERS, SPECIFIC = "INPUT.txt", "Parameters.txt", "Specific"  # the second: its copy among the results
INDIVIDUALS, GOOD, GATHERED = "Individuals", "goodStructures", "gatheredPOSCARS"
DONE = "USPEX_IS_DONE"
WORK = "CalcFold*"  # folders in which USPEX relaxes
MARK = "# melt2crystal "  # begins the line of INPUT.txt that tells its results from those of other inputs
RESULTS = re.compile(r"results(\d+)")


def results_folders(folder: Path) -> list[Path]:
    """The folder itself if it holds results, else results1, results2, ... in it, by number."""
    if _holds_results(folder):
        return [folder]
    inside = sorted(folder.iterdir()) if folder.is_dir() else []
    named = {int(match[1]): path for path in inside if (match := RESULTS.fullmatch(path.name)) and path.is_dir()}
    return [named[number] for number in sorted(named) if _holds_results(named[number])]


def _holds_results(folder: Path) -> bool:
    return any((folder / name).is_file() for name in (INDIVIDUALS, GATHERED))


def digest_of_results(folder: Path) -> str:
    """One digest of everything in the results folders; empty while there are none."""
    return "".join(digest_of(path) for path in results_folders(folder))


def mark_in(path: Path) -> str | None:
    """Mark of the inputs in INPUT.txt or a copy of it; None: there is none, or they were not written here."""
    text = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    marks = [line.removeprefix(MARK).strip() for line in text.splitlines() if line.startswith(MARK)]
    return marks[0] if marks else None


def lacking(folder: Path) -> str:
    """Why a folder that was handed over is not to be gone on with yet, in words, or an empty text."""
    folders = results_folders(folder)
    if not folders:
        return "no results yet"
    mine = mark_in(folder / INPUT)
    if other := [mark for one in folders if (mark := mark_in(one / PARAMETERS)) and mark != mine]:
        return f"its results are those of other inputs ({other[0]}; {INPUT} now: {mine})"
    begun = next(folder.glob(WORK), None)
    if begun is None or (folder / DONE).exists():
        return ""
    return (
        f"USPEX is at work, or was killed: {begun.name} is there, {DONE} is not (make that file to go on all the same)"
    )
