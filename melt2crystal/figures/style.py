"""Journal style of all figures: widths, fonts, a palette safe for colour-blind readers, reproducible files."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from melt2crystal.files import complete
from melt2crystal.provenance import Origin, as_json, origin_now, png_chunks
from melt2crystal.sections.figures import Figures
from melt2crystal.sections.purpose import warning
from melt2crystal.settings import Settings

Drawn = ParamSpec("Drawn")
MM_PER_INCH = 25.4
NOTE_MM = 3.6  # strip at the bottom of each figure that says which reference made it

# M. Okabe and K. Ito, Color Universal Design (2008), https://jfly.uni-koeln.de/color/
OKABE_ITO = {
    "black": "#000000",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "green": "#009E73",
    "yellow": "#F0E442",
    "blue": "#0072B2",
    "vermilion": "#D55E00",
    "purple": "#CC79A7",
    "grey": "#999999",
}
# The same thing has the same colour in every figure.
POTENTIAL_COLOURS = {"reference": OKABE_ITO["black"], "hp": OKABE_ITO["blue"], "lp": OKABE_ITO["vermilion"]}
CLASS_COLOURS = {
    "accurate": OKABE_ITO["sky"],
    "candidate": OKABE_ITO["orange"],
    "failed": OKABE_ITO["vermilion"],
    "invalid": OKABE_ITO["black"],
}
# Only fonts that come with matplotlib: the same figure on every machine.
FONTS = {"sans-serif": ("DejaVu Sans", "dejavusans"), "serif": ("STIXGeneral", "stix")}


@contextmanager
def journal_style(figures: Figures) -> Iterator[None]:
    """Matplotlib settings for one figure; text stays text in the PDF (TrueType, font type 42)."""
    size = figures.font_size_pt
    font, mathematics = FONTS[figures.font_family]
    parameters: Any = {
        "font.family": font,
        "mathtext.fontset": mathematics,
        "font.size": size,
        "axes.labelsize": size,
        "axes.titlesize": size,
        "xtick.labelsize": 0.9 * size,
        "ytick.labelsize": 0.9 * size,
        "legend.fontsize": 0.9 * size,
        "legend.frameon": False,
        "legend.handlelength": 1.6,
        "axes.linewidth": 0.6,
        "lines.linewidth": 1.0,
        "lines.markersize": 3.0,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "xtick.major.size": 2.5,
        "ytick.major.size": 2.5,
        "xtick.direction": "in",
        "ytick.direction": "in",
        "xtick.top": True,
        "ytick.right": True,
        "patch.linewidth": 0.6,
        "hatch.linewidth": 0.5,
        "pdf.fonttype": 42,
        "pdf.use14corefonts": False,
        "savefig.dpi": figures.resolution_dpi,
        "figure.dpi": figures.resolution_dpi,
        "axes.formatter.use_mathtext": True,
    }
    with matplotlib.rc_context(parameters):
        yield


def new_figure(width_mm: float, height_mm: float) -> Figure:
    """An empty figure with constrained layout and a strip for the note at its lower edge; sizes in mm."""
    figure = Figure(figsize=(width_mm / MM_PER_INCH, height_mm / MM_PER_INCH), layout="constrained")
    FigureCanvasAgg(figure)
    strip = NOTE_MM / height_mm
    engine = figure.get_layout_engine()
    engine.set(rect=(0.0, strip, 1.0, 1.0 - strip), w_pad=0.03, h_pad=0.03)  # type: ignore[union-attr, call-arg]
    return figure


def write_note(figure: Figure, reference: str, study: str) -> Origin:
    """Say in small print which reference made the figure, and in which study; return its origin, for ``save``."""
    size = 0.8 * matplotlib.rcParams["font.size"]
    note = literal(f"reference: {reference}; study: {study}")
    figure.text(0.995, 0.004, note, ha="right", va="bottom", fontsize=size, color="#555555")
    return origin_now(study, reference)


def write_warning(figure: Figure, text: str) -> None:
    """Words across the whole figure, over all that is drawn: nobody shall show it and keep silent about them."""
    width_pt = 72 * figure.get_figwidth()
    size = min(width_pt / (0.68 * len(text)), 30)
    figure.text(
        0.5, 0.5, text, ha="center", va="center", rotation=12, fontsize=size, fontweight="bold",
        color=OKABE_ITO["vermilion"], alpha=0.45, zorder=1000, in_layout=False,
    )  # fmt: skip


def as_text(number: float, form: str = "g") -> str:
    """A number with a minus sign where it is negative, as on the axes, instead of a hyphen."""
    return f"{number:{form}}".replace("-", "−")


def literal(name: str) -> str:
    """A name that somebody else chose, drawn as it is spelt: Matplotlib reads mathematics between dollar signs."""
    return name.replace("$", r"\$")


def letter(axes: Axes, text: str) -> None:
    """Bold panel letter above the upper left corner."""
    axes.annotate(text, (0, 1), xycoords="axes fraction", xytext=(0, 3), textcoords="offset points", fontweight="bold")


def pressure_colours(pressures_GPa: Sequence[float]) -> dict[float, tuple[float, float, float, float]]:
    """One colour per pressure, from dark (lowest) to light (highest) along viridis, which every reader can order."""
    ordered = sorted(set(pressures_GPa))
    ramp = matplotlib.colormaps["viridis"]
    return {p: ramp(0.9 * k / max(len(ordered) - 1, 1)) for k, p in enumerate(ordered)}


def publish_for(
    settings: Settings,
    pdf: Path,
    png: Path,
    title: str,
    draw: Callable[Concatenate[Figures, Drawn], Figure],
    *drawn: Drawn.args,
    **named: Drawn.kwargs,
) -> None:
    """Draw in the study's style and write both files; the note names the study and its reference.

    Args:
        settings: of the job, with ``figures``, ``name``, ``purpose`` and ``reference.name``.
        draw: makes the figure, from the settings of figures and from what is drawn.
    """
    figures = settings.section("figures", Figures)
    with journal_style(figures):
        figure = draw(figures, *drawn, **named)
        names = settings.value("reference.name"), settings.value("name")
        publish(figure, *names, pdf, png, title, settings.value("purpose"))


def publish(
    figure: Figure, reference: str, study: str, pdf: Path, png: Path, title: str, purpose: str = "results"
) -> None:
    """The end of every figure of a study: the note below it, then its files, both with the same origin.

    Where the study is a smoke test, words across the figure say that its numbers mean nothing.
    """
    if words := warning(purpose):
        write_warning(figure, words)
    save(figure, pdf, png, title, write_note(figure, reference, study))


def save(figure: Figure, pdf: Path, png: Path, title: str, origin: Origin | None = None) -> None:
    """Write PDF (vector) and PNG, complete or absent, without dates: equal data and origin give equal files."""
    keywords = {"Keywords": as_json(origin)} if origin else {}
    chunks = png_chunks(origin) if origin else {}
    with complete(pdf) as beside:
        dates = {"CreationDate": None, "ModDate": None}
        figure.savefig(beside, format="pdf", metadata={"Title": title, "Creator": "melt2crystal", **keywords, **dates})
    with complete(png) as beside:
        figure.savefig(beside, format="png", metadata={"Title": title, "Software": "melt2crystal", **chunks})
