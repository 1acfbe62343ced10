"""Where the boxes of a small directed graph stand: layers after Sugiyama, no external program.

K. Sugiyama, S. Tagawa and M. Toda, *IEEE Trans. Syst. Man Cybern.* **11**, 109 (1981): layers by longest way, long
arrows cut into unit pieces by invisible waypoints, few crossings, then coordinates. The graphs here have some twenty
boxes, so each layer is ordered exhaustively and coordinates are the least-squares optimum: always the same picture.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import networkx as nx
import numpy as np
from scipy.optimize import lsq_linear

Edge = tuple[str, str]
EXHAUSTIVE = 6  # a layer of more boxes is improved by exchanging neighbours


@dataclass(frozen=True)
class Arrangement:
    """Layers and their order.

    Attributes:
        layer: layer of each box and waypoint, 0 first.
        rows: names in each layer, in order.
        ways: arrow -> names of the points it passes, both ends and the waypoints between; the loop's way runs forward.
        outside: waypoints of the loop's arrow.
    """

    layer: dict[str, int]
    rows: list[list[str]]
    ways: dict[Edge, tuple[str, ...]]
    outside: frozenset[str]

    @property
    def pieces(self) -> list[Edge]:
        """Arrows cut into steps of one layer."""
        return [piece for way in self.ways.values() for piece in pairwise(way)]


def arrange(names: Sequence[str], arrows: Sequence[Edge], loop: Edge | None) -> Arrangement:
    """Layers and order of an acyclic graph and of one arrow against its direction.

    Args:
        names: the boxes.
        arrows: acyclic arrows.
        loop: an arrow back; it runs along the first edge of the picture, outside all boxes.
    """
    layer = _layers(sorted(names), arrows)
    ways: dict[Edge, tuple[str, ...]] = {}
    for arrow in [*arrows, *([loop] if loop else [])]:
        a, b = reversed(arrow) if arrow == loop else arrow
        points = tuple(f"{a}>{b}@{step}" for step in range(layer[a] + 1, layer[b]))
        layer |= {point: layer[a] + 1 + number for number, point in enumerate(points)}
        ways[arrow] = (a, *points, b)
    outside = frozenset(ways[loop][1:-1]) if loop else frozenset()
    rows = [sorted(name for name in layer if layer[name] == number) for number in range(max(layer.values()) + 1)]
    rough = Arrangement(
        layer, [sorted(row, key=lambda name: (name not in outside, name)) for row in rows], ways, outside
    )
    return Arrangement(layer, _ordered(rough), ways, outside)


def _layers(names: Sequence[str], arrows: Sequence[Edge]) -> dict[str, int]:
    """Longest way from a start; a start stands as near to what it feeds as it can."""
    graph = nx.DiGraph()
    graph.add_nodes_from(names)
    graph.add_edges_from(arrows)
    layer: dict[str, int] = {}
    for name in nx.lexicographical_topological_sort(graph):
        layer[name] = max((layer[before] + 1 for before in graph.predecessors(name)), default=0)
    for name in names:
        after = list(graph.successors(name))
        if after and not graph.in_degree(name):
            layer[name] = min(layer[other] for other in after) - 1
    return layer


def _ordered(rough: Arrangement) -> list[list[str]]:
    """Order within each layer with few crossings; what is outside comes first in every layer."""
    layer, pieces, outside = rough.layer, rough.pieces, rough.outside
    rows = [list(row) for row in rough.rows]
    best, fewest = [list(row) for row in rows], _crossings(rows, pieces)
    for _ in range(12):
        for number in [*range(len(rows)), *reversed(range(len(rows)))]:
            fixed = [name for name in rows[number] if name in outside]
            free = [name for name in rows[number] if name not in outside]
            near = [piece for piece in pieces if number in (layer[piece[0]], layer[piece[1]])]
            candidates = permutations(free) if len(free) <= EXHAUSTIVE else _exchanges(free)
            options = [[*fixed, *order] for order in candidates]
            costs = [_cost(rows, number, option, near) for option in options]
            rows[number] = options[int(np.argmin(costs))]
        count = _crossings(rows, pieces)
        if count >= fewest:
            break
        best, fewest = [list(row) for row in rows], count
    return best


def _exchanges(row: Sequence[str]) -> list[tuple[str, ...]]:
    """The row itself and each exchange of two of its members."""
    orders = [tuple(row)]
    for i in range(len(row)):
        for j in range(i + 1, len(row)):
            changed = list(row)
            changed[i], changed[j] = changed[j], changed[i]
            orders.append(tuple(changed))
    return orders


def _cost(rows: Sequence[Sequence[str]], number: int, option: list[str], near: Sequence[Edge]) -> float:
    """Crossings, and among equals the shorter arrows."""
    trial = [option if other == number else list(row) for other, row in enumerate(rows)]
    place = {name: index / max(len(row) - 1, 1) for row in trial for index, name in enumerate(row)}
    return _crossings(trial, near) + 1e-3 * sum(abs(place[a] - place[b]) for a, b in near)


def _crossings(rows: Sequence[Sequence[str]], pieces: Sequence[Edge]) -> int:
    place = {name: (number, index) for number, row in enumerate(rows) for index, name in enumerate(row)}
    count = 0
    for first, (a, b) in enumerate(pieces):
        for c, d in pieces[first + 1 :]:
            if place[a][0] == place[c][0] and (place[a][1] - place[c][1]) * (place[b][1] - place[d][1]) < 0:
                count += 1
    return count


def needed_width(arrangement: Arrangement, extent: Mapping[str, float], gap: float) -> float:
    """Extent of the fullest layer when its members stand as close as they may."""
    return max(sum(extent[name] for name in row) + gap * (len(row) - 1) for row in arrangement.rows)


def coordinates(
    arrangement: Arrangement, extent: Mapping[str, float], gap: float, centring: float = 0.01
) -> dict[str, float]:
    """Where each name stands along its layer, around 0: arrows as straight as the distances between boxes allow.

    A least-squares problem with bounds: the unknowns are, for each layer, its first coordinate and what each distance
    has beyond the least one, which isn't negative.

    Args:
        extent: size of each box and waypoint along its layer, in any unit.
        gap: least distance between neighbours.
        centring: weight of the pull to the middle, 1 being that of a straight arrow; the larger, the narrower.
    """
    names = [name for row in arrangement.rows for name in row]
    index = {name: number for number, name in enumerate(names)}
    shape, offset, lowest = np.zeros((len(names), len(names))), np.zeros(len(names)), np.zeros(len(names))
    for row in arrangement.rows:
        lowest[index[row[0]]] = -np.inf
        for number, name in enumerate(row):
            shape[index[name], [index[other] for other in row[: number + 1]]] = 1
            if number:
                before = row[number - 1]
                offset[index[name]] = offset[index[before]] + (extent[before] + extent[name]) / 2 + gap
    rows, wanted = [], []
    for a, b in arrangement.pieces:
        weight = np.sqrt(8.0 if "@" in a and "@" in b else 2.0 if "@" in a + b else 1.0)  # long arrows straightest
        rows.append(weight * (shape[index[a]] - shape[index[b]]))
        wanted.append(-weight * (offset[index[a]] - offset[index[b]]))
    pull = np.sqrt(centring)
    matrix = np.vstack([np.array(rows).reshape(-1, len(names)), pull * shape])
    found = lsq_linear(matrix, np.array([*wanted, *(-pull * offset)]), (lowest, np.inf), method="bvls")
    solution = shape @ found.x + offset
    return {name: round(float(solution[number]), 2) for name, number in index.items()}
