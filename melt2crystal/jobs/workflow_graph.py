"""The workflow of a study as a small graph of boxes, told from its jobs, the loop folded into one round."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

import networkx as nx

from melt2crystal.jobs.job import Job, Place, with_outputs
from melt2crystal.jobs.stages import Box

Arrow = tuple[str, str]


@dataclass(frozen=True)
class Node:
    """A box of the table with what this study does in it.

    Attributes:
        lines: numbers of jobs in words.
        place: where the largest of its jobs run.
    """

    box: Box
    lines: tuple[str, ...]
    place: Place

    @property
    def name(self) -> str:
        """Identity of the box."""
        return self.box.box


@dataclass(frozen=True)
class WorkflowGraph:
    """Boxes and what flows between them.

    Attributes:
        nodes: in an order in which every arrow but the loop's points forward.
        arrows: (from, to), without those that a longer way already tells.
        loop: (from, to) of the arrow that closes the loop, None without one.
        iterations: number of rounds that were planned.
    """

    nodes: tuple[Node, ...]
    arrows: tuple[Arrow, ...]
    loop: Arrow | None
    iterations: int


def workflow_graph(jobs: Iterable[Job], boxes: Mapping[int, Box]) -> WorkflowGraph:
    """Fold a graph of jobs into a graph of boxes.

    The loop is found, not declared: boxes that depend on each other in a circle (each round labels what the last one
    chose). The circle is cut where it closes: the arrow back to the box whose first job comes earliest.

    Args:
        jobs: all jobs of a study, planned with all its iterations.
        boxes: box of each job that makes something, by the job's number.
    """
    jobs = with_outputs(jobs)
    graph = nx.DiGraph([(before, job.number) for job in jobs for before in job.depends if before in boxes])
    graph.add_nodes_from(job.number for job in jobs)
    order = _in_order_of_their_first_jobs(graph, boxes)
    flow = nx.DiGraph([(boxes[a].box, boxes[b].box) for a, b in graph.edges if boxes[a].box != boxes[b].box])
    flow.add_nodes_from(order)
    back = [(a, b) for a, b in flow.edges if order.index(a) > order.index(b) and nx.has_path(flow, b, a)]
    flow.remove_edges_from(back)
    flow = nx.transitive_reduction(flow)
    place = {name: number for number, name in enumerate(nx.lexicographical_topological_sort(flow, key=order.index))}
    # One arrow stands for all that point back: the one that spans the whole round.
    loop = max(back, key=lambda arrow: (place[arrow[0]] - place[arrow[1]], arrow), default=None)
    members: dict[str, list[Job]] = defaultdict(list)
    for job in jobs:
        members[boxes[job.number].box].append(job)
    described = {box.box: box for box in boxes.values()}
    return WorkflowGraph(
        nodes=tuple(_node(described[name], members[name]) for name in place),
        arrows=tuple(sorted(flow.edges, key=lambda arrow: (place[arrow[0]], place[arrow[1]]))),
        loop=loop,
        iterations=len({job.iteration for job in members[loop[0]]} - {None}) if loop else 0,
    )


def _in_order_of_their_first_jobs(graph: nx.DiGraph, boxes: Mapping[int, Box]) -> list[str]:
    """Boxes by the longest way from any start to the earliest of their jobs, then by name."""
    first: dict[str, int] = {}
    for steps, numbers in enumerate(nx.topological_generations(graph)):
        for number in numbers:
            first.setdefault(boxes[number].box, steps)
    return sorted(first, key=lambda name: (first[name], name))


def _node(box: Box, jobs: list[Job]) -> Node:
    places = {job.place for job in jobs}
    place: Place = "gpu" if "gpu" in places else "cpu" if "cpu" in places else "local"
    return Node(box, tuple(_lines(box, jobs)), place)


def _lines(box: Box, jobs: list[Job]) -> list[str]:
    """What is counted, in words: once and in each round of the loop."""
    if not box.count:
        return [f"{len(jobs)} jobs"] if len(jobs) > 1 else []
    lines = []
    for rule, words in box.count.items():
        rounds = Counter(job.iteration for job in jobs if fnmatchcase(job.rule, rule))
        once = rounds.pop(None, 0)
        if once:
            lines.append(words.format(n=once))
        if rounds:
            least, most = min(rounds.values()), max(rounds.values())
            number = str(most) if least == most else f"{least}–{most}"
            lines.append(f"+ {number} a round" if once else words.format(n=number))
    return [line.removesuffix("s") if line.endswith(" 1 shards") else line for line in lines]


def mermaid(graph: WorkflowGraph) -> str:
    """The same graph as Mermaid text for a README: hexagon GPU, rectangle CPU, rounded local, flag a result."""
    shapes = {"gpu": ("{{", "}}"), "cpu": ("[", "]"), "local": ("(", ")")}
    lines = ["flowchart TD"]
    for node in graph.nodes:
        left, right = (">", "]") if node.box.result else shapes[node.place]
        text = "<br/>".join((f"<b>{node.box.title}</b>", *node.lines))
        lines.append(f'    {node.name}{left}"{text}"{right}:::{node.place}')
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
