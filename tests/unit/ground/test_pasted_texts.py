"""Texts that are pasted into another language: settings into Snakemake and its report, cells into Markdown."""

import json

import pytest
from snakemake.io import WILDCARD_REGEX

from melt2crystal.markdown import table
from melt2crystal.report.pages import from_markdown
from melt2crystal.report.pasted import without_ends_of_scripts
from melt2crystal.settings import Settings, to_text

NAMES = [
    "{wildcards.pressure}",
    "a {b} {c,.*} {",
    "}{",
    "{{x}}",
    "</script><script>",
    "{",
    "<a>",
    '{"',
    "\\{a}",
    "{ a }",
]


@pytest.mark.parametrize("name", NAMES)
def test_settings_hold_no_wildcard_and_no_end_of_a_script(name):
    values = {"name": name, name: [{}, {"a": {name: [name]}}], "empty": {}}
    text = to_text(values)
    assert json.loads(text) == values and Settings(text).values == values
    assert "<" not in text and not WILDCARD_REGEX.search(text)


def test_usual_settings_are_written_as_ever():
    values = {"a": {"b": {}, "c": [{}, 1e-7, "α > 0 & x"]}}
    assert to_text(values) == json.dumps(values, sort_keys=True, separators=(",", ":"))


def test_results_pasted_into_a_script_cannot_end_it():
    results = json.dumps({"a</script>/b.png": {"name": "<b>"}})
    page = f"<script>\n    var results = {results};\n</script>\n<script>if (a<b) {{}}</script>"
    mended = without_ends_of_scripts(page)
    assert mended.count("</script>") == 2 and "if (a<b)" in mended
    assert json.loads(mended.split("results = ")[1].split(";\n")[0]) == json.loads(results)


def test_cells_stay_cells_and_pages_fetch_nothing():
    text = table(["name"], [["a|b\nc"], [r"d\|e"], ["<script>1</script> ![x](http://evil.example/a.png)"]])
    assert text.splitlines()[2:4] == [r"| a\|b c |", r"| d\|e |"] and len(text.splitlines()) == 5
    page = from_markdown(text)
    assert "<script>" not in page and "<img" not in page and page.count("<td>") == 3
