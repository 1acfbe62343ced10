"""A finished study as one zip for an archive: an RO-Crate with models, labels, figures, configuration and code."""

import json
import subprocess
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from fnmatch import fnmatch
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer
import yaml

from melt2crystal.commands.hand_on.report import PAGES, make_report
from melt2crystal.errors import UserError
from melt2crystal.files import digest_of_file
from melt2crystal.jobs.finished import require_finished, size_in_words
from melt2crystal.jobs.snakemake_plan import ROOT, Plan, plan
from melt2crystal.provenance import Origin, commit_of, version_of_code
from melt2crystal.report.crate import Part, Run, write_crate
from melt2crystal.report.crate_check import check_crate
from melt2crystal.study.load import files_of_study

# Files of results/<study>/ that go into the crate: pattern, what it is, the output of the workflow it is an example of.
# The first pattern that fits counts; what fits none (walks, shards, checkpoints) stays at home.
KEPT = [
    ("models/*/*-compressed.pb", "potential {1}, member {stem}: compressed DeePMD model", "potential"),
    ("models/*/*.pb", "potential {1}, member {stem}: frozen DeePMD model", "potential"),
    ("models/*/*.pt", "potential {1}, member {stem}: DeePMD model (PyTorch)", "potential"),
    ("models/*/card.md", "model card of {1}", ""),
    ("models/*/manifest.json", "frames that {1} may have seen", ""),
    ("models/*/*-input.json", "training input of {1}, member {stem}", ""),
    ("models/*/*.json", "potential {1}, member {stem}: an ASE calculator by name", "potential"),
    ("dataset/*/dataset.extxyz", "dataset {1}: labelled frames of melt", "dataset"),
    ("dataset/*/manifest.json", "frames of dataset {1} with their digests", ""),
    ("label/*/labels.extxyz", "labels of the batch {1}", "labels"),
    ("label/*/labels.csv", "labels of the batch {1}: status, reason, cost", ""),
    ("label/reference.json", "reference engine and the digest of its settings", ""),
    ("train/[hl]p/heldout.json", "errors of {1} on held-out melt", ""),
    ("train/[hl]p/heldout.npz", "energies and forces of {1} on held-out melt", ""),
    ("figures/*", "figure {name}", "figure"),
    ("liquid/liquid.p*", "figure of the melts", "figure"),
    ("liquid/*.csv", "table of the melts: {stem}", "table"),
    ("select/*/*", "iteration {1} of the loop: {stem}", ""),
    ("benchmark/vdos/walks/*", "", ""),
    ("benchmark/*.csv", "benchmark: {stem}", "table"),
    ("benchmark/*", "benchmark: {stem}", ""),
    ("search/found.csv", "structures found, with reference energies", "table"),
    ("search/*/unique.*", "unique structures found at {1}", ""),
    ("search/names.csv", "names of the structures found", "table"),
    ("explorer.html", "the structures found as a page: open it in a browser", "explorer"),
    ("summary.*", "every number of the study, with its unit", "summary"),
    ("provenance/dag*", "the workflow as a figure", ""),
    ("provenance/study.yaml", "configuration: the resolved study", ""),
    ("provenance/*", "provenance: {stem}", ""),
]
FOLDERS = ["config", "data", "docs", "envs", "melt2crystal", "profiles", "report", "rules", "scripts", "tests", "tools"]
app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Example: melt2crystal export --study laptop")
def export(
    study: Annotated[str, typer.Option(help="a file of config/studies; without, that of config/config.yaml")] = "",
    out: Annotated[Path | None, typer.Option(help="zip; results/<study>/export/<study>-<digest>.zip without")] = None,
    check: Annotated[Path | None, typer.Option(help="read this zip back instead, and compare every file")] = None,
    with_untracked: Annotated[
        bool, typer.Option("--with-untracked", help="also take the files that the study reads and git doesn't track")
    ] = False,
) -> None:
    """Write a finished study as an RO-Crate and read it back, or check one that was written before."""
    if check is not None:
        _told(check)
        return
    begun = time.monotonic()
    report = make_report(study)
    with plan(study, targets=[PAGES]) as planned:
        require_finished(planned, "the export")
        results = planned.project / planned.results
        own = sorted(untracked(planned, study), key=lambda part: part.place)
        kept = [*outputs(planned, report), *repository(planned), *(own if with_untracked else [])]
        parts = [*{part.place: part for part in kept}.values()]  # a file of the project instead of the clone's
        summary = json.loads((results / "summary.json").read_text(encoding="utf-8"))
        run = run_of(planned, summary)
    path = out or results / "export" / f"{planned.study.name}-{summary['settings_digest'][:16]}.zip"
    print(f"{len(parts)} files, {sum(part.source.stat().st_size for part in parts) / 1e6:.1f} MB: packing", flush=True)
    write_crate(path, parts, run)
    _told(path)
    if own and not with_untracked:
        print("\n".join(left_out(own)))
    print(f"{path} ({size_in_words(path)}, {time.monotonic() - begun:.0f} s)")


def _told(path: Path) -> None:
    checked = check_crate(path)
    if checked.problems:
        raise UserError(f"{path}: {len(checked.problems)} problems:\n" + "\n".join(checked.problems))
    print(f"read back: {checked.name}; {checked.files} files with the SHA-256 they should have")


def outputs(planned: Plan, report: Path) -> Iterator[Part]:
    """Results that this study's jobs made (files of former settings are none of them), and the report."""
    made, here = sorted({path for job in planned.jobs for path in job.outputs}), planned.project
    last = max((path for path in made if path.endswith("/dataset.extxyz")), default="")
    for path in made:
        if path.endswith("/dataset.extxyz") and path != last:
            continue  # the last one holds the others
        kept = described(path.removeprefix(f"{planned.results}/"))
        if kept:
            yield Part(
                here / path,
                f"results/{path.removeprefix(f'{planned.results}/')}",
                kept[0],
                "result",
                kept[1],
            )
    yield Part(report, "results/report.html", "report: open it in a browser", "result", "report")


def described(path: str) -> tuple[str, str] | None:
    """What a file of the results is, and the workflow's output it is an example of; None if it stays at home."""
    for pattern, words, parameter in KEPT:
        if fnmatch(path, pattern):
            place = Path(path)
            stem = place.stem.removesuffix("-compressed").removesuffix("-input")
            return (words.format(*place.parts, stem=stem, name=place.name), parameter) if words else None
    return None


def repository(planned: Plan) -> Iterator[Part]:
    """The workflow as it is in the clone; data and the study's file are inputs of the run."""
    read, study = read_by(planned), f"config/studies/{planned.study.first_run}.yaml"
    for name in sorted(tracked()):
        data = ROOT / name in read and name.startswith("data/")
        role = "input" if data or name == study else "workflow"
        what = "the study" if name == study else "data" if data else ""
        yield Part(ROOT / name, f"workflow/{name}", f"{what or 'code'}: {name}", role, what)


def read_by(planned: Plan) -> set[Path]:
    """Whole paths of the files that jobs read and none makes."""
    made = {path for job in planned.jobs for path in job.outputs}
    return {planned.project / path for job in planned.dag.jobs for path in map(str, job.input)} - {
        planned.project / path for path in made
    }


def untracked(planned: Plan, study: str) -> Iterator[Part]:
    """Files of the study that aren't part of the repository: its own, and what its jobs read.

    Their licences aren't known here (pseudopotentials, labels of others), so they go along only when asked for. Files
    of the project get the place they have there; others, whose folders are nobody's business, one by their content.
    """
    known = {ROOT / name for name in tracked()}
    results = planned.project / planned.results
    own = {path.resolve(): "the study" for path in files_of_study(study, planned.project)}
    read = {path: "data" for path in read_by(planned) if path.is_file() and not path.is_relative_to(results)}
    for path, what in {**read, **own}.items():
        if path in known or path.resolve() in known:
            continue
        homes = [folder for folder in (planned.project, ROOT) if path.is_relative_to(folder)]
        place = f"workflow/{path.relative_to(homes[0])}" if homes else f"inputs/{digest_of_file(path)[:12]}/{path.name}"
        yield Part(path, place, f"{what}: {path.name}", "input", what)


def left_out(parts: list[Part]) -> list[str]:
    """What a person must know of the files that stayed at home."""
    return [
        f"left out, {len(parts)} files that the study reads and git doesn't track; their licences aren't known here:",
        *(f"  {part.source}" for part in parts),
        "to take them along: melt2crystal export --with-untracked, or let git track them",
    ]


def tracked() -> list[str]:
    """Files of the repository; without git those of its folders that are no results."""
    if commit_of(ROOT) != "unknown":
        done = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True, text=True, check=True)
        names: Iterable[str] = done.stdout.split("\0")
    else:
        paths = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts]
        names = [path.relative_to(ROOT).as_posix() for path in [*paths, *ROOT.glob("[A-Zp]*")]]
    return [name for name in names if name and (ROOT / name).is_file() and not (ROOT / name).is_symlink()]


def run_of(planned: Plan, summary: dict[str, Any]) -> Run:
    """The study as a whole: origin, times of the first and last job, programs, citation."""
    times = [planned.dag.workflow.persistence.metadata(path) for job in planned.dag.jobs for path in job.output]
    known = [record for record in times if record and record.get("starttime") and record.get("endtime")]
    origin = Origin(
        summary["study"], summary["reference"], summary["settings_digest"], commit_of(ROOT), version_of_code()
    )
    results = planned.project / planned.results
    versions = pd.read_csv(results / "provenance" / "versions.csv", dtype=str, keep_default_na=False)
    programs = dict(zip(versions["program"], versions["version"], strict=True))
    return Run(
        origin=origin,
        substance=summary["substance"],
        begin=_iso(min((record["starttime"] for record in known), default=None)),
        end=_iso(max((record["endtime"] for record in known), default=None)),
        programs=programs,
        citation=yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8")),
        published=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _iso(seconds: float | None) -> str:
    return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
