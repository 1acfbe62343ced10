"""The workflow as a figure for a methods section: boxes where rules/stages.yaml places them, drawn in millimetres."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count, pairwise, product
from pathlib import Path as FilePath
from typing import Any, Literal

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from matplotlib.textpath import TextPath

from melt2crystal.figures.style import FONTS, MM_PER_INCH, OKABE_ITO, SMALLEST_PT, journal_style
from melt2crystal.figures.workflow_shapes import FOLD_MM, broken, outline, rounded
from melt2crystal.files import complete
from melt2crystal.jobs.job import Place
from melt2crystal.jobs.workflow_graph import Node, WorkflowGraph, loop_words
from melt2crystal.provenance import Origin, as_json
from melt2crystal.sections.figures import Figures

MM_PER_PT = MM_PER_INCH / 72
PAD = 1.2  # mm between a box and its words
EDGE = 1.0  # mm between the picture and its border
CLEAR = 0.9  # mm between an arrow and a box it passes
FILLS = {"gpu": "#F7DFA8", "cpu": "#CFE8F7", "local": "#EEEEEE", "result": "white"}
LINES = {"gpu": "#8A5A00", "cpu": OKABE_ITO["blue"], "local": "#555555", "result": "#555555"}
MARKERS: dict[Place, str] = {"gpu": "^", "cpu": "s", "local": "o"}
WORDS = {"gpu": "GPU", "cpu": "CPU", "local": "local"}
ARROW: dict[str, Any] = {
    "arrowstyle": "-|>",
    "mutation_scale": 5,
    "lw": 0.7,
    "color": "#444444",
    "shrinkA": 0,
    "shrinkB": 0,
    "zorder": 1,
}
ARC = {**ARROW, "mutation_scale": 7, "lw": 1.2, "color": OKABE_ITO["vermilion"]}


@dataclass(frozen=True)
class _Words:
    """Words of a box, line by line, each with its size in pt and whether it is bold; extents of the box in mm."""

    lines: tuple[tuple[str, float, bool], ...]
    width: float
    height: float


def draw_dag(graph: WorkflowGraph, figures: Figures, width_mm: float, direction: Literal["down", "right"]) -> Figure:
    """Draw the boxes at a column's width.

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


def places(graph: WorkflowGraph) -> dict[str, tuple[int, float]]:
    """Step and lane of each box: those of the table. A box that isn't there, or would stand before one that it follows,
    takes the nearest free lane behind all that it follows."""
    found = {node.name: node.box.at for node in graph.nodes if node.box.at}
    lanes = range(1 + int(max((lane for _, lane in found.values()), default=0)))
    for node in graph.nodes:  # every arrow but the loop's points forward
        before = [found[a] for a, b in graph.arrows if b == node.name]
        first = 1 + max((step for step, _ in before), default=-1)
        lane = found[node.name][1] if node.name in found else float(np.mean([lane for _, lane in before] or [0]))
        if node.name not in found or found[node.name][0] < first:
            found.pop(node.name, None)
            near = sorted(lanes, key=lambda other: abs(other - lane))
            spots = ((step, other) for step in count(first) for other in near)
            found[node.name] = next(spot for spot in spots if _is_free(spot, found.values()))
    return found


def _is_free(spot: tuple[int, float], taken: Iterable[tuple[int, float]]) -> bool:
    return all(step != spot[0] or abs(lane - spot[1]) >= 1 for step, lane in taken)


def _middles(sizes: Mapping[float, float], start: float, gap: float, end: float | None = None) -> dict[float, float]:
    """Middle of each row or column, mm: one behind the other from ``start``, as far apart as ``end`` allows."""
    gap = max(gap, (end - start - sum(sizes.values())) / max(len(sizes) - 1, 1)) if end else gap
    found = {}
    for number in sorted(sizes):
        found[number] = start + sizes[number] / 2
        start += sizes[number] + gap
    return found


class _Drawing:
    """One figure while it is drawn; ``along`` is the direction of the flow, ``across`` that of the lanes; mm."""

    def __init__(self, graph: WorkflowGraph, figures: Figures, width_mm: float, direction: str) -> None:
        self.graph, self.width, self.down = graph, width_mm, direction == "down"
        self.family = FONTS[figures.font_family][0]
        self.places = places(graph)
        self._place(figures.font_size_pt)
        self._draw()

    def _place(self, font_size_pt: float) -> None:
        """Break words, then shrink them, no more than the width needs; centre of each box, the figure around them."""
        step_gap, lane_gap, end = 5.0 if self.down else 4.6, 2.0 if self.down else 2.2, self.width - EDGE
        sizes_pt = [max(font_size_pt, SMALLEST_PT), *np.arange(font_size_pt - 0.5, SMALLEST_PT, -0.5), SMALLEST_PT]
        limits = [60.0, *np.arange(30.0, 12.0, -0.5)]
        for self.title_pt, limit in product(sizes_pt, limits):
            self.small_pt = max(0.88 * self.title_pt, SMALLEST_PT)
            self.line_mm = 1.25 * self.small_pt * MM_PER_PT
            self.side = EDGE + 1.3 * self.line_mm  # where the loop's arrow runs, its words outside of it
            lanes_from = self.side + 2.6 if self.graph.loop else EDGE
            self.words = {node.name: self._words(node, limit) for node in self.graph.nodes}
            self.thick, lanes = self._largest(0), self._largest(1)
            sizes, start, gap = (lanes, lanes_from, lane_gap) if self.down else (self.thick, EDGE, step_gap)
            if start + sum(sizes.values()) + gap * (len(sizes) - 1) <= end:
                break
        self.steps = _middles(self.thick, EDGE, step_gap, None if self.down else end)
        middles = _middles(lanes, lanes_from, lane_gap, end if self.down else None)
        self.along = {name: self.steps[step] for name, (step, _) in self.places.items()}
        self.across = {
            name: float(np.interp(lane, list(middles), list(middles.values())))
            for name, (_, lane) in self.places.items()
        }
        downwards = self.along if self.down else self.across
        depth = max(downwards[name] + word.height / 2 for name, word in self.words.items())
        self.legend_y = depth + 2.2 + self.line_mm / 2
        self.height = self.legend_y + self.line_mm / 2 + EDGE

    def _words(self, node: Node, limit: float) -> _Words:
        """Words of a box, broken into lines no longer than ``limit`` where that is possible."""
        marker = 2.4

        def lines(text: str, size_pt: float, bold: bool, beside: float) -> list[tuple[str, float, bool]]:
            parts = broken(text, lambda part: self._measure(part, size_pt, bold) + beside, limit - 2 * PAD)
            return [(part, size_pt, bold) for part in parts]

        title = lines(node.box.title, self.title_pt, True, marker)
        rest = [line for text in node.lines for line in lines(text, self.small_pt, False, 0.0)]
        width = max(
            self._measure(*title[0]) + marker, *(self._measure(*line) for line in [*title[1:], *rest, title[0]])
        )
        height = len(title) * 1.2 * self.title_pt * MM_PER_PT + len(rest) * self.line_mm + 1.5 * PAD
        return _Words((*title, *rest), width + 2 * PAD + (FOLD_MM if node.box.result else 0.0), height)

    def _measure(self, text: str, size_pt: float, bold: bool) -> float:
        return _length(text, size_pt, self.family, bold)

    def _largest(self, axis: Literal[0, 1]) -> dict[float, float]:
        """Extent of each step (0) along the flow, of each lane (1) across it; boxes between two lanes don't count."""
        found: dict[float, float] = {}
        for name, place in self.places.items():
            if place[axis] == int(place[axis]):
                found[place[axis]] = max(found.get(place[axis], 0.0), self._size(name)[1 - axis])
        return found

    def _size(self, name: str) -> tuple[float, float]:
        """Extents of a box across and along the flow."""
        word = self.words[name]
        return (word.width, word.height) if self.down else (word.height, word.width)

    def _draw(self) -> None:
        self.figure = Figure(figsize=(self.width / MM_PER_INCH, self.height / MM_PER_INCH))
        FigureCanvasAgg(self.figure)
        self.axes: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, self.width), ylim=(self.height, 0))
        self.axes.set_axis_off()
        for start, end in self.graph.arrows:
            self._arrow(start, end)
        if self.graph.loop:
            self._arc(*self.graph.loop)
        for node in self.graph.nodes:
            self._box(node)
        self._legend()

    def _point(self, across: float, along: float) -> tuple[float, float]:
        return (across, along) if self.down else (along, across)

    def _arrow(self, start: str, end: str) -> None:
        """A line from box to box that passes steps straight and bends only between them, clear of other boxes."""
        here = self._port(start, [b for a, b in self.graph.arrows if a == start], end)
        goal = self._port(end, [a for a, b in self.graph.arrows if b == end], start)
        passed = [step for step in sorted(self.steps) if self.places[start][0] <= step <= self.places[end][0]]
        points, codes = [self._point(here, self.along[start] + self._size(start)[1] / 2)], [Path.MOVETO]
        for before, step in pairwise(passed):
            leave = self.steps[before] + self.thick[before] / 2
            arrive = self.steps[step] - self.thick[step] / 2
            there = goal if step == passed[-1] else self._clear(step, here)
            bend = (leave + arrive) / 2
            points += [self._point(*where) for where in ((here, leave), (here, bend), (there, bend), (there, arrive))]
            codes += [Path.LINETO, *[Path.CURVE4] * 3]
            here = there
        final = self.along[end] - self._size(end)[1] / 2
        if final > arrive + 0.05:
            points.append(self._point(goal, final))
            codes.append(Path.LINETO)
        self.axes.add_patch(FancyArrowPatch(path=Path(points, codes), **ARROW))

    def _port(self, name: str, others: list[str], other: str) -> float:
        """Where an arrow touches a box: those of one side spread over its middle half, in the order of their ends."""
        rank = sorted(others, key=lambda end: (self.across[end], end)).index(other)
        return self.across[name] + 0.5 * self._size(name)[0] * ((rank + 0.5) / len(others) - 0.5)

    def _clear(self, step: float, wanted: float) -> float:
        """The place nearest to the wanted one at which an arrow passes a step without touching a box."""
        halves = {name: self._size(name)[0] / 2 + CLEAR for name, place in self.places.items() if place[0] == step}
        boxes = [(self.across[name] - half, self.across[name] + half) for name, half in halves.items()]
        spots = [wanted, *(edge for box in boxes for edge in box)]
        free = [spot for spot in spots if not any(low < spot < high for low, high in boxes)]
        return min(free, key=lambda spot: abs(spot - wanted))

    def _arc(self, last: str, first: str) -> None:
        """The loop's one arrow: out of the side of its last box, along the border, back into its first."""
        ends = [(self.across[name] - self._size(name)[0] / 2, self.along[name]) for name in (last, first)]
        corners = [ends[0], (self.side, ends[0][1]), (self.side, ends[1][1]), ends[1]]
        self.axes.add_patch(FancyArrowPatch(path=rounded([self._point(*corner) for corner in corners], 3.0), **ARC))
        x, y = self._point(self.side - 0.75 * self.line_mm, (ends[0][1] + ends[1][1]) / 2)
        self.axes.text(
            x, y, loop_words(self.graph.iterations), rotation=90 if self.down else 0, ha="center", va="center",
            fontsize=self.small_pt, color=ARC["color"],
        )  # fmt: skip

    def _box(self, node: Node) -> None:
        words = self.words[node.name]
        x, y = self._point(self.across[node.name], self.along[node.name])
        self._outline(node.place, node.box.result, x - words.width / 2, y - words.height / 2, words.width, words.height)
        level = y - words.height / 2 + 0.75 * PAD
        for number, (text, size_pt, bold) in enumerate(words.lines):
            height = 1.2 * size_pt * MM_PER_PT if bold else self.line_mm
            shift = 0.0 if number else 1.2
            self.axes.text(
                x + shift, level + height / 2, text, ha="center", va="center_baseline", fontsize=size_pt,
                weight="bold" if bold else "normal", zorder=3,
            )  # fmt: skip
            if not number:
                self._marker(node.place, x + shift - self._measure(text, size_pt, bold) / 2 - 1.5, level + height / 2)
            level += height

    def _outline(
        self, place: Place | Literal["result"], result: bool, left: float, top: float, width: float, height: float
    ) -> None:
        style = {"facecolor": FILLS[place], "edgecolor": LINES[place], "linewidth": 0.8, "zorder": 2}
        for patch in outline("result" if result else place, left, top, width, height, style):
            self.axes.add_patch(patch)

    def _marker(self, place: Place, x: float, y: float) -> None:
        self.axes.add_line(
            Line2D([x], [y], marker=MARKERS[place], markersize=4, color=LINES[place], markeredgewidth=0, zorder=3)
        )

    def _legend(self) -> None:
        """Only what the picture shows."""
        x = EDGE + 1.5
        for place in MARKERS:
            if any(node.place == place for node in self.graph.nodes):
                self._marker(place, x, self.legend_y)
                x = self._say(x + 1.8, WORDS[place]) + 4.0
        if any(node.box.result for node in self.graph.nodes):
            self._outline("result", True, x - 1.2, self.legend_y - 1.3, 3.4, 2.6)
            x = self._say(x + 3.2, "result") + 4.0
        if self.graph.loop:
            self.axes.add_patch(FancyArrowPatch((x - 1.2, self.legend_y), (x + 3.4, self.legend_y), **ARC))
            self._say(x + 4.4, "active-learning loop")

    def _say(self, x: float, text: str) -> float:
        self.axes.text(x, self.legend_y, text, ha="left", va="center_baseline", fontsize=self.small_pt)
        return x + self._measure(text, self.small_pt, False)


@cache
def _length(text: str, size_pt: float, family: str, bold: bool) -> float:
    """Length of a line of text, mm."""
    font = FontProperties(family=family, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, size=size_pt, prop=font).get_extents().x1) * MM_PER_PT
