"""The summary's text about the structures found."""

from melt2crystal.markdown import records
from melt2crystal.summary.columns import AGREEMENT, KNOWN, SEARCHES, STRUCTURES, TRANSITIONS
from melt2crystal.summary.found_schema import Search


def show(value: float | None, digits: int | None = None) -> str:
    """A number with so many digits (default: as short as it goes), or a dash."""
    if value is None:
        return "–"
    return f"{value:g}" if digits is None else f"{value:.{digits}f}"


def search_text(search: Search) -> str:
    """Agreement of the energies, what was found at each pressure, known crystals, transitions."""
    interval = ""
    if search.pearson_interval:
        interval = " (95 % interval {:.3f} to {:.3f})".format(*search.pearson_interval)
    text = (
        f"{search.labelled} unique structures have a reference energy: "
        f"Pearson r = {show(search.pearson_r, 3)}{interval}, "
        f"RMSE {show(search.rmse_all_meV_per_atom, 1)} meV/atom over all; "
        f"{show(search.rmse_window_meV_per_atom, 1)} meV/atom over the {search.labelled_in_window} within "
        f"{search.stable_window_eV_per_atom:g} eV/atom of the lowest."
    )
    if search.rmse_all_meV_per_atom is not None and search.mean_difference_meV_per_atom is not None:
        common = search.mean_difference_meV_per_atom
        left = max(0.0, search.rmse_all_meV_per_atom**2 - common**2) ** 0.5
        text += f" HP lies {common:+.1f} meV/atom off on average; after this one constant {left:.1f} are left."
    if search.found_in:
        text += f"\n\nNothing was searched: the structures are those of `{search.found_in}`, found with another model. "
        text += f"HP's own relaxation keeps {search.kept} of {search.given} of them."
    best = ({**vars(s), "pressure_GPa": p.pressure_GPa} for p in search.pressures for s in p.best)
    parts = [text, _agreement(search), records(SEARCHES, map(vars, search.pressures)), records(STRUCTURES, best)]
    return "\n\n".join(part for part in (*parts, _known(search), _transitions(search)) if part)


def _agreement(search: Search) -> str:
    """Nothing of a summary that was written before this was told."""
    rows = []
    for group in search.agreement:
        words = {
            "raw": with_interval(group.raw_meV_per_atom, group.raw_low, group.raw_high, 1),
            "shifted": with_interval(group.shifted_meV_per_atom, group.shifted_low, group.shifted_high, 1),
            "order": with_interval(group.spearman, group.spearman_low, group.spearman_high, 3),
        }
        rows.append({**vars(group), **words})
    told = "In brackets: 95 % intervals, bootstrap over structures (not given for fewer than five)."
    return f"{records(AGREEMENT, rows)}\n\n{told}" if rows else ""


def with_interval(value: float | None, low: float | None, high: float | None, digits: int) -> str:
    """A number and its interval."""
    shown = show(value, digits)
    return shown if low is None or high is None else f"{shown} ({show(low, digits)} to {show(high, digits)})"


def _known(search: Search) -> str:
    if not search.known:
        return ""
    rows = [row for row in search.known if row.state != "minimum"]
    kept, unknown = len(search.known) - len(rows), sum(row.state.startswith("not known") for row in rows)
    counts = f"{kept} stay, {len(rows) - unknown} go, of {unknown} it is not known"
    text = f"Known crystals relaxed with HP, rattled, at the pressures of the search: {counts}."
    return f"{text}\n\n{records(KNOWN, map(vars, rows))}" if rows else text


def _transitions(search: Search) -> str:
    return records(TRANSITIONS, map(vars, search.transitions)) if search.transitions else ""
