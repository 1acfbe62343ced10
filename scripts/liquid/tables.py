"""Join the tables of all melts: one row per walk, and certified and excluded frames per state."""

import re
from collections import Counter
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import reports_errors
from melt2crystal.files import write_csv
from melt2crystal.liquid.certificate import OFF
from melt2crystal.options import SettingsText
from melt2crystal.settings import Settings

NO_WALK = "not in this study"  # melts from files: diffusion is not judged
STATE = ["purpose", "pressure_GPa", "temperature_K"]


@reports_errors
def liquid_tables(
    tables: Annotated[list[Path], typer.Argument(help="certificate.csv of each melt, walks.csv beside it")],
    counts: Annotated[Path, typer.Option(help="frames, passed and excluded ones per state (CSV)")],
    settings: SettingsText,
    walks: Annotated[Path | None, typer.Option(help="all walks (CSV); leave it out if the melts have none")] = None,
) -> None:
    """Both tables are sorted by purpose, pressure and temperature; states without any frame are kept."""
    of_melts = [pd.read_csv(path, keep_default_na=False).assign(purpose=path.parents[1].name) for path in tables]
    findings = pd.concat(of_melts)
    if walks is None:
        joined = findings[STATE].drop_duplicates().assign(status=NO_WALK).sort_values(STATE)
    else:
        joined = pd.concat([pd.read_csv(path.with_name("walks.csv")) for path in tables])
        joined = joined.sort_values(STATE).reset_index(drop=True)
        write_csv(walks, joined)
    limit = Settings(settings).value("certificate.crystal_fraction_max")
    write_csv(counts, counts_per_state(joined, findings, limit))


def counts_per_state(walks: pd.DataFrame, findings: pd.DataFrame, crystal_fraction_max: float) -> pd.DataFrame:
    """Frames, passed, excluded, would_pass (verdict of the checks even if the certificate is off), reasons, crystals.

    A crystal is named only where more atoms have its surroundings than the certificate allows: below that it says
    nothing, whatever else the frames were excluded for.

    Args:
        walks: the joined walks; each gives one row.
        findings: columns of certificate.csv and ``purpose``.
        crystal_fraction_max: the certificate's limit of that share.
    """
    rows = []
    groups = dict(list(findings.groupby(STATE))) if len(findings) else {}
    for walk in walks.to_dict("records"):
        key = tuple(walk[name] for name in STATE)
        found = groups.get(key, findings.iloc[:0])
        passed, would_pass = (found[name].astype(str) == "True" for name in ("passed", "would_pass"))
        excluded = found[~would_pass]
        alike = excluded["crystal_fraction"].astype(float) > crystal_fraction_max
        crystals = excluded[alike]["crystal_match"].value_counts()
        rows.append(
            dict(zip(STATE, key, strict=True))
            | {
                "frames": len(found),
                "passed": int(passed.sum()),
                "excluded": int((~passed).sum()),
                "would_pass": int(would_pass.sum()),
                "highest_space_group": int(found["space_group"].max()) if len(found) else 0,
                "because": reasons_counted(excluded["reason"]),
                "most_like": crystals.index[0] if len(crystals) else "",
                "walk": walk["status"] if walk["status"] != "ok" else next(iter(found["walk"]), ""),
            }
        )
    return pd.DataFrame(rows)


def reasons_counted(texts: pd.Series) -> str:
    """Reasons of certificates with how often each was given, without their percentages: '3 atoms as in stishovite'."""
    kinds = [re.sub(r"^\d+% of the atoms", "atoms", part) for text in texts for part in text.split("; ") if part != OFF]
    counts = sorted(Counter(kinds).items(), key=lambda one: (-one[1], one[0]))
    return "; ".join(f"{count} {kind}" for kind, count in counts)


if __name__ == "__main__":
    typer.run(liquid_tables)
