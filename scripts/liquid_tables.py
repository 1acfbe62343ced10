"""Join the tables of all melts: one row per walk, and certified and excluded frames per state."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from melt2crystal.errors import speaks
from melt2crystal.files import complete

STATE = ["purpose", "pressure_GPa", "temperature_K"]


@speaks
def liquid_tables(
    tables: Annotated[list[Path], typer.Argument(help="walks.csv of each melt, certificate.csv beside it")],
    walks: Annotated[Path, typer.Option(help="all walks (CSV)")],
    counts: Annotated[Path, typer.Option(help="frames, passed and excluded ones per state (CSV)")],
) -> None:
    """Both tables are sorted by purpose, pressure and temperature; states without any frame are kept."""
    joined = pd.concat([pd.read_csv(path) for path in tables]).sort_values(STATE).reset_index(drop=True)
    findings = []
    for path in tables:
        found = pd.read_csv(path.with_name("certificate.csv"), keep_default_na=False)
        findings.append(found.assign(purpose=path.parents[1].name))
    for path, table in ((walks, joined), (counts, counts_per_state(joined, pd.concat(findings)))):
        with complete(path) as beside:
            table.to_csv(beside, index=False)


def counts_per_state(walks: pd.DataFrame, findings: pd.DataFrame) -> pd.DataFrame:
    """Frames, passed, excluded, would_pass (verdict of the checks even if the certificate is off), crystals seen.

    Args:
        walks: the joined walks; each gives one row.
        findings: columns of certificate.csv and ``purpose``.
    """
    rows = []
    groups = dict(list(findings.groupby(STATE))) if len(findings) else {}
    for walk in walks.to_dict("records"):
        key = tuple(walk[name] for name in STATE)
        found = groups.get(key, findings.iloc[:0])
        passed, would_pass = (found[name].astype(str) == "True" for name in ("passed", "would_pass"))
        crystals = found[~would_pass]["crystal_match"].value_counts()
        rows.append(
            dict(zip(STATE, key, strict=True))
            | {
                "frames": len(found),
                "passed": int(passed.sum()),
                "excluded": int((~passed).sum()),
                "would_pass": int(would_pass.sum()),
                "highest_space_group": int(found["space_group"].max()) if len(found) else 0,
                "most_like": crystals.index[0] if len(crystals) else "",
                "walk": walk["status"] if walk["status"] != "ok" else next(iter(found["walk"]), ""),
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    typer.run(liquid_tables)
