"""The user's USPEX called by command, and work handed over to be run elsewhere: when is it done, what is to be done?

USPEX keeps its own state in the folder of INPUT.txt and goes on from there; with jobs on a cluster each call does a
part. It writes a file USPEX_IS_DONE at its end. So a run that was killed is simply called again.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from melt2crystal.errors import UserError
from melt2crystal.files import write_text
from melt2crystal.search.uspex.folder import DONE, INPUT, SPECIFIC, digest_of_results

LOG = "uspex.log"
FRUITLESS = 3  # calls that end in an error without a new result, before we stop calling
LAST_LINES = 15  # of the log, in a message


def own_folder(inputs: Path, mark: str) -> Path:
    """Folder in which USPEX runs: other inputs have another one, so that no state of theirs is gone on from.

    Args:
        inputs: folder of INPUT.txt and Specific/ as they were written.
        mark: of these inputs.
    """
    folder = inputs / "run" / mark
    (folder / SPECIFIC).mkdir(parents=True, exist_ok=True)
    for path in (inputs / INPUT, *sorted((inputs / SPECIFIC).iterdir())):
        shutil.copy2(path, folder / path.relative_to(inputs))
    return folder


def call_until_done(folder: Path, command: str, wait_s: float, say: Callable[[str], None] = print) -> None:
    """Call USPEX in a folder until it says that it is done; at once if it already is.

    Raises:
        UserError: it ends in errors and nothing new comes of it; its last words are in the message.
    """
    fruitless = 0
    while not (folder / DONE).exists():
        before = digest_of_results(folder)
        with open(folder / LOG, "ab") as log:
            ended = subprocess.run(command, shell=True, cwd=folder, stdout=log, stderr=subprocess.STDOUT, check=False)
        new = digest_of_results(folder) != before
        fruitless = 0 if new or ended.returncode == 0 else fruitless + 1
        say(f"{command}: ended with status {ended.returncode}{', with new results' if new else ''}")
        if fruitless >= FRUITLESS or (fruitless and ended.returncode in (126, 127)):
            last = (folder / LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:]
            raise UserError(
                f"search.uspex.command: {command!r} ended with status {ended.returncode} in {folder}, and nothing came "
                "of it; mend it and run snakemake again: USPEX goes on from where it is. Its last words "
                f"({folder / LOG}):\n" + "\n".join(last)
            )
        if not (folder / DONE).exists():
            time.sleep(wait_s)


def write_finished(path: Path, folder: Path) -> None:
    """Where the results lie and what they are: another result, another file."""
    told = {"folder": str(folder), "results": digest_of_results(folder)}
    write_text(path, json.dumps(told, indent=1) + "\n")


def read_finished(path: Path) -> Path:
    """Folder of the results.

    Raises:
        UserError: it holds something else.
    """
    try:
        return Path(json.loads(path.read_text(encoding="utf-8"))["folder"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: does not say where USPEX ran ({error}); remake it (rule search_uspex_run)") from error


def what_to_do(waiting: Sequence[tuple[Path, str]], command: str) -> str:
    """The message of a search that was handed over."""
    listed = "\n".join(f"  {folder}    {why}" for folder, why in waiting)
    number = f"{len(waiting)} searches wait" if len(waiting) > 1 else "a search waits"
    return (
        f"search.uspex.mode is handover: {number} for USPEX.\n{listed}\n"
        f"In each of these folders: run USPEX ({command}) until it writes {DONE}; or copy the folder to where USPEX "
        "is, run it there, and copy its results1 back beside INPUT.txt (remove an older results1 first).\n"
        "Then start the same snakemake command again: it goes on from the results. What does not depend on them can "
        "be made meanwhile (snakemake --keep-going)."
    )
