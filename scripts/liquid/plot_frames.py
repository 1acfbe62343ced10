"""What melts from files are like: density, pressure of the labels, and which frames are certified."""

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from melt2crystal.errors import reports_errors
from melt2crystal.figures.melts import count_bars, letters_and_legend, look_of
from melt2crystal.figures.style import new_figure, pressure_colours, publish_for
from melt2crystal.options import PdfFile, PngFile, SettingsText
from melt2crystal.sections.figures import Figures
from melt2crystal.settings import Settings
from melt2crystal.structure.pressure import in_classes


def draw(figures: Figures, frames: pd.DataFrame, counts: pd.DataFrame) -> Figure:
    """Density, pressure of the labels against that of the walk, counts per state below."""
    figure = new_figure(figures.double_column_mm, 0.72 * figures.double_column_mm)
    panels = figure.subplot_mosaic([["density", "pressure"], ["counts", "counts"]])
    shown = in_classes(frames["pressure_GPa"])
    colours = pressure_colours(shown.tolist())
    for (purpose, pressure), group in frames.groupby([frames["purpose"], shown]):
        look = look_of(purpose, colours[pressure]) | {"linestyle": "none"}
        panels["density"].plot(group["temperature_K"] / 1000, group["density_g_per_cm3"], **look)
        panels["pressure"].plot(group["pressure_GPa"], group["label_pressure_GPa"], **look)
    panels["density"].set(xlabel="temperature of the walk (kK)", ylabel="density (g/cm³)")
    _diagonal(panels["pressure"], frames)
    count_bars(panels["counts"], counts)
    letters_and_legend(figure, panels, colours, sorted(frames["purpose"].unique(), reverse=True))
    return figure


def _diagonal(axes: Axes, frames: pd.DataFrame) -> None:
    """Equal pressures as a line; without labels the panel says so."""
    axes.set(xlabel="pressure of the walk (GPa)", ylabel="pressure of the label (GPa)")
    if frames["label_pressure_GPa"].isna().all():
        axes.text(0.5, 0.5, "the files hold no stresses", ha="center", transform=axes.transAxes)
        return
    ends = [frames["pressure_GPa"].min(), frames["pressure_GPa"].max()]
    axes.plot(ends, ends, color="#bbbbbb", linewidth=0.6, zorder=0)


@reports_errors
def liquid_plot_frames(
    frames: Annotated[Path, typer.Option(help="table of the frames (CSV)")],
    counts: Annotated[Path, typer.Option(help="passed and excluded frames per state (CSV)")],
    pdf: PdfFile,
    png: PngFile,
    settings: SettingsText,
) -> None:
    """Draw the frames of melts that were given, and their certificates of disorder."""
    given = Settings(settings)
    drawn = pd.read_csv(frames), pd.read_csv(counts)
    publish_for(given, pdf, png, "Melts from files and their certificates of disorder", draw, *drawn)


if __name__ == "__main__":
    typer.run(liquid_plot_frames)
