"""Golden pages: what the code writes for people, as a whole, in tests/golden/pages.

A test makes a page from fixed input and compares it with the page kept there; `pytest --update-golden <test>` writes
the page anew, and `git diff` shows what changed. Nothing on a page may depend on the day, the machine or the commit.
"""

import difflib
import os
from pathlib import Path

import pytest

PAGES = Path(__file__).resolve().parents[1] / "golden" / "pages"
OPTION = "--update-golden"


class Updating:
    """Whether this run of pytest writes golden pages instead of comparing them; conftest.py sets it."""

    asked = False


def refusal(asked: bool, ci: str | None) -> str | None:
    """Why pages can't be written anew: continuous integration would agree with whatever it wrote."""
    if asked and (ci or "").lower() in ("1", "true"):
        return f"{OPTION}: refused where CI is {ci}; run it on your own machine, look at the pages and commit them"
    return None


def golden(name: str, text: str) -> None:
    """The text is that of the golden page, to the byte; with --update-golden it becomes that.

    Args:
        name: file in tests/golden/pages.
        text: what the code writes.
    """
    complaint = compared(PAGES / name, text, Updating.asked)
    if complaint:
        pytest.fail(complaint, pytrace=False)


def compared(path: Path, text: str, update: bool) -> str | None:
    """What is wrong with a text that should be that of a file, as a unified diff; or the file is written."""
    new = text.encode("utf-8")
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(new)
        return None
    test = os.environ.get("PYTEST_CURRENT_TEST", "<test> (call)").rpartition(" ")[0]
    advice = f"If the new page is right: pytest {OPTION} '{test}'"
    if not path.is_file():
        return f"{path}: there is no such golden page.\n{advice}"
    old = path.read_bytes()
    if old == new:
        return None
    lines = [part.decode("utf-8").splitlines(keepends=True) for part in (old, new)]
    shown = [line if line.endswith("\n") else f"{line}\n\\ no newline at the end\n" for line in difference(*lines)]
    return f"{path}: the page changed.\n{''.join(shown)}{advice}"


def difference(old: list[str], new: list[str]) -> list[str]:
    """A unified diff; line ends that are not a plain newline are shown."""
    old, new = ([line.replace("\r", "\\r") for line in part] for part in (old, new))
    return list(difflib.unified_diff(old, new, "golden page", "written now", n=2))
