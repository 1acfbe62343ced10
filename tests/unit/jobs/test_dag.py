"""Boxes, the folded graph, its places and its drawing, on made-up job graphs."""

import re
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from matplotlib.patches import FancyArrowPatch

from melt2crystal.errors import UserError
from melt2crystal.figures.style import journal_style, save
from melt2crystal.figures.workflow import _Drawing, draw_dag, places, save_svg
from melt2crystal.jobs.job import Job
from melt2crystal.jobs.stages import TABLE, Box, box_of, boxed, read_boxes
from melt2crystal.jobs.workflow_graph import Node, WorkflowGraph, mermaid, workflow_graph
from melt2crystal.sections.figures import Figures
from tests.helpers.golden import golden

ROOT = Path(__file__).resolve().parents[3]
TABLED = read_boxes(ROOT / TABLE)


def job(number, rule, *depends, gpus=0, local=False, **wildcards):
    file = f"{rule.split('_')[0]}.smk"
    return Job(number, rule, file, wildcards, 1, gpus, local, (f"out/{number}",), depends=depends)


BOXES = [
    Box(box="labels", title="Labels", at=(0, 0), jobs=["label.smk"], count={"label_shard": "label {n} shards"}),
    Box(box="training", title="Training", at=(1, 0), jobs=["train.smk"], count={"train_member": "train ×{n}"}),
    Box(box="selection", title="Selection", at=(2, 0), jobs=["explore.smk"]),
    Box(box="hp", title="HP", at=(1, 1), jobs=["train.smk ensemble=hp"], count={"train_member": "train ×{n}"},
        result=True),
]  # fmt: skip


def loop(rounds):
    """Two shards of first labels; each round trains two members, selects, labels a shard; HP from the last labels."""
    jobs = [job(0, "label_shard", batch="initial"), job(1, "label_shard", batch="initial")]
    last = [0, 1]
    for number in range(rounds):
        first, name = len(jobs), f"iteration-{number:02d}"
        members = [job(first + k, "train_member", *last, gpus=1, ensemble=name, member=str(k)) for k in range(2)]
        chosen = job(first + 2, "explore_selection", first, first + 1, iteration=f"{number:02d}")
        jobs += [*members, chosen, job(first + 3, "label_shard", first + 2, batch=name)]
        last = [first + 3]
    return [*jobs, job(len(jobs), "train_member", *last, gpus=1, ensemble="hp", member="0")]


def graph_of(jobs):
    return workflow_graph(jobs, boxed(jobs, BOXES))


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_loop_is_one_arc_whatever_the_number_of_rounds(rounds):
    graph = graph_of(loop(rounds))
    assert graph.loop == ("selection", "labels") and graph.iterations == rounds
    assert set(graph.arrows) == {("labels", "hp"), ("labels", "training"), ("training", "selection")}
    nodes = {node.name: node for node in graph.nodes}
    assert nodes["labels"].lines == ("label 2 shards", "+ 1 a round")
    assert nodes["training"].lines == ("train ×2",)
    (circle,) = nx.simple_cycles(nx.DiGraph([*graph.arrows, graph.loop]))
    assert set(circle) == {"labels", "training", "selection"}


def test_without_iterations_there_is_no_loop():
    graph = graph_of(loop(0))
    assert graph.loop is None and graph.iterations == 0
    assert "-." not in mermaid(graph)


def test_an_arrow_that_a_longer_way_tells_is_left_out():
    jobs = [*loop(1), job(99, "summary", 0, 6)]
    assert ("labels", "summary") not in graph_of(jobs).arrows
    assert ("hp", "summary") in graph_of(jobs).arrows


def test_the_closest_entry_wins():
    assert box_of(job(0, "train_member", ensemble="hp"), BOXES).box == "hp"
    assert box_of(job(0, "train_member", ensemble="iteration-00"), BOXES).box == "training"
    by_name = [*BOXES, Box(box="own", title="Own", jobs=["train_da*"])]
    assert box_of(job(0, "train_data", ensemble="iteration-00"), by_name).box == "own"
    assert box_of(job(0, "other"), BOXES) is None


def test_a_file_of_rules_without_a_box_is_drawn_under_its_own_name():
    jobs = [*loop(1), job(99, "phonons_mesh", 6)]
    graph = graph_of(jobs)
    assert [node.box.title for node in graph.nodes if node.name == "phonons"] == ["Phonons"]
    assert boxed(jobs, BOXES)[99].stage is None


def test_jobs_without_files_are_plumbing():
    target = Job(99, "all", "Snakefile", depends=(0,))
    assert 99 not in boxed([*loop(1), target], BOXES)


def test_places_show_in_shape_and_text():
    jobs = [*loop(1), job(99, "figure_x", 6, local=True)]
    nodes = {node.name: node.place for node in graph_of(jobs).nodes}
    assert nodes["training"] == "gpu" and nodes["labels"] == "cpu" and nodes["figure"] == "local"
    golden("dag.mmd", mermaid(graph_of(jobs)))


def test_a_wrong_table_of_boxes_says_what_is_wrong(tmp_path):
    table = tmp_path / "stages.yaml"
    table.write_text("- {box: a, title: A, jobs: []}\n- {box: a, title: B, jobs: []}\n")
    with pytest.raises(UserError, match="box a is there twice"):
        read_boxes(table)
    table.write_text("- {box: a, titel: A, jobs: []}\n")
    with pytest.raises(UserError, match="titel"):
        read_boxes(table)
    with pytest.raises(UserError, match="missing"):
        read_boxes(tmp_path / "none.yaml")


def rectangles(figure):
    """Left, right, top and bottom of each box of a drawing, mm."""
    found = {}
    for name, word in figure.words.items():
        x, y = figure._point(figure.across[name], figure.along[name])
        found[name] = (x - word.width / 2, x + word.width / 2, y - word.height / 2, y + word.height / 2)
    return found


def lines(figure):
    """Points along each arrow, mm."""
    arrows = [patch for patch in figure.axes.patches if isinstance(patch, FancyArrowPatch) and patch.get_zorder() == 1]
    for arrow in arrows:
        if (path := arrow._path_original) is not None:
            (corners,) = path.to_polygons(closed_only=False)
            yield np.concatenate([np.linspace(a, b, 20) for a, b in pairwise(corners)])


def faults(figure):
    """Boxes that overlap or leave the page, and boxes that an arrow runs through."""
    boxes = rectangles(figure)
    for one, other in combinations(boxes, 2):
        a, b = boxes[one], boxes[other]
        if a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]:
            yield f"{one} and {other} overlap"
    for name, (left, right, top, bottom) in boxes.items():
        if min(left, top) < 0.5 or right > figure.width - 0.5 or bottom > figure.legend_y:
            yield f"{name} leaves the page"
        for x, y in (points.T for points in lines(figure)):
            if ((left + 0.05 < x) & (x < right - 0.05) & (top + 0.05 < y) & (y < bottom - 0.05)).any():
                yield f"an arrow runs through {name}"


# A study as rich as they come: every box, every arrow, and then two files of rules that nobody placed.
EVERYTHING = {
    "liquid": [], "certificate": ["liquid"], "labels": ["certificate"], "training": ["labels"],
    "exploration": ["training"], "selection": ["exploration"], "lp": ["labels"], "hp": ["labels"], "crystals": [],
    "energy_volume": ["lp", "hp", "crystals"], "search": ["hp", "crystals"], "vibrations": ["hp", "crystals"],
    "figures": ["selection", "energy_volume", "search", "vibrations"],
}  # fmt: skip
OWN = {"phonons": ["hp"], "elastic": ["phonons"]}


def study_of(arrows, iterations=8):
    """A graph with these boxes of the table and others, each following those named."""
    table = {box.box: box for box in TABLED}
    boxes = [table.get(name) or Box(box=name, title=name.capitalize(), jobs=[]) for name in arrows]
    nodes = [Node(box, ("label 69 shards", "+ 13 a round")[: len(box.count) + 1], "cpu") for box in boxes]
    pairs = tuple((before, name) for name, all_before in arrows.items() for before in all_before)
    return WorkflowGraph(tuple(nodes), pairs, ("selection", "labels") if iterations else None, iterations)


@pytest.mark.parametrize("size_pt", [7.0, 9.0])
@pytest.mark.parametrize("others", [{}, OWN])
@pytest.mark.parametrize(("width", "direction"), [(89.0, "down"), (183.0, "right")])
def test_boxes_stand_clear_of_each_other_and_of_arrows(width, direction, others, size_pt):
    figures = Figures(font_size_pt=size_pt)
    with journal_style(figures):
        drawn = _Drawing(study_of(EVERYTHING | others), figures, width, direction)
    assert list(faults(drawn)) == []
    assert min(text.get_fontsize() for text in drawn.axes.texts) >= 6.0


def test_a_fault_of_the_layout_is_seen():
    """Two boxes in one place overlap, and the arrow between their neighbours runs through them."""
    graph = study_of(EVERYTHING)
    moved = [replace(n, box=n.box.model_copy(update={"at": (4, 1)})) if n.name == "search" else n for n in graph.nodes]
    with journal_style(Figures()):
        drawn = _Drawing(replace(graph, nodes=tuple(moved)), Figures(), 89.0, "down")
    assert "energy_volume and search overlap" in list(faults(drawn))


def test_boxes_stand_where_the_table_says_and_others_in_the_next_free_place():
    found = places(study_of(EVERYTHING | OWN))
    assert {box.box: found[box.box] for box in TABLED} == {box.box: box.at for box in TABLED}
    assert found["phonons"] == (5, 2)  # behind HP, whose next step is full
    assert found["elastic"] == (6, 3)  # beside the figures


def test_a_box_moves_on_if_something_new_stands_before_it():
    changed = {**EVERYTHING, "annealing": ["selection"], "lp": ["annealing"]}
    order = [name for name in changed if name not in ("lp", "energy_volume", "figures")]
    found = places(study_of({name: changed[name] for name in [*order, "lp", "energy_volume", "figures"]}))
    assert found["annealing"][0] > found["selection"][0]
    steps = [found[name][0] for name in ("annealing", "lp", "energy_volume", "figures")]
    assert steps == sorted(set(steps)) and len(set(found.values())) == len(found)


@pytest.mark.parametrize(("width", "direction"), [(89.0, "down"), (183.0, "right")])
def test_a_figure_has_its_width_and_no_word_outside_its_box(width, direction):
    figure = draw_dag(graph_of(loop(2)), Figures(), width, direction)
    assert figure.get_size_inches()[0] * 25.4 == pytest.approx(width)
    renderer = figure.canvas.get_renderer()
    page = figure.bbox
    for text in figure.axes[0].texts:
        assert text.get_fontsize() >= 6.0
        box = text.get_window_extent(renderer)
        assert box.x0 >= page.x0 and box.x1 <= page.x1 and box.y0 >= page.y0 and box.y1 <= page.y1, text.get_text()
    words = [text.get_window_extent(renderer) for text in figure.axes[0].texts]
    for number, one in enumerate(words):
        assert not any(one.overlaps(other) for other in words[number + 1 :]), figure.axes[0].texts[number].get_text()


def test_files_are_the_same_twice_and_words_stay_words(tmp_path):
    figures = Figures()
    for name in ("one", "two"):
        figure = draw_dag(graph_of(loop(2)), figures, 89, "down")
        with journal_style(figures):
            save(figure, tmp_path / f"{name}.pdf", tmp_path / f"{name}.png", "t")
            save_svg(figure, tmp_path / f"{name}.svg", "t")
    for kind in ("pdf", "png", "svg"):
        assert (tmp_path / f"one.{kind}").read_bytes() == (tmp_path / f"two.{kind}").read_bytes(), kind
    words = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "one.svg").read_text())
    assert {"Labels", "Training", "train ×2"} <= set(words)
    assert b"/FontFile2" in (tmp_path / "one.pdf").read_bytes()  # TrueType: editable words


def test_the_loop_words_count_rounds():
    assert 'at most 1 round"' in mermaid(graph_of(loop(1)))
    assert "at most 3 rounds" in mermaid(graph_of(loop(3)))
    assert nx.is_directed_acyclic_graph(nx.DiGraph(graph_of(loop(3)).arrows))
