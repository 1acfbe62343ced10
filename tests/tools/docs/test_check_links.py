from pathlib import Path

import pytest

from tools.docs.check_links import faults_of_links
from tools.docs.pages import page_of, slug_of


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "docs/figures").mkdir(parents=True)
    (tmp_path / "docs/figures/one.png").write_bytes(b"")
    (tmp_path / "docs/other.md").write_text(
        "# Other\n\n## What `x.y: false` is\n\n## Twice\n\n## Twice\n\n```\n# no heading\n```\n"
    )
    return tmp_path


def faults(text: str, root: Path) -> list[str]:
    return list(faults_of_links("docs/page.md", text, root))


@pytest.mark.parametrize(
    "link",
    [
        "[a](other.md)",
        "[a](other.md#what-xy-false-is)",
        "[a](other.md#twice-1)",
        "[a](#here)",
        "![a](figures/one.png)",
        "[a](figures)",
        "[a](../docs/other.md 'title')",
        "[a][1]\n\n[1]: other.md",
        "[a](https://example.org/nothing#there)",
        "`[a](nothing.md)`",
        "| a |\n|---|\n| [a](other.md) |",
    ],
)
def test_links_that_lead_somewhere(root, link):
    assert faults(f"# Here\n\n{link}\n", root) == []


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("[a](nothing.md)", "there is no docs/nothing.md"),
        ("[a](other.md#nothing)", "has no heading #nothing"),
        ("[a](other.md#no-heading)", "has no heading"),
        ("[a](other.md#twice-2)", "has no heading"),
        ("[a](#there)", "docs/page.md has no heading #there"),
        ("![a](figures/two.png)", "there is no docs/figures/two.png"),
        ("[a](../../outside.md)", "leads out of the repository"),
        ("| a |\n|---|\n| [a](nothing.md) |", "there is no docs/nothing.md"),
        ("[a][1]\n\n[1]: nothing.md", "there is no docs/nothing.md"),
    ],
)
def test_links_that_lead_nowhere(root, link, words):
    (fault,) = faults(f"# Here\n\n{link}\n", root)
    assert fault.startswith("docs/page.md:") and words in fault


def test_the_line_is_that_of_the_block(root):
    (fault,) = faults("# Here\n\nwords\n\nmore [a](nothing.md)\n", root)
    assert fault.startswith("docs/page.md:5: ")


@pytest.mark.parametrize(
    ("heading", "slug"),
    [
        ("6 A potential of your own", "6-a-potential-of-your-own"),
        ("Nothing is computed: label.compute: false", "nothing-is-computed-labelcompute-false"),
        ("Results: what was measured", "results-what-was-measured"),
        ("Key_with_underscores, and - hyphens", "key_with_underscores-and---hyphens"),
        ("α-quartz über alles", "α-quartz-über-alles"),
    ],
)
def test_anchors_are_github_s(heading, slug):
    assert slug_of(heading) == slug


def test_a_page_is_taken_apart():
    page = page_of("page.md", "# One `two`\n\nWords `code` more\n[text](target.md) <!-- comment -->\n\n    code\n")
    assert page.headings == ((1, "One two"),)
    assert page.links == ((3, "target.md"),)
    assert [words.split() for _, words in page.prose] == [["One"], ["Words", "more", "text"]]
