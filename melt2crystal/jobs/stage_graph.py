"""The graph of stages: what a study does, told from its jobs, the loop folded into one round."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import networkx as nx

from melt2crystal.jobs.job import Job, Place, with_outputs
from melt2crystal.jobs.stages import Stage


@dataclass(frozen=True)
class Box:
    """One stage as it is drawn."""

    stage: str
    title: str
    lines: tuple[str, ...]
    place: Place
    result: bool
    in_loop: bool


@dataclass(frozen=True)
class StageGraph:
    """Stages and what flows between them.

    Attributes:
        boxes: in an order in which every arrow but the loop's points forward.
        arrows: (from, to), without those that a longer way already tells.
        loop: (from, to) of the arrow that closes the loop, None without one.
        iterations: number of rounds that were planned.
    """

    boxes: tuple[Box, ...]
    arrows: tuple[tuple[str, str], ...]
    loop: tuple[str, str] | None
    iterations: int


def stage_graph(jobs: Iterable[Job], stages: Mapping[int, Stage]) -> StageGraph:
    """Fold a graph of jobs into a graph of stages.

    The loop is found, not declared: stages that depend on each other in a circle (each round labels what the last one
    chose). The circle is cut where it closes: the arrow back to the stage whose first job comes earliest.

    Args:
        jobs: all jobs of a study, planned with all its iterations.
        stages: stage of each job that makes something, by the job's number.
    """
    jobs = with_outputs(jobs)
    graph = nx.DiGraph()
    graph.add_edges_from((before, job.number) for job in jobs for before in job.depends if before in stages)
    graph.add_nodes_from(job.number for job in jobs)
    first = _first_appearance(graph, stages)
    order = sorted(first, key=lambda name: (first[name], name))
    flow = nx.DiGraph()
    flow.add_nodes_from(order)
    flow.add_edges_from(
        (stages[a].stage, stages[b].stage) for a, b in graph.edges if stages[a].stage != stages[b].stage
    )
    circle, back = _loop(flow, order)
    flow.remove_edges_from(back)
    reduced = nx.transitive_reduction(flow)
    position = {name: place for place, name in enumerate(nx.lexicographical_topological_sort(reduced, key=order.index))}
    by_stage: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        by_stage[stages[job.number].stage].append(job)
    loop = _closing(back, position)
    rounds = {job.iteration for job in by_stage[loop[0]]} - {None} if loop else set()
    described = {stage.stage: stage for stage in stages.values()}
    return StageGraph(
        boxes=tuple(
            _box(described[name], by_stage[name], name in circle)
            for name in sorted(position, key=lambda name: position[name])
        ),
        arrows=tuple(sorted(reduced.edges, key=lambda edge: (position[edge[0]], position[edge[1]]))),
        loop=loop,
        iterations=len(rounds),
    )


def _first_appearance(graph: nx.DiGraph, stages: Mapping[int, Stage]) -> dict[str, int]:
    """Length of the longest way from any start to the earliest job of each stage."""
    depth: dict[int, int] = {}
    for number in nx.topological_sort(graph):
        depth[number] = max((depth[before] + 1 for before in graph.predecessors(number)), default=0)
    first: dict[str, int] = {}
    for number, steps in depth.items():
        name = stages[number].stage
        first[name] = min(steps, first.get(name, steps))
    return first


def _loop(flow: nx.DiGraph, order: list[str]) -> tuple[set[str], list[tuple[str, str]]]:
    """Stages that depend on each other in a circle, and the arrows that point back along ``order``."""
    circles = [circle for circle in nx.strongly_connected_components(flow) if len(circle) > 1]
    members = set().union(*circles)
    back = [
        (a, b)
        for circle in circles
        for a, b in flow.edges
        if a in circle and b in circle and order.index(a) > order.index(b)
    ]
    return members, back


def _closing(back: list[tuple[str, str]], position: Mapping[str, int]) -> tuple[str, str] | None:
    """One arc stands for all arrows back: the one that spans the whole round."""
    return max(back, key=lambda edge: (position[edge[0]] - position[edge[1]], edge), default=None)


def _box(stage: Stage, jobs: list[Job], in_loop: bool) -> Box:
    places = Counter(job.place for job in jobs)
    place: Place = "gpu" if places["gpu"] else "cpu" if places["cpu"] else "local"
    return Box(stage.stage, stage.title, tuple(_lines(stage, jobs)), place, stage.result, in_loop)


def _lines(stage: Stage, jobs: list[Job]) -> list[str]:
    """What is counted, in words: once and in each round of the loop."""
    if not stage.count:
        return [f"{len(jobs)} jobs"] if len(jobs) > 1 else []
    lines = []
    for rule, words in stage.count.items():
        rounds = Counter(job.iteration for job in jobs if fnmatchcase(job.rule, rule))
        once = rounds.pop(None, 0)
        if once:
            lines.append(words.format(n=once))
        if rounds:
            least, most = min(rounds.values()), max(rounds.values())
            number = str(most) if least == most else f"{least}–{most}"
            lines.append(f"+ {number} a round" if once else words.format(n=number))
    return [line.removesuffix("s") if line.endswith(" 1 shards") else line for line in lines]


def mermaid(graph: StageGraph) -> str:
    """The same graph as Mermaid text for a README: hexagon GPU, rectangle CPU, rounded local, flag a result."""
    shapes = {"gpu": ("{{", "}}"), "cpu": ("[", "]"), "local": ("(", ")")}
    lines = ["flowchart TD"]
    for box in graph.boxes:
        left, right = (">", "]") if box.result else shapes[box.place]
        text = "<br/>".join((f"<b>{box.title}</b>", *box.lines))
        lines.append(f'    {box.stage}{left}"{text}"{right}:::{box.place}')
    lines += [f"    {a} --> {b}" for a, b in graph.arrows]
    if graph.loop:
        lines.append(f'    {graph.loop[0]} -. "{loop_words(graph.iterations)}" .-> {graph.loop[1]}')
    lines += [
        "    classDef gpu fill:#F7DFA8,stroke:#8A5A00,color:#000",
        "    classDef cpu fill:#CFE8F7,stroke:#0072B2,color:#000",
        "    classDef local fill:#EEEEEE,stroke:#666666,color:#000",
    ]
    return "\n".join(lines) + "\n"


def loop_words(iterations: int) -> str:
    """What stands at the arc of the loop."""
    return f"until saturated, at most {iterations} round{'s' if iterations > 1 else ''}"
