"""The Markdown pages of the repository, taken apart: headings with their anchors, links, prose."""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parents[2]
OTHER_FORMATS = ("tests/golden/", "tests/data/")  # notes beside recorded files of other programs

Place = tuple[int, str]  # line of the block, from 1, and what stands there


@dataclass(frozen=True)
class Page:
    """What the checks need of a page.

    Attributes:
        path: from the root of the repository.
        headings: line and text of each heading.
        links: line and target of each link and picture.
        prose: line and text of each block, without code, targets of links and HTML.
    """

    path: str
    headings: tuple[Place, ...]
    links: tuple[Place, ...]
    prose: tuple[Place, ...]

    @property
    def anchors(self) -> set[str]:
        """Names that links can go to, by GitHub's rule; a heading that comes again gets a number."""
        seen: dict[str, int] = {}
        anchors = set()
        for _, text in self.headings:
            slug = slug_of(text)
            anchors.add(f"{slug}-{seen[slug]}" if slug in seen else slug)
            seen[slug] = seen.get(slug, 0) + 1
        return anchors


def slug_of(heading: str) -> str:
    """GitHub's anchor of a heading: lower case, punctuation gone, a hyphen for each blank."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def pages(root: Path = ROOT) -> list[str]:
    """Paths of all Markdown files that git tracks or would track."""
    command = ["git", "-C", str(root), "ls-files", "-co", "--exclude-standard", "-z", "*.md"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted({name for name in names if name and (root / name).is_file() and not name.startswith(OTHER_FORMATS)})


def read_page(path: str, root: Path = ROOT) -> Page:
    """A page of the repository."""
    return page_of(path, (root / path).read_text(encoding="utf-8"))


def check_pages(faults_of: Callable[[str, str], Iterator[str]]) -> list[str]:
    """What a check finds in all pages of the repository; it is given the path and the text of each."""
    return [fault for path in pages() for fault in faults_of(path, (ROOT / path).read_text(encoding="utf-8"))]


def report(found: list[str], all_well: str) -> None:
    """Print what a check found; the program ends with status 1 if that is anything."""
    print("\n".join(found) or all_well)
    sys.exit(bool(found))


def page_of(path: str, text: str) -> Page:
    """Take the text of a page apart (CommonMark with tables, as GitHub shows it)."""
    headings, links, prose = [], [], []
    block = ""
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        if token.type.endswith("_open"):
            block = token.type
        if token.type != "inline":
            continue
        line = (token.map or [0])[0] + 1
        if block == "heading_open":
            headings.append((line, _words(token, code=True)))
        links += [(line, target) for target in _targets(token)]
        prose.append((line, _words(token, code=False)))
    return Page(path, tuple(headings), tuple(links), tuple(prose))


def _targets(inline: Token) -> Iterator[str]:
    for token in inline.children or []:
        attribute: Any = token.attrGet("href") if token.type == "link_open" else None
        if token.type == "image":
            attribute = token.attrGet("src")
        if attribute:
            yield str(attribute)


def _words(inline: Token, code: bool) -> str:
    """Text of a block; of code what stands in it, or nothing."""
    parts = []
    for token in inline.children or []:
        if token.type in ("text", "image") or (token.type == "code_inline" and code):
            parts.append(token.content)
        elif token.type in ("softbreak", "hardbreak", "code_inline"):
            parts.append(" ")
    return "".join(parts)
