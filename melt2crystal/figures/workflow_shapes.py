"""Shapes of the workflow figure: outlines of boxes, lines with round corners, words broken into lines."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

from matplotlib.patches import FancyBboxPatch, Patch, PathPatch, Rectangle
from matplotlib.path import Path

from melt2crystal.jobs.job import Place

Point = tuple[float, float]
CUT_MM = 1.2  # corners of a GPU's box
FOLD_MM = 1.6  # corner of a page


def broken(text: str, measure: Callable[[str], float], limit: float) -> list[str]:
    """Break at spaces, hyphens and dashes into lines no wider than ``limit`` where that is possible."""
    parts: list[str] = []
    for word in text.split(" "):
        pieces = word.replace("–", "–\n").replace("-", "-\n").split("\n")
        parts += [*pieces[:-1], pieces[-1] + " "]
    lines = [""]
    for part in parts:
        if lines[-1] and measure((lines[-1] + part).strip()) > limit:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines if line.strip()]


def outline(
    kind: Place | Literal["result"], left: float, top: float, width: float, height: float, style: dict[str, Any]
) -> list[Patch]:
    """GPU with cut corners, CPU square, local round, a result as a page with a folded corner."""
    right, bottom = left + width, top + height
    if kind == "result":
        fold = min(FOLD_MM, height / 3)
        page = [(left, top), (right - fold, top), (right, top + fold), (right, bottom), (left, bottom), (left, top)]
        corner = [(right - fold, top), (right - fold, top + fold), (right, top + fold)]
        return [
            PathPatch(Path(page, closed=True), **style),
            PathPatch(Path(corner), **{**style, "facecolor": "white"}),
        ]
    if kind == "gpu":
        cut = CUT_MM
        shape = [(left + cut, top), (right - cut, top), (right, top + cut), (right, bottom - cut)]
        shape += [(right - cut, bottom), (left + cut, bottom), (left, bottom - cut), (left, top + cut), shape[0]]
        return [PathPatch(Path(shape, closed=True), **style)]
    if kind == "local":
        return [FancyBboxPatch((left, top), width, height, boxstyle="round,pad=0,rounding_size=1.8", **style)]
    return [Rectangle((left, top), width, height, **style)]


def rounded(corners: Sequence[Point], radius: float) -> Path:
    """A line with round corners."""
    points, codes = [corners[0]], [Path.MOVETO]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        points += [_towards(corner, before, radius), corner, _towards(corner, after, radius)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*points, corners[-1]], [*codes, Path.LINETO])


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1e-9)
    share = min(distance / length, 0.5)
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])
