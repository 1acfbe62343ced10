"""Check the spelling of pages and docstrings: British words, and those of the field in ``docs/words.txt``.

``python -m tools.docs.check_spelling``

Three questions: is a word in the dictionary of pyspellchecker or in the list; is it a known misspelling (codespell); is
it American where British has a spelling of its own (codespell's list of such pairs). Code, file names and addresses are
not looked at. No network is asked.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from spellchecker import SpellChecker

from tools.docs.pages import ROOT, check_pages, page_of, report

WORDS = ROOT / "docs" / "words.txt"
WORD = re.compile(r"(?<!\w)[A-Za-zÀ-ÖØ-öø-ÿ]+(?:['’][a-z]+)?(?!\w)")  # no formulae, no digests
NOT_PROSE = re.compile(r"\S*[_/@=\\]\S*|\S*\.(?:md|py|smk|yaml|json|csv|txt|gz)\b|https?:\S+")  # names of files, keys
CODE = re.compile(r"``.*?``|:\w+:`[^`]*`|`[^`]*`|\[[^\]]*\]|<[^>]*>")  # code, roles, shapes, wildcards
NO_WORD = re.compile(r"Args|[A-Z]?[a-z]+[A-Z]\w*|[A-Z]{2,}[a-z]\w*")  # head of a section, names of classes
SHORTEST = 3  # letters; shorter ones are symbols
US_TOO = set(
    [
        "license",
        "licensed",
        "practice",
        "program",
        "programs",
        "disk",
        "check",
        "checks",
        "analog",
        "biased",
        "math",
        "meter",
        "draft",
        "story",
    ]
)


@cache
def dictionary() -> SpellChecker:
    """English words by frequency."""
    return SpellChecker(language="en")


@cache
def pairs(name: str) -> dict[str, str]:
    """One of codespell's lists: wrong word -> right ones."""
    text = (files("codespell_lib") / "data" / f"dictionary{name}.txt").read_text(encoding="utf-8")
    return dict(line.split("->", 1) for line in text.splitlines() if "->" in line)


@cache
def american() -> dict[str, str]:
    """American word -> British word, where both mean the same."""
    found = {us.strip(" ,").lower(): gb for gb, us in pairs("_en-GB_to_en-US").items()}
    return {us: gb for us, gb in found.items() if us not in US_TOO}


@cache
def own_words(path: Path = WORDS) -> frozenset[str]:
    """Words of the field, one a line; what follows a # is a comment."""
    lines = (line.partition("#")[0].strip() for line in path.read_text(encoding="utf-8").splitlines())
    return frozenset(line.lower() for line in lines if line)


def faults_of_spelling(path: str, text: str) -> Iterator[str]:
    """What is wrong with the words of a page."""
    for line, prose in page_of(path, text).prose:
        for word in sorted(set(WORD.findall(NOT_PROSE.sub(" ", prose)))):
            fault = fault_of(word)
            if fault:
                yield f"{path}:{line}: {word}: {fault}"


def faults_of_docstrings(path: str, text: str) -> Iterator[str]:
    """What is wrong with the words of a module's docstrings."""
    tree = ast.parse(text)
    names = names_in(tree)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        docstring = ast.get_docstring(node, clean=False) or ""
        first = node.body[0].lineno if docstring else 0
        for number, line in enumerate(docstring.splitlines()):
            words = set(WORD.findall(NOT_PROSE.sub(" ", CODE.sub(" ", line)))) - names
            for word in sorted(word for word in words if not NO_WORD.fullmatch(word)):
                if fault := fault_of(word):
                    yield f"{path}:{first + number}: {word}: {fault}"


def names_in(tree: ast.AST) -> set[str]:
    """Names of a module that its docstrings may speak of without quotation: arguments, fields, variables."""
    nodes = list(ast.walk(tree))
    return {node.arg for node in nodes if isinstance(node, ast.arg)} | {n.id for n in nodes if isinstance(n, ast.Name)}


def check_docstrings(root: Path = ROOT) -> list[str]:
    """What is wrong in the package's docstrings."""
    paths = sorted((root / "melt2crystal").rglob("*.py"))
    texts = ((path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths)
    return [fault for path, text in texts for fault in faults_of_docstrings(path, text)]


def fault_of(word: str) -> str:
    """What is wrong with a word, empty if nothing is."""
    stem = re.sub(r"['’]s$", "", word).lower()
    if len(stem) < SHORTEST or word.removesuffix("'s").isupper() or stem in own_words():
        return ""
    if stem in american():
        return f"American; British is {american()[stem]}"
    if stem in pairs(""):
        return f"misspelt; perhaps {pairs('')[stem].strip(' ,')}"
    if stem not in dictionary() and stem not in british():
        return "not in the dictionary; mend it, or add it to docs/words.txt if it is a word of the field"
    return ""


@cache
def british() -> frozenset[str]:
    """British words with another spelling in America, which the dictionary lacks in part."""
    return frozenset(pairs("_en-GB_to_en-US"))


if __name__ == "__main__":
    report([*check_pages(faults_of_spelling), *check_docstrings()], "pages and docstrings are spelt as they should be")
