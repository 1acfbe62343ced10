"""Where the results come from: the resolved study, versions of the programs, what each figure says of itself."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
import yaml

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.files import digest_of_file, write_text
from melt2crystal.options import SettingsText
from melt2crystal.provenance import Origin, read_origin
from melt2crystal.report.versions import pinned, programs
from melt2crystal.settings import Settings

HEAD = """# The study as it ran: every setting, also those its file left at their defaults.
# It is a whole study: snakemake --configfile {name}
"""


def origin_of(path: Path) -> Origin:
    """What the figure says of itself; a figure of an older version says nothing."""
    try:
        return read_origin(path)
    except UserError:
        return Origin(*["not recorded"] * 5)


@reports_errors
def report_provenance(
    figures: Annotated[list[Path], typer.Argument(help="every figure of the study")],
    lock: Annotated[Path, typer.Option(help="pinned versions (requirements.txt)")],
    reference: Annotated[Path, typer.Option(help="engine and settings digest (JSON)")],
    study: Annotated[Path, typer.Option(help="the resolved study (YAML)")],
    versions: Annotated[Path, typer.Option(help="versions of the programs (CSV)")],
    origins: Annotated[Path, typer.Option(help="origin of each figure (CSV)")],
    settings: SettingsText,
) -> None:
    """Write the three files."""
    given = Settings(settings).values
    text = yaml.safe_dump(given, sort_keys=False, allow_unicode=True, width=110)
    write_text(study, HEAD.format(name=study) + text)
    digest = json.loads(reference.read_text(encoding="utf-8"))["settings_digest"]
    table = pd.DataFrame(programs(given["reference"], digest), columns=["program", "version", "role"])
    wanted = pinned(lock.read_text(encoding="utf-8").splitlines())
    table.insert(2, "pinned", [wanted.get(name, "") for name in table["program"]])
    write_text(versions, table.to_csv(index=False))
    rows = [
        {"figure": path.name, "sha256": digest_of_file(path), **asdict(origin_of(path))} for path in sorted(figures)
    ]
    write_text(origins, pd.DataFrame(rows).to_csv(index=False))


if __name__ == "__main__":
    typer.run(report_provenance)
