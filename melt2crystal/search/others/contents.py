"""Files of a folder that others made, and one digest of all of them. Loads nothing: asked while a study is planned."""

import hashlib
import os
from pathlib import Path

from melt2crystal.files import digest_of_file


def files_in(path: Path) -> list[Path]:
    """The file itself, or all files of a folder and of those in it, by name; hidden ones and links to folders aside."""
    if not path.is_dir():
        return [path]
    found = []
    for folder, inside, names in os.walk(path):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        found += [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
    return found


def digest_of(path: Path) -> str:
    """One digest of the names and contents of all files, for jobs that depend on them; empty without any.

    So names need not pass through Snakemake, which takes braces and line breaks for its own.
    """
    whole = hashlib.sha256()
    files = [file for file in files_in(path) if file.is_file()]
    for file in files:
        whole.update(os.fsencode(file.relative_to(path)) + b"\0" + digest_of_file(file).encode())
    return whole.hexdigest() if files else ""
