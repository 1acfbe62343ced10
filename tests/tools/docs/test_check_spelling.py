import pytest

pytest.importorskip("spellchecker")
pytest.importorskip("codespell_lib")

from tools.docs.check_spelling import WORDS, faults_of_spelling
from tools.docs.pages import check_pages


def faults(text: str) -> list[str]:
    return list(faults_of_spelling("page.md", text))


def test_the_pages_are_spelt_as_they_should_be():
    assert check_pages(faults_of_spelling) == []


@pytest.mark.parametrize(
    "text",
    [
        "The behaviour of neighbours in a crystallised melt.",
        "`colour_of` and `misspeled` are code.",
        "```\nmisspeled\n```",
        "[here](misspeled.md), https://misspeled.org, docs/misspeled.md, key_misspeled",
        "SiO2, α-quartz, 10 GPa, s379b92f3c8fb76e, PBE's pseudopotentials",
    ],
)
def test_words_that_are_right(text):
    assert faults(text) == []


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("behavior", "British is behaviour"),
        ("crystallization", "British is crystallisation"),
        ("recieve", "misspelt; perhaps receive"),
        ("stishovitte", "not in the dictionary"),
        ("Stihsovite's", "not in the dictionary"),
    ],
)
def test_words_that_are_wrong(word, words):
    (fault,) = faults(f"One line.\n\nThen the {word} of it.\n")
    assert fault.startswith(f"page.md:3: {word}: ") and words in fault


def test_the_list_of_words_is_sorted_and_has_each_once():
    lines = [line.lower() for line in WORDS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert lines == sorted(set(lines))
