"""A finished study whose names are scripts and broken mathematics: drawn, reported, exported; nothing runs."""

import zipfile
from pathlib import Path

import pytest

from tests.helpers import browser, hostile
from tests.helpers.checkout import Checkout, tool
from tests.helpers.edits import change

TOLD = (
    "<pre id='told'></pre><script>told.textContent='ran: '+window.ran+"
    "', fetched: '+performance.getEntriesByType('resource').length</script>"
)
NAMES = {
    "reference.name": hostile.REFERENCE,
    "substance.name": hostile.SUBSTANCE,
    "benchmark.polymorphs.alpha_quartz.title": hostile.TITLE,
}


@pytest.fixture(scope="module")
def named(finished, tmp_path_factory) -> Checkout:
    """Names are captions: figures and pages are made anew, nothing is computed."""
    copy = finished.edited(tmp_path_factory.mktemp("named") / "checkout")
    for key, name in NAMES.items():
        change(copy, key, name)
    planned = copy.planned()
    assert not {"liquid_walks", "label_shard", "train_member"} & set(planned) and "figures_parity" in planned
    copy.snakemake()
    tool(copy, "export", "--study", "ci")
    assert not hostile.ran(copy.folder)
    return copy


@pytest.mark.chromium
def test_no_name_runs_in_the_report_or_in_its_pages(named, tmp_path):
    control = tmp_path / "control.html"
    control.write_text(f"<script>var a = '{hostile.REFERENCE}';</script>{TOLD}", encoding="utf-8")
    assert "ran: reference" in browser.chrome(control, tmp_path / "profile", "--dump-dom")
    results = named.folder / "results/ci"
    seen = browser.walked(results / "report.html", tmp_path)
    assert seen["errors"] == [] and seen["fetched"] == [] and len(seen["results"]) > 20
    for page in (results / "report.html", results / "report/summary.html", results / "report/study.html"):
        probed = tmp_path / f"{page.stem}-told.html"
        probed.write_text(page.read_text(encoding="utf-8") + TOLD, encoding="utf-8")
        shown = browser.chrome(probed, tmp_path / f"profile-{page.stem}", "--dump-dom")
        assert "ran: undefined, fetched: 0" in shown, page


@pytest.mark.chromium
def test_no_name_runs_in_the_preview_of_the_export_and_it_reads_back(named, tmp_path):
    crate = next((named.folder / "results/ci/export").glob("ci-*.zip"))
    said = tool(named, "export", "--check", str(crate))
    assert "with the SHA-256 they should have" in said
    with zipfile.ZipFile(crate) as archive:
        page = Path(archive.extract("ro-crate-preview.html", tmp_path))
    page.write_text(page.read_text(encoding="utf-8") + TOLD, encoding="utf-8")
    assert "ran: undefined" in browser.chrome(page, tmp_path / "profile", "--dump-dom")
