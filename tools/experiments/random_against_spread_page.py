"""Write docs/results/random-against-spread.md, its CSV and its figure, from the rows that
``tools.experiments.random_against_spread`` has collected.

``python -m tools.experiments.random_against_spread_page``
"""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal import markdown
from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import OKABE_ITO, as_text, journal_style, letter, new_figure, plain_logarithmic
from melt2crystal.files import complete, write_text
from melt2crystal.sections.figures import Figures
from melt2crystal.summary.replicates import interval
from tools.experiments.random_against_spread import CELLS, DESIGN, KEY, NOTHING, STRATEGIES, TABLES, TRAININGS
from tools.results.cells import FOLDER, PAGES, Cell, Origin, Table, write_cells

PAGE = PAGES / "random-against-spread.md"
FIGURE = PAGES.parent / "figures" / "random-against-spread.png"
BEGIN = "<!-- written by 'python -m tools.experiments.random_against_spread_page' from here -->"
END = "<!-- to here -->"
HEADING = "Errors at equal labels"
FEWEST = 2  # seeds of a number of labels that has an interval
COLOURS = {"spread": OKABE_ITO["blue"], "random": OKABE_ITO["vermilion"]}
# column -> words, decimals
MEASURES = {
    "heldout_force_eV_per_A": ("held-out melt, force, eV/Å", 3),
    "explored_force_eV_per_A": ("explored frames, force, eV/Å", 3),
    "tetrahedral_meV_per_atom": ("tetrahedral curves, meV/atom", 1),
    "heldout_energy_meV_per_atom": ("held-out melt, energy, meV/atom", 1),
    "explored_energy_meV_per_atom": ("explored frames, energy, meV/atom", 1),
    "octahedral_meV_per_atom": ("octahedral curves, meV/atom", 1),
}


@dataclass(frozen=True)
class Paired:
    """Differences of pairs, random minus spread: their number, mean, and interval where there are two and more."""

    number: int
    mean: float
    low: float | None = None
    high: float | None = None

    @property
    def tells(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def paired(differences: Sequence[float]) -> Paired:
    """Mean of differences with its interval by Student's t (Student, Biometrika 6, 1 (1908))."""
    mean = float(np.mean(differences)) if len(differences) else float("nan")
    return Paired(len(differences), mean, *(interval(differences) or (None, None)))


def of_both(rows: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Errors of the pairs that are whole: a row for each (added, seed), a column for each strategy."""
    beside = rows[rows["strategy"].isin(STRATEGIES)].pivot(index=["added", "seed"], columns="strategy", values=measure)
    return beside.reindex(columns=list(STRATEGIES)).dropna()


def all_counts(rows: pd.DataFrame, measure: str) -> Paired:
    """How much larger the error of random is, %, over all numbers of labels that have two seeds and more.

    One value for each seed that has them all: its mean over the numbers of labels.
    """
    beside = of_both(rows, measure)
    percent = (100 * (beside["random"] / beside["spread"] - 1)).unstack("added")
    several = percent.loc[:, percent.notna().sum() >= FEWEST]
    return paired(several.dropna().mean(axis=1).to_numpy() if several.shape[1] else [])


def errors_table(rows: pd.DataFrame) -> Table:
    """A row for each measure and number of labels, and one for all numbers together."""
    heads = ["seeds", *STRATEGIES, "random minus spread", "the same, %"]
    table = Table(HEADING, heads, first="error, frames added")
    for measure, (words, decimals) in MEASURES.items():
        alone = rows.loc[rows["strategy"] == NOTHING, measure]
        if len(alone):
            table.add(f"{words}, none", Cell(len(alone)), *[_cell(float(alone.mean()), decimals)] * 2, "", "")
        for added, pairs in of_both(rows, measure).groupby(level="added"):
            between = paired((pairs["random"] - pairs["spread"]).to_numpy())
            means = [_cell(float(pairs[strategy].mean()), decimals) for strategy in STRATEGIES]
            percent = _cell(100 * between.mean / float(pairs["spread"].mean()), 1)
            shown = _cell(between.mean, decimals, between.low, between.high)
            table.add(f"{words}, {added}", Cell(between.number), *means, shown, percent)
        together = all_counts(rows, measure)
        if together.number:
            shown = _cell(together.mean, 1, together.low, together.high)
            table.add(f"{words}, all numbers together", Cell(together.number), "", "", "", shown)
    return table


def _cell(value: float, decimals: int, low: float | None = None, high: float | None = None) -> Cell:
    """A cell with the digits that its CSV keeps, so that both round to the same."""
    kept = [None if number is None else round(number, decimals + 2) for number in (value, low, high)]
    return Cell(kept[0], decimals, kept[1], kept[2])


def changed_by_labels(rows: pd.DataFrame, measure: str) -> tuple[int, Paired]:
    """The largest number of frames added, and by how much the error changes with them, % of that of the base alone.

    One value for each seed: mean of the strategies.
    """
    alone = rows[rows["strategy"] == NOTHING].set_index("seed")[measure]
    means = of_both(rows, measure).mean(axis=1).unstack("added")
    if means.empty:
        return 0, paired([])
    change = 100 * (means.iloc[:, -1] / alone - 1)
    return int(means.columns[-1]), paired(change.dropna().to_numpy())


def whether_labels_matter(rows: pd.DataFrame) -> str:
    """Whether networks get better by labels at all; if not, no choice of labels can be seen."""
    added, change = changed_by_labels(rows, next(iter(MEASURES)))
    if change.low is None or change.high is None:
        return "Whether labels matter at all can't be said yet."
    reach = f"{as_text(change.mean, '.1f')} % ({as_text(change.low, '.1f')} to {as_text(change.high, '.1f')})"
    told = f"{added} frames more change the force error of held-out melt by {reach} of that of the base alone"
    if change.high < 0:
        return f"Labels matter: {told}."
    return (
        f"**That labels matter at all is not shown, and as long as it isn't, no choice of them can be judged**: {told}."
    )


def verdict(rows: pd.DataFrame) -> str:
    """What the numbers say, whichever way they fall."""
    each = [
        paired((pairs["random"] - pairs["spread"]).to_numpy())
        for measure in MEASURES
        for _, pairs in of_both(rows, measure).groupby(level="added")
    ]
    together = {words: all_counts(rows, measure) for measure, (words, _) in MEASURES.items()}
    intervals = [one for one in each if one.low is not None]
    outside = [one for one in intervals if one.tells]
    better = sum(one.mean > 0 for one in outside)
    seeds = of_both(rows, next(iter(MEASURES))).groupby(level="added").size()
    several = ", ".join(str(added) for added in seeds.index[seeds >= FEWEST])
    spans = {words: one for words, one in together.items() if one.low is not None and one.high is not None}
    said = [f"{words}: {_in_words(one)}" for words, one in spans.items() if one.tells]
    over = f"over all numbers of labels ({several})"
    if said:
        first = (
            f"**{over.capitalize()} {len(said)} of {len(spans)} errors differ.** That of random is: {'; '.join(said)}."
        )
    elif spans:
        ends = [end for one in spans.values() for end in (one.low, one.high) if end is not None]
        reach = [as_text(end, ".0f") for end in (min(ends), max(ends))]
        first = (
            f"**No difference is seen**: {over} none of {len(spans)} errors differs. The intervals leave room for an "
            f"error of random that is {reach[0]} to {reach[1]} % larger than that of spread."
        )
    else:
        first = "**No answer yet**: no two seeds have a number of labels in common."
    return (
        f"{first} Of {len(intervals)} single paired differences {len(outside)} have an interval that leaves out zero "
        f"({better} for spread, {len(outside) - better} for random); without any difference one interval in twenty "
        "would, and errors of one network are not independent of each other."
    )


def _in_words(one: Paired) -> str:
    """A relative difference, %, whose interval leaves out zero."""
    low, high = sorted(abs(end) for end in (one.low or 0.0, one.high or 0.0))
    return f"{abs(one.mean):.1f} % {'larger' if one.mean > 0 else 'smaller'} ({low:.1f} to {high:.1f})"


def draw(rows: pd.DataFrame) -> Figure:
    """A panel for each error: means over the seeds as lines, smallest to largest as bands."""
    figures = Figures()
    figure = new_figure(figures.double_column_mm, 0.62 * figures.double_column_mm)
    panels = figure.subplots(2, 3).ravel()
    for k, (axes, (measure, (words, _))) in enumerate(zip(panels, MEASURES.items(), strict=True)):
        alone = rows.loc[rows["strategy"] == NOTHING, measure]
        if len(alone):
            axes.axhspan(alone.min(), alone.max(), color=OKABE_ITO["grey"], alpha=0.2, linewidth=0)
            axes.axhline(alone.mean(), color=OKABE_ITO["grey"], linestyle="--", label="base alone")
        for strategy in STRATEGIES:
            _curve(axes, of_both(rows, measure)[strategy], strategy)
        axes.set(xscale="log", xlabel="frames added", ylabel=words.replace(", ", ",\n", 1))
        plain_logarithmic(axes.xaxis)
        axes.minorticks_off()
        counts = sorted(set(rows.loc[rows["added"] > 0, "added"]))
        axes.set_xticks(counts)
        axes.set_xlim(0.8 * counts[0], 1.25 * counts[-1])
        letter(axes, chr(ord("a") + k))
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _curve(axes: Axes, errors: pd.Series, strategy: str) -> None:
    by_count = errors.groupby(level="added")
    mean, least, most, colour = by_count.mean(), by_count.min(), by_count.max(), COLOURS[strategy]
    axes.fill_between(mean.index, least, most, color=colour, alpha=0.2, linewidth=0)
    aside = mean.index * (0.99 if strategy == "spread" else 1.01)  # so that neither hides the other
    axes.vlines(aside, least, most, color=colour, linewidth=0.6)
    axes.plot(aside, mean, "o-" if strategy == "spread" else "s-", color=colour, label=strategy)


def rests_on(design: dict[str, Any], cells: pd.DataFrame, rows: pd.DataFrame) -> str:
    """What could be chosen from, and how much the two choices share."""
    seen = cells[["accurate", "candidate", "failed", "invalid"]].sum()
    taken = rows[rows["strategy"].isin(STRATEGIES)]
    lines = [
        f"* `python -m tools.experiments.random_against_spread results/{design['study']} --steps {design['steps']}`",
        f"* Base: {design['base_frames']} frames ({design['base_per_state']} of each of {len(cells)} states). Each "
        f"network that is judged: {design['steps']} steps; each of the {design['members']} of the ensemble: "
        f"{design['ensemble_steps']}. Frames set aside as a test: {design['tests']}.",
        f"* {int(seen.sum())} explored frames: {seen['accurate']} accurate, {seen['candidate']} candidates, "
        f"{seen['failed']} failed, {seen['invalid']} invalid (window {cells['eps_lo'].iloc[0]:.2f} to "
        f"{cells['eps_hi'].iloc[0]:.2f} eV/Å). Certified candidates that don't test, from which both strategies "
        f"choose: {int(cells['to_choose_from'].sum())}, of {int((cells['to_choose_from'] > 0).sum())} states.",
    ]
    for added, own in taken.groupby("added"):
        states = " and ".join(
            f"{own.loc[own['strategy'] == name, 'cells'].mean():.1f} ({name})"
            for name in STRATEGIES
            if (own["strategy"] == name).any()
        )
        lines.append(f"* {added} frames come from {states} states on average; both choices share {_mean_shared(own)}.")
    return "\n".join(lines)


def _mean_shared(rows: pd.DataFrame) -> str:
    return f"{rows['shared'].mean():.1f}"


def block(rows: pd.DataFrame, cells: pd.DataFrame, design: dict[str, Any]) -> tuple[str, Table, Origin]:
    """What stands between the two lines of the page, its table, and where that is from."""
    table = errors_table(rows)
    told = {name: ", ".join(sorted(set(rows[name].astype(str)))) for name in ("commit", "machine")}
    origin = Origin(
        design["study"], design["settings_digest"][:16], told["commit"], str(max(rows["date"])), told["machine"]
    )
    measured = " | ".join((origin.study, origin.settings_digest, origin.commit, origin.date, origin.machine))
    picture = f"![Errors against frames added](../figures/{FIGURE.name})"
    parts = [
        whether_labels_matter(rows),
        verdict(rows),
        picture,
        f"## {HEADING}",
        f"<!-- measured: {measured} -->",
        table.in_markdown(),
    ]
    return "\n\n".join([*parts, "## What could be chosen", rests_on(design, cells, rows)]), table, origin


@reports_errors
def random_against_spread_page(
    collected: Annotated[Path | None, typer.Option(help="rows that were collected elsewhere, copied first")] = None,
    tables: Annotated[Path, typer.Option(help="rows the page is written from")] = TABLES,
    page: Annotated[Path, typer.Option(help="the page; its CSV stands in tables/ beside it")] = PAGE,
    figure: Annotated[Path, typer.Option(help="PNG")] = FIGURE,
) -> None:
    """Write page, CSV and figure."""
    before, after = markdown.around(page, BEGIN, END)
    if collected is not None:
        tables.mkdir(parents=True, exist_ok=True)
        for name in (TRAININGS, CELLS, DESIGN):
            if not (collected / name).is_file():
                raise UserError(f"{collected / name}: there is none; run tools.experiments.random_against_spread first")
            shutil.copyfile(collected / name, tables / name)
    if not (tables / TRAININGS).is_file():
        raise UserError(f"{tables / TRAININGS}: nothing was collected; run tools.experiments.random_against_spread")
    rows, cells = pd.read_csv(tables / TRAININGS), pd.read_csv(tables / CELLS)
    design = json.loads((tables / DESIGN).read_text(encoding="utf-8"))
    text, table, origin = block(rows.sort_values(KEY), cells, design)
    with journal_style(Figures()), complete(figure) as beside:
        draw(rows).savefig(beside, format="png", metadata={"Software": "melt2crystal"})
    (page.parent / FOLDER.name).mkdir(exist_ok=True)
    write_cells(page.parent / FOLDER.name / f"{page.stem}.csv", [(table, origin)])
    write_text(page, before + text + after)
    print(f"{page}: {len(rows)} trainings")


if __name__ == "__main__":
    typer.run(random_against_spread_page)
