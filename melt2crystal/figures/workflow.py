"""The workflow as a figure for a methods section: stages as boxes, the loop as one arc, drawn in millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path as FilePath
from typing import Literal

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from melt2crystal.figures.style import FONTS, MM_PER_INCH, OKABE_ITO, journal_style
from melt2crystal.figures.workflow_layout import arrange, coordinates, needed_width
from melt2crystal.figures.workflow_shapes import FOLD_MM, broken, outline, rounded
from melt2crystal.files import complete
from melt2crystal.jobs.stage_graph import Box, StageGraph, loop_words
from melt2crystal.provenance import Origin, as_json
from melt2crystal.sections.figures import Figures

SMALLEST_PT = 6.0  # what most journals still print
MM_PER_PT = MM_PER_INCH / 72
PAD = 1.2  # mm between a box and its words
EDGE = 1.0  # mm between the picture and its border
FILLS = {"gpu": "#F7DFA8", "cpu": "#CFE8F7", "local": "#EEEEEE"}
LINES = {"gpu": "#8A5A00", "cpu": OKABE_ITO["blue"], "local": "#555555"}
MARKERS = {"gpu": "^", "cpu": "s", "local": "o"}
WORDS = {"gpu": "GPU", "cpu": "CPU", "local": "local"}
ARC = OKABE_ITO["vermilion"]


@dataclass(frozen=True)
class Words:
    """A box with its title broken into lines; sizes in mm."""

    title: tuple[str, ...]
    lines: tuple[str, ...]
    width: float
    height: float


def draw_dag(graph: StageGraph, figures: Figures, width_mm: float, direction: Literal["down", "right"]) -> Figure:
    """Draw the stages at a column's width.

    Args:
        direction: "down" for one column, "right" for two.

    Returns:
        A figure of the given width and of the height it needs.
    """
    with journal_style(figures):
        return _Drawing(graph, figures, width_mm, direction).figure


def save_svg(figure: Figure, path: FilePath, title: str, origin: Origin | None = None) -> None:
    """Write SVG in which words stay text, complete or absent, the same bytes for the same picture."""
    told = {"Description": as_json(origin)} if origin else {}
    with complete(path) as beside, matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "melt2crystal"}):
        figure.savefig(beside, format="svg", metadata={"Title": title, "Creator": "melt2crystal", "Date": None, **told})


class _Drawing:
    """One figure while it is drawn; ``along`` is the direction of the flow, ``across`` that of the layers."""

    def __init__(self, graph: StageGraph, figures: Figures, width_mm: float, direction: str) -> None:
        self.graph, self.down = graph, direction == "down"
        self.family = FONTS[figures.font_family][0]
        self.title_pt = max(figures.font_size_pt, SMALLEST_PT)
        self.small_pt = max(0.88 * figures.font_size_pt, SMALLEST_PT)
        self.boxes = {box.stage: box for box in graph.boxes}
        self.line_mm = 1.25 * self.small_pt * MM_PER_PT
        self.arrangement = arrange(list(self.boxes), graph.arrows, graph.loop)
        self.layer = self.arrangement.layer
        gap, step = (2.0, 5.0) if self.down else (2.2, 4.6)
        self._fit(width_mm, gap, step)
        self._place(width_mm, step)
        self._draw()

    def _fit(self, width: float, gap: float, step: float) -> None:
        """Break titles no more than the width needs, then let the boxes stand as freely as it allows."""
        room = width - 2 * EDGE
        for limit in [60.0, *(0.5 * half for half in range(60, 24, -1))]:
            self.words = {name: self._words(box, limit) for name, box in self.boxes.items()}
            extent = {name: self._across(name) for name in self.layer}
            thickness = [self._thick(layer) for layer in range(len(self.arrangement.rows))]
            along = sum(thickness) + step * (len(thickness) - 1)
            if (needed_width(self.arrangement, extent, gap) if self.down else along) <= room:
                break
        for centring in (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0):
            self.across = coordinates(self.arrangement, extent, gap, centring)
            if not self.down or self._ends()[1] - self._ends()[0] <= room:
                break

    def _ends(self) -> tuple[float, float]:
        """Outermost coordinates of the picture across the flow, in mm."""
        low = min(x - self._across(name) / 2 for name, x in self.across.items())
        return low, max(x + self._across(name) / 2 for name, x in self.across.items())

    def _words(self, box: Box, limit: float) -> Words:
        marker, fold = 2.4, FOLD_MM if box.result else 0.0
        title = tuple(
            broken(box.title, lambda text: self._measure(text, self.title_pt, True) + marker, limit - 2 * PAD)
        )
        lines = tuple(
            part
            for line in box.lines
            for part in broken(line, lambda text: self._measure(text, self.small_pt, False), limit - 2 * PAD)
        )
        widths = [self._measure(text, self.title_pt, True) + (marker if n == 0 else 0) for n, text in enumerate(title)]
        widths += [self._measure(text, self.small_pt, False) for text in lines]
        height = len(title) * 1.2 * self.title_pt * MM_PER_PT + len(lines) * self.line_mm + 1.5 * PAD
        return Words(title, lines, max(widths) + 2 * PAD + fold, height)

    def _measure(self, text: str, size_pt: float, bold: bool) -> float:
        return _length(text, size_pt, self.family, bold)

    def _place(self, width: float, step: float) -> None:
        """Centre of each box and waypoint in mm from the upper left corner, and the figure around them."""
        thick = [self._thick(layer) for layer in range(len(self.arrangement.rows))]
        if not self.down:
            step = max(step, (width - 2 * EDGE - sum(thick)) / max(len(thick) - 1, 1))
        edges = [EDGE + sum(thick[:layer]) + step * layer for layer in range(len(thick))]
        self.middle = [edge + size / 2 for edge, size in zip(edges, thick, strict=True)]
        low, high = self._ends()
        spare = (width - 2 * EDGE - (high - low)) / 2 if self.down else 0.0
        self.across = {name: x - low + EDGE + spare for name, x in self.across.items()}
        depth = edges[-1] + thick[-1] if self.down else high - low + EDGE
        self.width, self.legend_y = width, depth + 2.2 + self.line_mm / 2
        self.height = self.legend_y + self.line_mm / 2 + EDGE

    def _size(self, name: str) -> tuple[float, float]:
        """Extents across and along the flow."""
        word = self.words[name]
        return (word.width, word.height) if self.down else (word.height, word.width)

    def _across(self, name: str) -> float:
        """Room a name takes in its layer; the loop's arrow has its words beside it."""
        if name in self.boxes:
            return self._size(name)[0]
        return 2.6 * self.line_mm if name in self.arrangement.outside else 0.0

    def _draw(self) -> None:
        self.figure = Figure(figsize=(self.width / MM_PER_INCH, self.height / MM_PER_INCH))
        FigureCanvasAgg(self.figure)
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        self.axes.set_axis_off()
        for edge, way in self.arrangement.ways.items():
            if edge == self.graph.loop:
                self._arc(edge)
            else:
                self._arrow(way)
        for box in self.graph.boxes:
            self._box(box)
        self._legend()

    def _point(self, across: float, along: float) -> tuple[float, float]:
        return (across, along) if self.down else (along, across)

    def _arrow(self, way: Sequence[str]) -> None:
        """A line from box to box that passes layers straight and bends only between them, clear of other boxes."""
        start, end = way[0], way[-1]
        here, goal = self._port(start, end, leaving=True), self._port(start, end, leaving=False)
        first, last = self.layer[start], self.layer[end]
        points, codes = [self._point(here, self.middle[first] + self._size(start)[1] / 2)], [Path.MOVETO]
        for number, name in enumerate(way[1:], 1):
            leave = self.middle[first + number - 1] + self._thick(first + number - 1) / 2
            arrive = self.middle[first + number] - self._thick(first + number) / 2
            there = goal if name == end else self.across[name]
            bend = (leave + arrive) / 2
            points += [self._point(*where) for where in ((here, leave), (here, bend), (there, bend), (there, arrive))]
            codes += [Path.LINETO, *[Path.CURVE4] * 3]
            here = there
        final = self.middle[last] - self._size(end)[1] / 2
        if final > arrive + 0.05:
            points.append(self._point(goal, final))
            codes.append(Path.LINETO)
        self.axes.add_patch(
            FancyArrowPatch(path=Path(points, codes), arrowstyle="-|>", mutation_scale=5, lw=0.7, color="#444444",
                            shrinkA=0, shrinkB=0, zorder=1)
        )  # fmt: skip

    def _thick(self, layer: int) -> float:
        return max(self._size(name)[1] for name in self.boxes if self.layer[name] == layer)

    def _port(self, start: str, end: str, leaving: bool) -> float:
        """Where an arrow touches a box: those of one side spread over its middle half, in the order of their ends."""
        name = start if leaving else end
        mates = [
            way
            for edge, way in self.arrangement.ways.items()
            if edge != self.graph.loop and way[0 if leaving else -1] == name
        ]
        mates.sort(key=lambda way: (self.across[way[1] if leaving else way[-2]], way))
        rank = next(number for number, way in enumerate(mates) if (way[0], way[-1]) == (start, end))
        spread = 0.5 * self._size(name)[0]
        return self.across[name] + spread * ((rank + 0.5) / len(mates) - 0.5)

    def _arc(self, loop: tuple[str, str]) -> None:
        """The loop's one arrow: out of the side of its last box, along the border, back into its first."""
        last, first = loop
        side = min((self.across[name] for name in self.arrangement.outside), default=EDGE + self.line_mm)
        side += 0.9 * self.line_mm
        corners = [
            (self.across[last] - self._size(last)[0] / 2, self.middle[self.layer[last]]),
            (side, self.middle[self.layer[last]]),
            (side, self.middle[self.layer[first]]),
            (self.across[first] - self._size(first)[0] / 2, self.middle[self.layer[first]]),
        ]
        radius = 3.0
        path = rounded([self._point(*corner) for corner in corners], radius)
        self.axes.add_patch(
            FancyArrowPatch(
                path=path, arrowstyle="-|>", mutation_scale=7, lw=1.2, color=ARC, shrinkA=0, shrinkB=0, zorder=1
            )
        )
        x, y = self._point(side - 0.75 * self.line_mm, (corners[1][1] + corners[2][1]) / 2)
        self.axes.text(
            x, y, loop_words(self.graph.iterations), rotation=90 if self.down else 0, ha="center", va="center",
            fontsize=self.small_pt, color=ARC,
        )  # fmt: skip

    def _box(self, box: Box) -> None:
        word = self.words[box.stage]
        x, y = self._point(self.across[box.stage], self.middle[self.layer[box.stage]])
        left, top = x - word.width / 2, y - word.height / 2
        style = {"facecolor": FILLS[box.place], "edgecolor": LINES[box.place], "linewidth": 0.8, "zorder": 2}
        for patch in outline(box, left, top, word.width, word.height, style):
            self.axes.add_patch(patch)
        level = top + 0.75 * PAD + 0.6 * self.title_pt * MM_PER_PT
        for number, text in enumerate(word.title):
            shift = 1.2 if number == 0 else 0.0
            self.axes.text(
                x + shift,
                level,
                text,
                ha="center",
                va="center_baseline",
                fontsize=self.title_pt,
                weight="bold",
                zorder=3,
            )
            if number == 0:
                start = x + shift - self._measure(text, self.title_pt, True) / 2 - 1.5
                self._marker(box.place, start, level)
            level += 1.2 * self.title_pt * MM_PER_PT
        level += (self.small_pt - self.title_pt) * 0.6 * MM_PER_PT
        for text in word.lines:
            self.axes.text(x, level, text, ha="center", va="center_baseline", fontsize=self.small_pt, zorder=3)
            level += self.line_mm

    def _marker(self, place: str, x: float, y: float) -> None:
        self.axes.add_line(
            Line2D([x], [y], marker=MARKERS[place], markersize=4, color=LINES[place], markeredgewidth=0, zorder=3)
        )

    def _legend(self) -> None:
        """Only what the picture shows."""
        x = EDGE + 1.5
        for place in [name for name in MARKERS if any(box.place == name for box in self.graph.boxes)]:
            self._marker(place, x, self.legend_y)
            x = self._say(x + 1.8, WORDS[place]) + 4.0
        if any(box.result for box in self.graph.boxes):
            page = Box("", "", (), "local", True, False)
            style = {"facecolor": "white", "edgecolor": "#555555", "linewidth": 0.8, "zorder": 2}
            for patch in outline(page, x - 1.2, self.legend_y - 1.3, 3.4, 2.6, style):
                self.axes.add_patch(patch)
            x = self._say(x + 3.2, "result") + 4.0
        if self.graph.loop:
            self.axes.add_patch(
                FancyArrowPatch((x - 1.2, self.legend_y), (x + 3.4, self.legend_y), arrowstyle="-|>", mutation_scale=7,
                                lw=1.2, color=ARC, shrinkA=0, shrinkB=0)
            )  # fmt: skip
            self._say(x + 4.4, "active-learning loop")

    def _say(self, x: float, text: str) -> float:
        self.axes.text(x, self.legend_y, text, ha="left", va="center_baseline", fontsize=self.small_pt)
        return x + self._measure(text, self.small_pt, False)


@cache
def _length(text: str, size_pt: float, family: str, bold: bool) -> float:
    """Length of a line of text, mm."""
    font = FontProperties(family=family, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, size=size_pt, prop=font).get_extents().x1) * MM_PER_PT
