"""The melt of each potential beside the reference's: radial distributions, density, diffusion."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.errors import UserError, reports_errors
from melt2crystal.figures.style import OKABE_ITO, POTENTIAL_COLOURS, as_text, letter, new_figure, publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings
from melt2crystal.structure.rdf import pairs_of

COLOURS = POTENTIAL_COLOURS | {"again": OKABE_ITO["grey"]}
NAMES = {"reference": "reference", "again": "reference, again", "lp": "LP", "hp": "HP"}
STATE = ["pressure_GPa", "temperature_K"]


def draw_distributions(axes: Axes, curves: pd.DataFrame) -> None:
    """g(r) of one pair at one state; the reference is a broad line below, so that one on top of it stays visible."""
    for whose, curve in curves.groupby("whose", sort=False):
        wide = {"linewidth": 2.2, "alpha": 0.35} if whose in ("reference", "again") else {"linewidth": 0.9}
        axes.plot(curve["r_A"], curve["g"], color=COLOURS[whose], label=NAMES[str(whose)], **wide)
    axes.axhline(1, color="#bbbbbb", linewidth=0.5, zorder=0)
    axes.set(xlim=(1, curves["r_A"].max()), ylim=(0, None))


def draw_points(axes: Axes, table: pd.DataFrame, columns: dict[str, str], label: str, logarithmic: bool) -> None:
    """Values of each state with their standard errors, potentials side by side; columns: name -> what stands below."""
    states = table[STATE].drop_duplicates().to_numpy()
    places, shown = [], []
    for number, (pressure, temperature) in enumerate(states):
        rows = table[(table["pressure_GPa"] == pressure) & (table["temperature_K"] == temperature)]
        for part, (column, name) in enumerate(columns.items()):
            place = number * len(columns) + part
            for aside, row in enumerate(rows.to_dict("records")):
                x = place + 0.16 * (aside - (len(rows) - 1) / 2)
                axes.errorbar(
                    x, row[column], row[f"{column}_error"], fmt="o", color=COLOURS[row["whose"]], markersize=2.6,
                    linewidth=0.8,
                )  # fmt: skip
            places.append(place)
            shown.append(f"{name}\n{as_text(pressure)} GPa\n{as_text(temperature)} K".strip())
    axes.set_xticks(places, shown)
    axes.tick_params(axis="x", length=0)
    axes.set(ylabel=label, xlim=(-0.5, len(places) - 0.5), yscale="log" if logarithmic else "linear")


def draw(figures: Figures, table: pd.DataFrame, curves: pd.DataFrame, species: list[str]) -> Figure:
    """A row of pairs for each state, and below them density and diffusion."""
    pairs = ["-".join(pair) for pair in pairs_of(species)]
    good = table[table["status"] == "ok"]
    states = good[STATE].drop_duplicates().to_numpy()
    if not len(states):
        reasons = "; ".join(f"{row.whose}: {row.status}" for row in table.itertuples())
        raise UserError(
            f"no melt was walked to its end ({reasons}); look into the logs, or benchmark.melt.enabled: false"
        )
    rows = len(states)
    figure = new_figure(figures.double_column_mm, 42.0 * rows + 52)
    upper, lower = figure.subfigures(2, 1, height_ratios=[42.0 * rows, 46])
    panels = upper.subplots(rows, len(pairs), squeeze=False, sharex=True)
    for of_state, (pressure, temperature) in zip(panels, states, strict=True):
        here = curves[(curves["pressure_GPa"] == pressure) & (curves["temperature_K"] == temperature)]
        for axes, pair in zip(of_state, pairs, strict=True):
            draw_distributions(axes, here[here["pair"] == pair])
            axes.set_title(f"{pair}, {as_text(pressure)} GPa, {as_text(temperature)} K", pad=3)
        of_state[0].set_ylabel("g(r)")
    for axes in panels[-1]:
        axes.set_xlabel("r (Å)")
    below = lower.subplots(1, 2, width_ratios=[1, len(species)])
    draw_points(below[0], good, {"density_g_per_cm3": ""}, "density (g/cm³)", logarithmic=False)
    diffusion = {f"diffusion_{name}_A2_per_ps": name for name in species}
    positive = bool((good[list(diffusion)].to_numpy() > 0).all())
    draw_points(below[1], good, diffusion, "self-diffusion (Å²/ps)", logarithmic=positive)
    for number, axes in enumerate([*panels.flat, *below]):
        letter(axes, chr(ord("a") + number))
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=4)
    return figure


@reports_errors
def figures_melt(
    states: Annotated[list[Path], typer.Argument(help="one table for each potential, -distributions.csv beside")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw what each potential makes of the melt, beside two walks of the reference."""
    given = Settings(settings)
    species = given.section("substance", Substance).species
    table = pd.concat([pd.read_csv(path) for path in states], ignore_index=True)
    curves = pd.concat([pd.read_csv(path.with_name(f"{path.stem}-distributions.csv")) for path in states])
    publish_for(given, pdf, png, "Melts of the potentials and of the reference", draw, table, curves, species)


if __name__ == "__main__":
    typer.run(figures_melt)
