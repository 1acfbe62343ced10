"""Pages of the report: the study's tables and texts as HTML files that open anywhere."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import write_text
from melt2crystal.options import SettingsText
from melt2crystal.report.contents import CONTENTS
from melt2crystal.report.pages import as_table, from_markdown, from_plain, page
from melt2crystal.sections.purpose import warning
from melt2crystal.settings import Settings

HASH_SHOWN = 12  # characters of digests and commits on a page; the CSV has them in full


def together(paths: list[Path]) -> pd.DataFrame:
    """Tables of equal columns below each other."""
    return pd.concat([pd.read_csv(path, dtype={"frame_id": str, "id": str}) for path in paths], ignore_index=True)


def labels_by_status(paths: list[Path]) -> pd.DataFrame:
    """Labels counted per batch (the tables' folders), status and reason, with the seconds they took."""
    tables = [
        pd.read_csv(path, dtype={"frame_id": str, "reason": str}).assign(batch=path.parent.name) for path in paths
    ]
    whole = pd.concat(tables, ignore_index=True)
    whole["reason"] = whole["reason"].fillna("")
    groups = whole.groupby(["batch", "status", "reason"], sort=False)
    return groups.agg(labels=("status", "size"), seconds=("seconds", "sum")).round(1).reset_index()


def heldout_errors(paths: list[Path]) -> pd.DataFrame:
    """Errors of each potential (folders of the files): ensemble mean, at each pressure, each member."""
    rows = []
    for path in paths:
        measured = json.loads(path.read_text(encoding="utf-8"))
        parts = {"all frames, ensemble mean": measured}
        by_pressure = sorted(measured["pressures"].items(), key=lambda item: float(item[0]))
        parts |= {f"{pressure} GPa, ensemble mean": part for pressure, part in by_pressure}
        parts |= {f"all frames, member {number}": part for number, part in enumerate(measured["members"])}
        rows += [
            {
                "potential": path.parent.name.upper(),
                "of": name,
                "frames": part.get("frames", "" if "GPa" in name else measured["frames"]),
                "energy_RMSE_meV_per_atom": round(part["energy_rmse_meV_per_atom"], 3),
                "force_RMSE_eV_per_A": round(part["force_rmse_eV_per_A"], 4),
            }
            for name, part in parts.items()
        ]
    return pd.DataFrame(rows)


def fits(paths: list[Path]) -> pd.DataFrame:
    """Fits; member -1 is the ensemble mean."""
    table = together(paths)
    return table.assign(member=table["member"].map(lambda member: "mean" if member == -1 else str(member)))


def origins(paths: list[Path]) -> pd.DataFrame:
    """Figures with digests and commits cut to what a person compares."""
    table = together(paths)
    for name in ("sha256", "settings_digest"):
        table[name] = table[name].str[:HASH_SHOWN]
    dirty = table["commit"].str.endswith("-dirty").map({True: "-dirty", False: ""})
    return table.assign(commit=table["commit"].str.removesuffix("-dirty").str[:HASH_SHOWN] + dirty)


READERS: dict[str, Callable[[list[Path]], pd.DataFrame]] = {
    "labels": labels_by_status,
    "heldout": heldout_errors,
    "fits": fits,
    "origins": origins,
}


def body_of(name: str, paths: list[Path]) -> str:
    """HTML of one page, by the kind of its files."""
    kind = paths[0].suffix
    if kind == ".md":
        return from_markdown(paths[0].read_text(encoding="utf-8"))
    if kind == ".yaml":
        return from_plain(paths[0].read_text(encoding="utf-8"))
    return as_table(READERS.get(name, together)(paths))


def by_page(sources: list[str]) -> dict[str, list[Path]]:
    """Files of each page.

    Raises:
        UserError: a source names no page of the report, or no file.
    """
    files: dict[str, list[Path]] = {}
    for source in sources:
        name, _, path = source.partition("=")
        if name not in CONTENTS or not path:
            raise UserError(f"--source {source}: not page=file with a page of {', '.join(CONTENTS)}")
        files.setdefault(name, []).append(Path(path))
    return files


@reports_errors
def report_tables(
    source: Annotated[list[str], typer.Option(help="page=file; once for each file that the page is made from")],
    beside: Annotated[Path, typer.Option(help="one of the pages; the others are written beside it")],
    settings: SettingsText,
) -> None:
    """Write one HTML page for each source."""
    given = Settings(settings)
    where = f"study {given.value('name')}, reference: {given.value('reference.name')}"
    for name, paths in by_page(source).items():
        only = paths[0] if len(paths) == 1 else None
        text = page(CONTENTS[name].title, where, body_of(name, paths), only, warning(given.value("purpose")))
        write_text(beside.with_name(f"{name}.html"), text)


if __name__ == "__main__":
    typer.run(report_tables)
