"""Labels: report on them, export frames to be computed on another machine, import what comes back."""

from collections import Counter
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.engines.base import ReferenceEngine
from melt2crystal.errors import UserError
from melt2crystal.files import write_csv, write_text
from melt2crystal.frames import frame_id, read_frames
from melt2crystal.label.exchange import export, import_outputs, without_label
from melt2crystal.label.journal import given_attempts, journal_attempts, released_attempts
from melt2crystal.label.report import Batch, read_batches, report_table
from melt2crystal.label.report_text import each_frame, report_text
from melt2crystal.label.store import LabelStore, engine_and_digest
from melt2crystal.project import project_folder
from melt2crystal.provenance import ROOT
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.label import Label as LabelSettings
from melt2crystal.sections.purpose import warning
from melt2crystal.study.load import the_study
from melt2crystal.study.model import Study

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    help=__doc__,
    epilog="Example: melt2crystal labels report --study laptop",
)

StudyName = Annotated[
    str, typer.Option("--study", help="a file of config/studies; without, that of config/config.yaml")
]
Results = Annotated[Path, typer.Option(help="folder of all results")]
Folder = Annotated[Path, typer.Argument(help="the exported folder")]


def engine_of(study: Study) -> tuple[ReferenceEngine, str]:
    """Engine and settings digest of a study's reference, whose files are named from the root of the project."""
    project = project_folder()
    if Path.cwd().resolve() != project:
        whose = "the clone" if project == ROOT else "the project"
        raise UserError(f"{Path.cwd()}: labels are asked for in the root of {whose}; go there: cd {project}")
    return engine_and_digest(study.reference.model_dump(mode="json"), study.substance.species)


def known_files(study: Study) -> list[Path]:
    """Released label files of a study."""
    return [Path(name) for name in study.label.known]


@app.command(
    short_help="Status, cost and outliers of every label.", epilog="Example: melt2crystal labels report --study laptop"
)
def report(
    study: StudyName = "",
    results: Results = Path("results"),
    store: Annotated[Path | None, typer.Option(help="a bare label store; no study is needed then")] = None,
    requested: Annotated[list[Path] | None, typer.Option(help="frames asked for, for a bare store")] = None,
    digest: Annotated[str, typer.Option(help="settings digest, for a bare store that holds several")] = "",
    reference: Annotated[str, typer.Option(help="which reference made the labels of a bare store")] = "",
    out: Annotated[Path | None, typer.Option(help="folder; default: results/<study>/labels-report")] = None,
) -> None:
    """Write labels.csv (a row a frame), report.md, labels.png and labels.pdf; also while the study runs."""
    if store is not None:
        folder = _digest_folder(store, digest)
        if out is None or not reference:
            raise UserError("labels report --store: needs --reference (which reference made these labels) and --out")
        batches, settings, figures = _requested_batches(requested or []), LabelSettings(), Figures()
        name, purpose, released = "", "results", []
        notes: list[str] = []
        own: str | None = None
    else:
        given = the_study(study)
        _, found = engine_of(given)
        name, reference, settings, figures = given.name, given.reference.name, given.label, given.figures
        purpose = given.purpose
        folder, own, out = results / "label-store" / found, name, out or results / name / "labels-report"
        batches, notes = read_batches(results / name / "label", found)
        released = released_attempts(known_files(given), found, settings.largest_force_eV_per_A)
        theirs = [ROOT / path for path in getattr(given.reference, "labels", [])]
        released += given_attempts(theirs, settings.largest_force_eV_per_A)
    attempts, unreadable = journal_attempts(folder, settings.largest_force_eV_per_A)
    rows = report_table(batches, attempts, released, own)
    if rows.empty:
        raise UserError(
            f"{name or folder}: no frames were asked for yet and {folder} holds no labels; run the study first"
        )
    write_csv(out / "labels.csv", rows)
    write_text(out / "report.md", report_text(rows, reference, folder.name, name, notes, unreadable, warning(purpose)))
    from melt2crystal.figures.labels import draw_labels  # half the start of the program
    from melt2crystal.figures.style import journal_style, publish

    with journal_style(figures):
        figure = draw_labels(figures, rows)
        names = reference, name or f"label store, {folder.name}"
        publish(figure, *names, out / "labels.pdf", out / "labels.png", "Labels", purpose)
    print(f"{_counted(each_frame(rows))}: {out}/report.md, labels.csv, labels.png, labels.pdf")


def _digest_folder(store: Path, digest: str) -> Path:
    """The folder of one settings digest in a store."""
    found = sorted(path.parent.name for path in store.glob("*/*.jsonl"))
    there = list(dict.fromkeys(found))
    if not there:
        raise UserError(f"{store}: holds no journals (<digest>/*.jsonl); name the folder of a label store")
    if digest not in there and (digest or len(there) > 1):
        raise UserError(
            f"{store}: holds labels of {len(there)} settings digests ({', '.join(there)}), which can't be mixed; "
            "choose one with --digest"
        )
    return store / (digest or there[0])


def _requested_batches(paths: list[Path]) -> list[Batch]:
    batches = []
    for path in paths:
        frames = read_frames(path)
        for frame in frames:
            frame.info["frame_id"] = frame_id(frame)
        batches.append(Batch(path.parent.name if path.stem == "requested" else path.stem, frames, {}))
    return batches


def _counted(rows: pd.DataFrame) -> str:
    return ", ".join(f"{count} {status}" for status, count in Counter(rows.status).most_common())


@app.command(
    name="export",
    short_help="Inputs of the frames that lack labels.",
    epilog="Example: melt2crystal labels export work/inputs --study open",
)
def export_frames(
    folder: Folder,
    study: StudyName = "",
    results: Results = Path("results"),
    frames: Annotated[list[Path] | None, typer.Option(help="extended XYZ; default: all the study asked for")] = None,
) -> None:
    """Write the inputs of all frames that have no label yet, to be computed on another machine."""
    given = the_study(study)
    engine, digest = engine_of(given)
    paths = frames or sorted((results / given.name / "label").glob("*/requested.extxyz"))
    if not paths:
        raise UserError(
            f"{results / given.name}/label: no frames were asked for yet (<batch>/requested.extxyz); make them, e.g. "
            f"snakemake --cores 2 {results / given.name}/label/initial/requested.extxyz --config study={given.name}"
        )
    asked = [frame for path in paths for frame in read_frames(path)]
    for frame in asked:
        frame.info["frame_id"] = frame_id(frame)
        frame.calc = None
    store = LabelStore(results / "label-store", digest, "export", known_files(given))
    wanted, known, refused = without_label(asked, store, given.substance.minimum_distances_A)
    for line in refused:
        print(f"left out, {line}")
    if not wanted:
        print(f"nothing to export: {known} frames have their labels, {len(refused)} are unphysical")
        return
    export(folder, wanted, engine, digest, given.name, given.reference.name)
    print(
        f"{folder}: {len(wanted)} frames exported, settings digest {digest}; {known} have labels, {len(refused)} "
        f"unphysical ones left out. How to run it: {folder}/README.md"
    )


@app.command(
    name="import",
    short_help="Labels that were computed elsewhere.",
    epilog="Example: melt2crystal labels import work/inputs --study open",
)
def import_labels(
    folder: Folder,
    study: StudyName = "",
    results: Results = Path("results"),
    table: Annotated[Path | None, typer.Option(help="status of every frame (CSV); default: in the folder")] = None,
) -> None:
    """Put the finished labels of an exported folder into the label store; again is harmless."""
    given = the_study(study)
    engine, digest = engine_of(given)
    limit = given.label.largest_force_eV_per_A
    store = results / "label-store"
    brought = list(import_outputs(folder, engine, digest, store, given.name, limit, known_files(given)))
    for row in brought:
        if row.status not in ("ok", "not there yet"):
            print(f"{row.frame_id}: {row.status}: {row.reason}")
    for reason, count in Counter(row.reason for row in brought if row.status == "ok" and row.reason).items():
        print(f"{count} labels taken, {reason}")
    rows = pd.DataFrame([vars(row) for row in brought])
    write_csv(table or folder / "imported.csv", rows)
    new = sum(row.stored for row in brought)
    print(f"{folder}: {_counted(rows)}; {new} new in {store}/{digest}. The study's label jobs find them there")
