"""The check of an exported study finds what was changed, added or lost."""

import shutil
import zipfile
from pathlib import Path

import pytest

from melt2crystal.errors import UserError
from melt2crystal.provenance import Origin
from melt2crystal.report.crate import Part, Run, write_crate
from melt2crystal.report.crate_check import check_crate

CITATION = {
    "title": "A title",
    "license": "MIT",
    "authors": [{"family-names": "Balyakin", "given-names": "I. A."}, {"name": "developers"}],
    "references": [{"title": "Paper", "doi": "10.1/x", "year": 2023, "authors": [{"name": "Somebody"}]}],
}


@pytest.fixture
def crate(tmp_path) -> Path:
    parts = []
    for place, role, parameter in (
        ("workflow/Snakefile", "workflow", ""),
        ("workflow/config/studies/ci.yaml", "input", "the study"),
        ("results/models/hp/0.pb", "result", "potential"),
        ("results/models/lp/0.pb", "result", "potential"),
    ):
        source = tmp_path / place
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_text(f"content of {place}")
        parts.append(Part(source, place, f"the file {place}", role, parameter))
    run = Run(
        Origin("ci", "BKS", "ab" * 32, "unknown", "0.1.0"),
        substance="SiO2",
        begin="2026-11-23T10:00:00+00:00",
        end="",
        programs={"snakemake": "9.27.1"},
        citation=CITATION,
        published="2026-11-24",
    )
    write_crate(tmp_path / "ci.zip", parts, run)
    return tmp_path / "ci.zip"


def changed(crate: Path, change) -> Path:
    """A copy in which ``change`` was applied to the unpacked folder."""
    folder = crate.parent / "unpacked"
    with zipfile.ZipFile(crate) as archive:
        archive.extractall(folder)
    change(folder)
    return Path(shutil.make_archive(str(crate.parent / "changed"), "zip", folder))


def test_a_crate_is_what_it_says(crate):
    checked = check_crate(crate)
    assert (
        checked.problems == [] and checked.files == 4 and checked.name == "melt2crystal, study ci: SiO2, reference BKS"
    )
    with zipfile.ZipFile(crate) as archive:
        lines = archive.read("checksums.sha256").decode().splitlines()
    assert len(lines) == 4 and lines[0].endswith("  workflow/Snakefile")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "results/models/hp/0.pb").write_text("other"), "SHA-256 isn't the one"),
        (lambda folder: (folder / "results/models/hp/0.pb").unlink(), "described, but not in the zip"),
        (lambda folder: (folder / "results/extra.csv").write_text("1"), "in the zip, but not described"),
    ],
)
def test_every_change_of_a_file_is_found(crate, change, words):
    problems = check_crate(changed(crate, change)).problems
    assert len(problems) == 1 and words in problems[0]


def test_a_lost_link_is_found(crate):
    def without_study(folder: Path) -> None:
        metadata = folder / "ro-crate-metadata.json"
        metadata.write_text(metadata.read_text().replace('"@id": "#run"', '"@id": "#nowhere"', 1))

    assert any("leads to" in problem for problem in check_crate(changed(crate, without_study)).problems)


def test_other_files_are_no_crates(tmp_path):
    (tmp_path / "a.zip").write_text("no zip")
    with pytest.raises(UserError, match="no RO-Crate"):
        check_crate(tmp_path / "a.zip")
    with pytest.raises(UserError, match="no such file"):
        check_crate(tmp_path / "b.zip")
