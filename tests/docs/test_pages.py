"""Pages lead: each is of one kind, is on the map, and its links go somewhere; the README is short and claims no more
than is known."""

import re

import pytest

from tools.docs.check_links import faults_of_links
from tools.docs.pages import ROOT, check_pages, pages, read_page

KINDS = ("guides", "reference", "results", "decisions")
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
MACHINE = re.compile(r"\bcores?\b|\bMachine\b|\bmachine\b")
README_WORDS = 700
REFUTED = ("every aim", "all aims", "within 1.3 %", "paper's 59", "the paper: 59")  # docs/results/known-limits.md
ALL = pages()


def of_kind(kind: str) -> list[str]:
    return [path for path in ALL if path.startswith(f"docs/{kind}/")]


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_every_page_is_of_one_kind():
    others = [path for path in ALL if path.startswith("docs/") and path.split("/")[1] not in KINDS]
    assert others == ["docs/README.md"]
    assert all(path.count("/") == 2 for path in ALL if path.startswith("docs/") and path not in others)


def test_every_page_is_on_the_map():
    on_the_map = {f"docs/{target.partition('#')[0]}" for _, target in read_page("docs/README.md").links}
    for kind in KINDS:
        assert of_kind(kind), f"no page in docs/{kind}"
        assert set(of_kind(kind)) <= on_the_map


def test_links_and_anchors_lead_somewhere():
    assert check_pages(faults_of_links) == []


def test_the_readme_is_short_and_shows_one_picture():
    text = text_of("README.md")
    assert len(text.split()) <= README_WORDS
    assert text.count("![") == 1
    assert "make run" in text and "make test" in text


@pytest.mark.parametrize("phrase", REFUTED)
def test_the_readme_claims_nothing_that_was_refuted(phrase):
    assert phrase not in text_of("README.md")


@pytest.mark.parametrize("path", of_kind("guides"))
def test_a_guide_has_no_history(path):
    assert DATE.findall(text_of(path)) == []


@pytest.mark.parametrize("path", of_kind("results"))
def test_a_result_has_a_question_a_command_a_machine_and_a_date(path):
    text = text_of(path)
    assert re.search(r"^```\n(make |python -m |melt2crystal |snakemake )", text, re.MULTILINE), "no command"
    assert MACHINE.search(text), "no machine"
    assert DATE.search(text), "no date"
    assert "**Question.**" in text or path == "docs/results/known-limits.md"


@pytest.mark.parametrize("path", of_kind("decisions"))
def test_a_decision_says_first_what_was_decided_or_tried(path):
    _, first = text_of(path).split("\n\n")[:2]
    assert re.match(r"\*\*(Decided|Adopted|Tried)\*\*", first)


def test_a_page_has_one_title_and_it_comes_first():
    for path in (path for path in ALL if path.startswith("docs/")):
        assert read_page(path).headings[0][0] == 1, path
        outside_code = re.sub(r"^```.*?^```", "", text_of(path), flags=re.MULTILINE | re.DOTALL)
        assert len(re.findall(r"^# ", outside_code, re.MULTILINE)) == 1, path


def test_the_page_of_commands_is_what_the_commands_say():
    pytest.importorskip("melt2crystal.__main__")
    from tools.command_reference import PAGE, reference

    assert PAGE.read_text(encoding="utf-8") == reference(), "run 'make docs'"


def test_the_page_of_upgrades_names_modules_that_are_there():
    rows = re.findall(r"^\| `.*\| (.*) \|$", text_of("docs/guides/upgrade.md").split("## Imports")[1], re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"`([\w.]+\.\w+)`", row)]
    assert len(names) > 40
    places = {name: ROOT / "melt2crystal" / name.replace(".", "/") for name in names}
    assert [name for name, place in places.items() if not (place.with_suffix(".py").exists() or place.is_dir())] == []
