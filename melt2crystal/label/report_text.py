"""The report on labels as Markdown."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from melt2crystal.label.report import NO_BATCH, ROBUST_Z, SMALLEST_GROUP, SOURCES, STATUSES
from melt2crystal.markdown import table as as_table

REASONS = 5  # shown for each status
LISTED = 40  # outliers shown; the CSV file has them all


def report_text(
    rows: pd.DataFrame,
    reference: str,
    digest: str,
    study: str,
    notes: Sequence[str],
    unreadable: int,
    warning: str = "",
) -> str:
    """The report.

    Args:
        rows: of ``report_table``.
        reference: which reference made the labels.
        digest: its settings digest.
        study: name of the study, '' for a bare store.
        notes: what could not be used, in words.
        unreadable: journal lines that can't be read.
        warning: what must be known before a number is believed.
    """
    of_study = f"Study {study}. " if study else ""
    parts = [
        f"# Labels by {reference}",
        *([f"**{warning}.**"] if warning else []),
        f"{of_study}Settings digest `{digest}`. Energies are per atom and not comparable with those of other settings.",
        "## Status",
        _statuses(each_frame(rows)),
        "## Cost",
        _cost(rows),
        "CPU seconds by pressure, good labels computed here:",
        _cost_by_pressure(rows),
        "## Batches",
        _counts(rows, ["batch"], ["batch"]),
        "## States",
        _counts(each_frame(rows), ["pressure_GPa", "temperature_K"], ["p (GPa)", "T (K)"]),
        "## Energies and forces of the good labels",
        _numbers(each_frame(rows)),
        "## Outliers",
        _outliers(rows),
    ]
    notes = [
        *notes,
        *([f"journal lines that can't be read (being written, or cut off): {unreadable}"] if unreadable else []),
    ]
    if notes:
        parts += ["## Not used", "\n".join(f"* {note}" for note in notes)]
    return "\n\n".join(parts) + "\n"


def each_frame(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a frame, however many batches ask for it: a good one if there is any, the one that was paid for first."""
    rank = pd.DataFrame(
        {"ok": rows.status != "ok", "told": rows.status == "not yet", "paid": rows.source != "computed"}
    )
    first = rank.sort_values(["ok", "told", "paid"], kind="stable").index
    return rows.loc[first].drop_duplicates("frame_id").sort_index()


def good_here(rows: pd.DataFrame) -> pd.DataFrame:
    """Good labels that were computed here, one row each."""
    return rows[(rows.source == "computed") & (rows.status == "ok") & (rows.seconds > 0)]


def _statuses(rows: pd.DataFrame) -> str:
    lines = []
    for status in STATUSES:
        of_status = rows[rows.status == status]
        if of_status.empty:
            continue
        reasons = of_status.reason[of_status.reason != ""].value_counts()
        told = "; ".join(f"{count} x {_cell(text)}" for text, count in reasons.head(REASONS).items())
        more = f"; {len(reasons) - REASONS} other reasons" if len(reasons) > REASONS else ""
        lines.append((status, len(of_status), f"{len(of_status) / len(rows):.1%}", told + more))
    return as_table(("status", "frames", "share", "first telling lines"), lines) if lines else "No frames yet."


def _cell(text: object) -> str:
    return str(text).replace("|", "\\|")[:160]


def totals(rows: pd.DataFrame) -> dict[str, float]:
    """CPU seconds kept and wasted here and free (spent elsewhere), good labels computed here and free."""
    good = rows[rows.status == "ok"]
    here = good[good.source == "computed"]
    free = good[good.source.isin(SOURCES[1:])].drop_duplicates("frame_id")
    # a frame computed in one batch and asked for again in another saves nothing more
    free = free[~free.frame_id.isin(here.frame_id)]
    return {
        "kept_s": float(here.seconds.sum()),
        "wasted_s": float(rows.wasted_seconds.sum()),
        "free_s": float(free.seconds.sum()),
        "computed": float(len(here)),
        "free": float(len(free)),
    }


def hours(seconds: float) -> str:
    """A cost in the unit it is easily read in."""
    if seconds < 100:
        return f"{seconds:.3g} s"
    return f"{seconds / 60:.1f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def _cost(rows: pd.DataFrame) -> str:
    sums = totals(rows)
    spent = sums["kept_s"] + sums["wasted_s"]
    per_label = hours(spent / sums["computed"]) if sums["computed"] else "–"
    lost = rows[rows.batch == NO_BATCH]
    lines = [
        ("good labels computed here", f"{sums['computed']:.0f}", hours(sums["kept_s"])),
        (
            "wasted: failures and repetitions",
            f"{rows[rows.wasted_seconds > 0].frame_id.nunique()}",
            hours(sums["wasted_s"]),
        ),
        ("spent here, all in all", "", hours(spent)),
        ("spent per kept label", "", per_label),
    ]
    once = each_frame(rows)
    free = once[(once.status == "ok") & once.source.isin(SOURCES[1:])]
    for source in SOURCES[1:]:
        of_source = free[free.source == source]
        if len(of_source):
            lines.append(
                (f"free, from: {source}", f"{len(of_source)}", f"({hours(of_source.seconds.sum())} spent there)")
            )
    if len(lost):
        lines.append(("among them no longer requested", f"{len(lost)}", ""))
    return as_table(("", "frames", "CPU time"), lines)


def _cost_by_pressure(rows: pd.DataFrame) -> str:
    here = good_here(rows)
    lines = []
    for pressure, group in here.groupby("pressure_GPa", dropna=False):
        low, middle, high = np.percentile(group.seconds, [10, 50, 90])
        name = "other" if np.isnan(pressure) else f"{pressure:g}"
        values = (low, middle, high, group.seconds.max())
        lines.append(
            (
                name,
                len(group),
                *(f"{value:.3g}" if value < 100 else f"{value:.0f}" for value in values),
                hours(group.seconds.sum()),
            )
        )
    head = ("p (GPa)", "labels", "10 %", "median (s)", "90 %", "largest", "sum")
    return as_table(head, lines) if lines else "None was computed here."


def _counts(rows: pd.DataFrame, by: list[str], head: list[str]) -> str:
    shown = [status for status in STATUSES if (rows.status == status).any()]
    lines = []
    for key, group in rows.groupby(by, dropna=False, sort=True):
        names = [f"{value:g}" if isinstance(value, float) and not np.isnan(value) else value for value in key]
        names = ["–" if isinstance(name, float) else name for name in names]
        free = int(((group.status == "ok") & group.source.isin(SOURCES[1:])).sum())
        lines.append((*names, len(group), *(int((group.status == status).sum()) for status in shown), free))
    return as_table((*head, "requested", *shown, "free"), lines) if lines else "No frames yet."


def _numbers(rows: pd.DataFrame) -> str:
    good = rows[rows.energy_eV_per_atom.notna()]
    lines = []
    for (pressure, formula), group in good.groupby(["pressure_GPa", "formula"], dropna=False):
        name = "–" if np.isnan(pressure) else f"{pressure:g}"
        energy = group.energy_eV_per_atom
        spread = f"{1000 * energy.std():.0f}" if len(group) > 1 else "–"
        force = f"{group.rms_force_eV_per_A.median():.2f}"
        lines.append(
            (
                name,
                formula,
                len(group),
                f"{energy.mean():.4f}",
                spread,
                force,
                f"{group.largest_force_eV_per_A.max():.1f}",
            )
        )
    head = (
        *("p (GPa)", "composition", "labels", "mean energy (eV/atom)", "standard deviation (meV/atom)"),
        *("force RMS, median (eV/Å)", "largest force (eV/Å)"),
    )
    return as_table(head, lines) if lines else "No good labels yet."


def _outliers(rows: pd.DataFrame) -> str:
    rule = (
        f"Robust z-score of {ROBUST_Z:g} or more among labels of the same composition at the same (T, p), at the "
        f"same pressure if there are fewer than {SMALLEST_GROUP}; smaller groups are not judged; crystals by energy "
        "within their batch. Look at them before training."
    )
    named = rows[rows.outlier != ""]
    if named.empty:
        return f"None. {rule}"
    lines = [(row.frame_id, row.batch, _cell(row.outlier)) for row in named.head(LISTED).itertuples()]
    more = f"\n\n{len(named) - LISTED} more in the CSV file." if len(named) > LISTED else ""
    return f"{rule}\n\n{as_table(('frame', 'batch', 'why'), lines)}{more}"
