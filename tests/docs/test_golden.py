"""Golden pages: a page that changed fails and shows how, one that is missing fails, an update writes what was made."""

import os
import re
import subprocess
import sys

import pytest

from tests.helpers.checkout import REPOSITORY
from tests.helpers.golden import OPTION, PAGES, Updating, compared, golden, refusal

PAGE = "| p (GPa) | E (eV/atom) |\n|---|---|\n| 10 | −7.9 |\n"


@pytest.mark.parametrize(
    ("was", "shown"),
    [
        (PAGE.replace("7.9", "8.0"), ["-| 10 | −8.0 |\n", "+| 10 | −7.9 |\n"]),
        (PAGE.replace("eV", "meV"), ["-| p (GPa) | E (meV/atom) |\n", "+| p (GPa) | E (eV/atom) |\n"]),
        (PAGE + "| 20 | −7.5 |\n", ["-| 20 | −7.5 |\n"]),
        (PAGE[:-1], ["-| 10 | −7.9 |\n\\ no newline at the end\n"]),
        (PAGE.replace("\n", "\r\n"), ["-| 10 | −7.9 |\\r\n"]),
        (PAGE[:-1] + " \n", ["-| 10 | −7.9 | \n"]),
    ],
)
def test_a_page_that_changed_fails_and_shows_where(tmp_path, was, shown):
    path = tmp_path / "page.md"
    path.write_bytes(was.encode())
    told = compared(path, PAGE, update=False)
    assert told and all(part in told for part in shown), told
    assert f"pytest {OPTION} 'tests/docs/test_golden.py::test_a_page_that_changed_fails_and_shows_where[" in told
    assert path.read_bytes() == was.encode()


def test_a_page_that_is_missing_fails_unless_it_is_written(tmp_path):
    path = tmp_path / "new" / "page.md"
    assert "there is no such golden page" in (compared(path, PAGE, update=False) or "")
    assert not path.parent.exists()
    assert compared(path, PAGE, update=True) is None
    assert path.read_bytes() == PAGE.encode() and compared(path, PAGE, update=False) is None


@pytest.mark.parametrize("text", ["", "a\r\nb", "no newline", "µ Å³ −\n\n"])
def test_an_update_writes_exactly_what_was_made(tmp_path, text):
    path = tmp_path / "page.txt"
    path.write_text("before")
    compared(path, text, update=True)
    assert path.read_bytes() == text.encode("utf-8")


def test_a_test_with_another_page_fails(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.helpers.golden.PAGES", tmp_path)
    monkeypatch.setattr(Updating, "asked", True)
    golden("page.md", PAGE)
    monkeypatch.setattr(Updating, "asked", False)
    golden("page.md", PAGE)
    with pytest.raises(pytest.fail.Exception, match=r"\+\| 20 \| −7\.5 \|"):
        golden("page.md", PAGE + "| 20 | −7.5 |\n")


def test_continuous_integration_writes_no_page():
    assert refusal(True, None) is None and refusal(False, "true") is None
    assert "refused" in (refusal(True, "True") or "") and "refused" in (refusal(True, "1") or "")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", OPTION, "--collect-only", "-q", __file__],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        env={**os.environ, "CI": "true"},
    )
    assert done.returncode == pytest.ExitCode.USAGE_ERROR and "refused where CI is true" in done.stderr


def test_every_golden_page_has_a_test():
    tests = "".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "tests").rglob("test_*.py"))
    asked = re.findall(r"golden\(\s*\"([\w.-]+)\"", tests)
    assert sorted(path.name for path in PAGES.iterdir()) == sorted({*asked} - {"page.md"})
    assert len(asked) - asked.count("page.md") == len({*asked} - {"page.md"}), "two tests write one page"
