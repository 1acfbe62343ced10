import pytest

pytest.importorskip("spellchecker")
pytest.importorskip("codespell_lib")

from tools.docs.check_spelling import WORDS, check_docstrings, faults_of_docstrings, faults_of_spelling
from tools.docs.pages import check_pages


def faults(text: str) -> list[str]:
    return list(faults_of_spelling("page.md", text))


def test_the_pages_are_spelt_as_they_should_be():
    assert check_pages(faults_of_spelling) == []


def test_the_docstrings_are_spelt_as_they_should_be():
    assert check_docstrings() == []


MODULE = '''"""The %s of a melt."""


def cut(neighbors):
    """What ``misspeled`` neighbors and %s do.

    %s
    """
'''


def test_docstrings_of_modules_and_functions_are_read_but_not_their_names():
    text = MODULE % ("behavior", "stishovitte", "Args: recieve, ConnectionPool, [atoms, 3]")
    found = [fault.split(": ")[:2] for fault in faults_of_docstrings("a.py", text)]
    assert found == [["a.py:1", "behavior"], ["a.py:5", "stishovitte"], ["a.py:7", "recieve"]]
    assert list(faults_of_docstrings("a.py", MODULE % ("behaviour", "stishovite", "PBE's"))) == []


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
