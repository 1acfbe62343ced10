"""Names in an exported study: files are found, no script runs, nothing outside the zip is read."""

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from melt2crystal.provenance import Origin
from melt2crystal.report.crate import Part, Run, write_crate
from melt2crystal.report.crate_check import check_crate
from tests.helpers import browser
from tests.helpers.hostile import SCRIPT

NAMES = [
    "blank (1).cif",
    "hash#ü?.cif",
    "a%20b.cif",
    "<SCRIPT>window.ran=1.cif",
    "$(touch RAN).cif",
    "a\\b.cif",
    "a:b&c='d'.cif",
]


@pytest.fixture
def crate(tmp_path) -> Path:
    places = ["workflow/Snakefile", *(f"workflow/data/polymorphs/{name}" for name in NAMES)]
    parts = []
    for place in places:
        source = tmp_path / "from" / place
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(f"content of {place}")
        data = place.startswith("workflow/data")
        parts.append(Part(source, place, f"data: {place}", "input" if data else "workflow", "data" if data else ""))
    named = [SCRIPT.format(what, what) for what in ("study", "reference", "substance", "program", "title")]
    write_crate(
        tmp_path / "made.zip",
        parts,
        Run(
            Origin(named[0], named[1], "ab" * 32, "unknown", "0.2.0"),
            named[2],
            "",
            "",
            {"snakemake": "9.27.1", named[3]: "1"},
            {"title": named[4], "license": "MIT", "authors": [{"name": SCRIPT.format("author", "author")}]},
            "2026-11-30",
        ),
    )
    return tmp_path / "made.zip"


def test_files_of_any_name_are_found_again(crate, tmp_path):
    checked = check_crate(crate)
    assert checked.problems == [] and checked.files == 1 + len(NAMES)
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path / "out")
        described = json.loads(archive.read("ro-crate-metadata.json"))["@graph"]
    assert {path.name for path in (tmp_path / "out/workflow/data/polymorphs").iterdir()} == set(NAMES)
    (parameter,) = (entity for entity in described if entity["@type"] == "FormalParameter")
    ids = {entity["@id"] for entity in described}
    assert {link["@id"] for link in parameter["workExample"]} <= ids and len(parameter["workExample"]) == len(NAMES)
    done = subprocess.run(["sha256sum", "--check", "--quiet", "--strict", "checksums.sha256"], cwd=tmp_path / "out")
    assert done.returncode == 0


@pytest.mark.chromium
def test_no_name_runs_in_the_preview(crate, tmp_path):
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(tmp_path / "out")
    page = tmp_path / "out/ro-crate-preview.html"
    page.write_text(page.read_text() + "<pre id='told'></pre><script>told.textContent='ran: '+window.ran</script>")
    assert "window.ran=" in page.read_text()
    shown = browser.chrome(page, tmp_path / "profile", "--dump-dom")
    assert "ran: undefined" in shown
    assert "&lt;script&gt;window.ran" in shown


@pytest.mark.parametrize(
    "outside", ["../../../../../../../etc/passwd", "workflow/../../secret", "..%2F..%2Fetc/passwd"]
)
def test_nothing_outside_the_zip_counts_as_a_file_of_it(crate, tmp_path, outside):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(folder)
    metadata = folder / "ro-crate-metadata.json"
    told = json.loads(metadata.read_text())
    (entity,) = (entity for entity in told["@graph"] if "blank" in entity["@id"])
    metadata.write_text(metadata.read_text().replace(json.dumps(entity["@id"]), json.dumps(outside)))
    changed = Path(shutil.make_archive(str(tmp_path / "changed"), "zip", folder))
    problems = check_crate(changed).problems
    assert f"{outside}: leads out of the zip" in problems, problems
    assert any("blank (1).cif: in the zip, but not described" in problem for problem in problems)
