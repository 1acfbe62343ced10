"""Check that every link of the pages leads somewhere: files, pictures, anchors inside the repository.

``python -m tools.docs.check_links``

Addresses on the web are not asked for: a check must not depend on a network.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from tools.docs.pages import ROOT, check_pages, page_of, read_page, report

ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)  # https:, mailto:, ...


def faults_of_links(path: str, text: str, root: Path = ROOT) -> Iterator[str]:
    """What is wrong with the links of a page.

    Args:
        path: of the page, from the root.
        text: its content.
        root: folder of the repository.
    """
    page = page_of(path, text)
    for line, target in page.links:
        if ELSEWHERE.match(target):
            continue
        name, _, anchor = unquote(target).partition("#")
        place = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if place.startswith(("..", "/")):
            yield f"{path}:{line}: {target}: leads out of the repository; link inside it, or give the address"
        elif place != path and not (root / place).exists():
            yield f"{path}:{line}: {target}: there is no {place}; mend the link or add the file"
        elif anchor and place.endswith(".md"):
            anchors = page.anchors if place == path else read_page(place, root).anchors
            if anchor not in anchors:
                yield f"{path}:{line}: {target}: {place} has no heading #{anchor}; it has {', '.join(sorted(anchors))}"


if __name__ == "__main__":
    report(check_pages(faults_of_links), "the links of all pages lead somewhere")
