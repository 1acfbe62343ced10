"""The report opens without a network and shows everything; the export reads back; neither reruns anything.

The study's names are scripts and broken mathematics (tests/helpers/hostile.py); nothing runs.
"""

import json
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from rocrate.rocrate import ROCrate

from melt2crystal.files import digest_of_file
from melt2crystal.provenance import read_origin
from melt2crystal.sections.purpose import WARNING
from melt2crystal.study.load import load_study
from tests.helpers import browser, hostile
from tests.helpers.checkout import Checkout, tool

PROFILES = {f"https://w3id.org/ro/wfrun/{name}/0.5" for name in ("process", "workflow")}
CATEGORIES = {
    "1. Summary": ["All numbers", "Model card"],
    "2. Figures": [
        "Held-out melt",
        "Energy-volume",
        "structures found",
        "known crystals",
        "Enthalpies over pressure",
        "best structures found",
        "Enthalpy against volume",
        "Convergence of the search",
        "The explorer",
        "Melts",
        "Selection",
        "Audit",
        "Learning",
    ],
    "3. Tables": [
        *("Walks", "Certificates", "Labels", "Birch-Murnaghan", "Energy-volume errors", "Selection", "found"),
        *("Known crystals", "Names", "Dynamical stability", "Transition pressures"),
    ],
    "4. Provenance": ["workflow", "Configuration", "Versions", "Origin"],
}
TOLD = (
    "<pre id='told'></pre><script>told.textContent='ran: '+window.ran+"
    "', fetched: '+performance.getEntriesByType('resource').length</script>"
)


@dataclass(frozen=True)
class Exported:
    """A finished checkout under git whose report and export were made."""

    checkout: Checkout
    said: str
    commit: str

    @property
    def results(self) -> Path:
        return self.checkout.folder / "results/ci"

    @property
    def crate(self) -> Path:
        return next((self.results / "export").glob("ci-*.zip"))


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def exported(finished, tmp_path_factory) -> Exported:
    copy = finished.edited(tmp_path_factory.mktemp("exported") / "checkout")
    git(copy.folder, "init", "-q")
    git(copy.folder, "add", "-A")
    git(copy.folder, "commit", "-q", "-m", "all")
    said = tool(copy, "export", "--study", "ci")
    return Exported(copy, said, git(copy.folder, "rev-parse", "HEAD").strip())


@pytest.mark.chromium
def test_the_report_shows_everything_in_a_browser_without_network(exported, tmp_path):
    seen = browser.walked(exported.results / "report.html", tmp_path)
    assert seen["errors"] == [] and seen["fetched"] == []
    assert "Study ci of melt2crystal" in seen["landing"]
    for category, words in CATEGORIES.items():
        assert category in seen["landing"]
        for word in words:
            assert word in seen["categories"][category], (category, word)
    figures = {Path(path).name: told for path, told in seen["results"].items() if "width" in told}
    drawn = {path.name for path in [*exported.results.glob("figures/*.png"), *exported.results.glob("liquid/*.png")]}
    assert set(figures) == drawn | {"dag-wide.svg"} and len(drawn) == 14
    pages = {Path(path).stem: told for path, told in seen["results"].items() if "title" in told}
    assert len(pages) == 21 and pages.pop("explorer")["title"].startswith("Structures found: sili")
    for name, told in [*figures.items(), *pages.items()]:
        caption = re.search(r"DESCRIPTION\s+(.+?)\s+SIZE", told["info"], re.DOTALL)
        assert caption and len(caption[1]) > 60, name
        assert len(told["labels"]) == 2, name
    assert all(told["width"] > 500 for told in figures.values())
    assert all(told["rows"] or told["preformatted"] for told in pages.values())
    assert "snakemake" in (exported.results / "report/versions.html").read_text()


@pytest.mark.chromium
def test_no_name_runs_in_the_report_in_its_pages_or_in_the_preview_of_the_export(exported, tmp_path):
    control = tmp_path / "control.html"
    control.write_text(f"<script>var a = '{hostile.REFERENCE}';</script>{TOLD}", encoding="utf-8")
    assert "ran: reference" in browser.chrome(control, tmp_path / "profile", "--dump-dom")
    with zipfile.ZipFile(exported.crate) as archive:
        preview = Path(archive.extract("ro-crate-preview.html", tmp_path / "crate"))
    pages = ("report.html", "explorer.html", "report/summary.html", "report/study.html")
    for page in (*(exported.results / name for name in pages), preview):
        probed = tmp_path / f"{page.stem}-told.html"
        probed.write_text(page.read_text(encoding="utf-8") + TOLD, encoding="utf-8")
        shown = browser.chrome(probed, tmp_path / f"profile-{page.stem}", "--dump-dom")
        assert "ran: undefined" in shown and (page == preview or "fetched: 0" in shown), page


def test_no_name_ran_anywhere(exported, finished):
    study = load_study({"study": "ci"}, exported.checkout.folder)
    assert (study.reference.name, study.substance.name) == (hostile.REFERENCE, hostile.SUBSTANCE)
    assert not hostile.ran(finished.folder.parent) and not hostile.ran(exported.checkout.folder)
    assert "with the SHA-256 they should have" in tool(exported.checkout, "export", "--check", str(exported.crate))


def test_report_and_commit_leave_nothing_to_be_done(exported):
    git(exported.checkout.folder, "commit", "-q", "--allow-empty", "-m", "another commit")
    assert "Nothing to be done" in exported.checkout.snakemake("-n", "all", "report_pages")
    git(exported.checkout.folder, "reset", "-q", "--soft", exported.commit)


def test_the_resolved_configuration_is_the_study(exported):
    resolved = yaml.safe_load((exported.results / "provenance/study.yaml").read_text())
    root = exported.checkout.folder
    assert load_study(resolved, root) == load_study({"study": "ci"}, root)


def test_a_smoke_test_says_on_every_page_that_its_numbers_mean_nothing(exported):
    pages = [*sorted(exported.results.glob("report/*.html")), exported.results / "explorer.html"]
    pages += [exported.results / "summary.md", *exported.results.glob("models/*/card.md")]
    assert len(pages) > 12 and [path.name for path in pages if WARNING not in path.read_text()] == []
    assert json.loads((exported.results / "summary.json").read_text())["purpose"] == "smoke test"


def test_figures_carry_the_digest_of_the_summary(exported):
    summary = json.loads((exported.results / "summary.json").read_text())
    assert summary["version"] == "0.2.0" and summary["commit"] == "unknown"  # there was no git when it was written
    figures = [*exported.results.glob("figures/*.p*"), *exported.results.glob("liquid/liquid.p*")]
    assert len(figures) == 28
    for path in figures:
        origin = read_origin(path)
        assert origin.study == "ci" and origin.settings_digest == summary["settings_digest"], path
    assert read_origin(exported.results / "provenance/dag.svg").commit == exported.commit


def test_the_export_reads_back_with_the_library(exported, tmp_path):
    with zipfile.ZipFile(exported.crate) as archive:
        archive.extractall(tmp_path)
    crate = ROCrate(tmp_path)
    files = [entity for entity in crate.data_entities if "sha256" in entity]
    assert len(files) > 200
    for entity in files:
        assert digest_of_file(tmp_path / unquote(entity.id)) == entity["sha256"], entity.id
    places = {entity.id for entity in files}
    for path in ("0.pb", "1-compressed.pb", "card.md", "manifest.json"):
        assert {f"results/models/lp/{path}", f"results/models/hp/{path}"} <= places
    assert {"results/dataset/01/dataset.extxyz", "results/label/eos/labels.extxyz", "results/summary.json"} <= places
    assert {"results/figures/figure1.pdf", "results/report.html", "results/provenance/study.yaml"} <= places
    assert {"workflow/Snakefile", "workflow/LICENSE", "workflow/envs/requirements.txt"} <= places
    assert "results/dataset/00/dataset.extxyz" not in places  # dataset 01 holds it

    root, workflow, run = crate.root_dataset, crate.mainEntity, crate.get("#run")
    assert root["datePublished"] and "BKS" in root["description"] and "MIT" in root["license"].id
    assert {profile.id for profile in root["conformsTo"]} >= PROFILES
    assert {author["name"] for author in root["author"]} == {"melt2crystal developers"}
    assert root["identifier"]["value"] == json.loads((exported.results / "summary.json").read_text())["settings_digest"]
    assert "ComputationalWorkflow" in workflow.type and "nakemake" in workflow["programmingLanguage"]["name"]
    assert workflow["identifier"]["value"] == exported.commit
    assert run.type == "CreateAction" and run["instrument"] == workflow and run["startTime"] < run["endTime"]
    assert "workflow/config/studies/ci.yaml" in {entity.id for entity in run["object"]}
    assert {"results/models/hp/0.pb", "results/report.html"} <= {entity.id for entity in run["result"]}
    programs = {entity["name"]: entity["version"] for entity in workflow["softwareRequirements"]}
    assert programs["snakemake"] == "9.27.1" and {"deepmd-kit", "lammps", "ase"} <= set(programs)


def test_an_unfinished_study_is_not_exported(exported):
    gone = exported.results / "benchmark/fits.csv"
    content = gone.read_bytes()
    gone.unlink()
    try:
        said = tool(exported.checkout, "export", "--study", "ci", check=False)
    finally:
        gone.write_bytes(content)
    assert "ERROR: results/ci: study ci isn't finished" in said and "results/ci/benchmark/fits.csv" in said
    assert "make run STUDY=ci" in said and "Traceback" not in said
