"""What the melts are like: density, pressure, diffusion of each walk, and which frames are certified."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from matplotlib.figure import Figure

from melt2crystal.errors import reports_errors
from melt2crystal.figures.melts import count_bars, letters_and_legend, look_of
from melt2crystal.figures.style import OKABE_ITO, journal_style, new_figure, pressure_colours, publish
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import Settings


def draw(
    figures: Figures, walks: pd.DataFrame, counts: pd.DataFrame, substance: Substance, minimum_diffusion: float
) -> Figure:
    """Four panels: density, deviation from the set point, diffusion; counts per state below."""
    figure = new_figure(figures.double_column_mm, 0.72 * figures.double_column_mm)
    panels = figure.subplot_mosaic([["density", "state", "diffusion"], ["counts"] * 3])
    colours = pressure_colours(walks["pressure_GPa"].tolist())
    for (purpose, pressure), group in walks.groupby(["purpose", "pressure_GPa"], sort=False):
        group = group.sort_values("temperature_K")
        kelvin, look = group["temperature_K"] / 1000, look_of(purpose, colours[pressure])
        panels["density"].plot(kelvin, group["density_g_per_cm3"], linewidth=0.6, **look)
        off_temperature = 100 * (group["mean_temperature_K"] / group["temperature_K"] - 1)
        panels["state"].plot(off_temperature, group["mean_pressure_GPa"] - pressure, linestyle="none", **look)
        slowest = group[[f"diffusion_{name}_A2_per_ps" for name in substance.species]].min(axis=1)
        visible = slowest.clip(lower=minimum_diffusion / 30 or 1e-4)  # arrested walks lie on the lower edge
        panels["diffusion"].plot(10 / kelvin, visible, linewidth=0.6, **look)
    panels["density"].set(xlabel="temperature (kK)", ylabel="density (g/cm³)")
    panels["state"].set(xlabel="temperature − set point (%)", ylabel="pressure − set point (GPa)")
    for draw_line in (panels["state"].axhline, panels["state"].axvline):
        draw_line(0, color="#bbbbbb", linewidth=0.5, zorder=0)
    panels["diffusion"].set(
        xlabel="10$^4$ K / temperature", ylabel="diffusion of the slowest species (Å²/ps)", yscale="log"
    )
    if minimum_diffusion > 0:
        panels["diffusion"].axhline(minimum_diffusion, color=OKABE_ITO["vermilion"], linestyle="--", linewidth=0.7)
        panels["diffusion"].annotate(
            "arrested below", (0.03, minimum_diffusion), xycoords=("axes fraction", "data"), ha="left", va="bottom"
        )
    count_bars(panels["counts"], counts)
    letters_and_legend(figure, panels, colours, walks["purpose"].unique())
    return figure


@reports_errors
def liquid_plot(
    walks: Annotated[Path, typer.Option(help="all walks (CSV)")],
    counts: Annotated[Path, typer.Option(help="passed and excluded frames per state (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the walks and the certificates of disorder of all melts."""
    given = Settings(settings)
    figures, substance = given.section("figures", Figures), given.section("substance", Substance)
    with journal_style(figures):
        figure = draw(figures, pd.read_csv(walks), pd.read_csv(counts), substance, given.value("minimum_diffusion"))
        potential = Path(given.value("potential")).name
        names = f"none; melts made with the classical potential {potential}", given.value("name")
        publish(figure, *names, pdf, png, "Melts and their certificates of disorder", given.value("purpose"))


if __name__ == "__main__":
    typer.run(liquid_plot)
