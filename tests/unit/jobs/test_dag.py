"""Stages, the folded graph, its layout and its drawing, on made-up job graphs."""

import re
from itertools import pairwise

import networkx as nx
import pytest

from melt2crystal.errors import UserError
from melt2crystal.figures.style import journal_style, save
from melt2crystal.figures.workflow import draw_dag, save_svg
from melt2crystal.figures.workflow_layout import arrange, coordinates
from melt2crystal.jobs.job import Job
from melt2crystal.jobs.stage_graph import mermaid, stage_graph
from melt2crystal.jobs.stages import Stage, read_stages, stage_of, staged
from melt2crystal.sections.figures import Figures


def job(number, rule, *depends, gpus=0, local=False, **wildcards):
    file = f"{rule.split('_')[0]}.smk"
    return Job(number, rule, file, wildcards, 1, gpus, local, (f"out/{number}",), depends=depends)


STAGES = [
    Stage(stage="labels", title="Labels", jobs=["label.smk"], count={"label_shard": "label {n} shards"}),
    Stage(stage="training", title="Training", jobs=["train.smk"], count={"train_member": "train ×{n}"}),
    Stage(stage="selection", title="Selection", jobs=["select.smk"]),
    Stage(stage="hp", title="HP", jobs=["train.smk ensemble=hp"], count={"train_member": "train ×{n}"}, result=True),
]


def loop(rounds):
    """Two shards of first labels; each round trains two members, selects, labels a shard; HP from the last labels."""
    jobs = [job(0, "label_shard", batch="initial"), job(1, "label_shard", batch="initial")]
    last = [0, 1]
    for number in range(rounds):
        first, name = len(jobs), f"iteration-{number:02d}"
        members = [job(first + k, "train_member", *last, gpus=1, ensemble=name, member=str(k)) for k in range(2)]
        chosen = job(first + 2, "explore_select", first, first + 1, iteration=f"{number:02d}")
        jobs += [*members, chosen, job(first + 3, "label_shard", first + 2, batch=name)]
        last = [first + 3]
    return [*jobs, job(len(jobs), "train_member", *last, gpus=1, ensemble="hp", member="0")]


def graph_of(jobs, stages=STAGES):
    return stage_graph(jobs, staged(jobs, stages))


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_loop_is_one_arc_whatever_the_number_of_rounds(rounds):
    graph = graph_of(loop(rounds))
    assert graph.loop == ("selection", "labels") and graph.iterations == rounds
    assert set(graph.arrows) == {("labels", "hp"), ("labels", "training"), ("training", "selection")}
    boxes = {box.stage: box for box in graph.boxes}
    assert boxes["labels"].lines == ("label 2 shards", "+ 1 a round")
    assert boxes["training"].lines == ("train ×2",)
    assert {name for name, box in boxes.items() if box.in_loop} == {"labels", "training", "selection"}


def test_without_iterations_there_is_no_loop():
    graph = graph_of(loop(0))
    assert graph.loop is None and graph.iterations == 0
    assert "-." not in mermaid(graph)


def test_an_arrow_that_a_longer_way_tells_is_left_out():
    jobs = [*loop(1), job(99, "summary", 0, 6)]
    assert ("labels", "summary") not in graph_of(jobs).arrows
    assert ("hp", "summary") in graph_of(jobs).arrows


def test_the_closest_entry_wins():
    assert stage_of(job(0, "train_member", ensemble="hp"), STAGES).stage == "hp"
    assert stage_of(job(0, "train_member", ensemble="iteration-00"), STAGES).stage == "training"
    by_name = [*STAGES, Stage(stage="own", title="Own", jobs=["train_da*"])]
    assert stage_of(job(0, "train_data", ensemble="iteration-00"), by_name).stage == "own"
    assert stage_of(job(0, "other"), STAGES) is None


def test_a_file_of_rules_without_a_stage_is_drawn_under_its_own_name():
    jobs = [*loop(1), job(99, "phonons_mesh", 6)]
    graph = graph_of(jobs)
    assert [box.title for box in graph.boxes if box.stage == "phonons"] == ["Phonons"]
    assert not staged(jobs, STAGES)[99].tabled


def test_jobs_without_files_are_plumbing():
    target = Job(99, "all", "Snakefile", depends=(0,))
    assert 99 not in staged([*loop(1), target], STAGES)


def test_places_show_in_shape_and_text():
    jobs = [*loop(1), job(99, "figure_x", 6, local=True)]
    boxes = {box.stage: box.place for box in graph_of(jobs).boxes}
    assert boxes["training"] == "gpu" and boxes["labels"] == "cpu" and boxes["figure"] == "local"
    text = mermaid(graph_of(jobs))
    assert "training{{" in text and "labels[" in text and "figure(" in text and "hp>" in text


def test_a_wrong_table_of_stages_says_what_is_wrong(tmp_path):
    table = tmp_path / "stages.yaml"
    table.write_text("- {stage: a, title: A, jobs: []}\n- {stage: a, title: B, jobs: []}\n")
    with pytest.raises(UserError, match="stage a is there twice"):
        read_stages(table)
    table.write_text("- {stage: a, titel: A, jobs: []}\n")
    with pytest.raises(UserError, match="titel"):
        read_stages(table)
    with pytest.raises(UserError, match="missing"):
        read_stages(tmp_path / "none.yaml")


def test_layers_follow_the_longest_way_and_boxes_keep_their_distance():
    arrows = [("a", "b"), ("b", "c"), ("a", "c"), ("x", "c"), ("c", "d"), ("a", "d")]
    found = arrange(list("abcdx"), arrows, ("d", "b"))
    assert {name: found.layer[name] for name in "abcdx"} == {"a": 0, "b": 1, "c": 2, "d": 3, "x": 1}
    extent = {name: 10.0 if len(name) == 1 else 0.0 for name in found.layer}
    for centring in (0.01, 100.0):
        across = coordinates(found, extent, 2.0, centring)
        for row in found.rows:
            for left, right in pairwise(row):
                assert across[right] - across[left] >= (extent[left] + extent[right]) / 2 + 2.0 - 0.02
    assert all(row.index(name) == 0 for row in found.rows for name in row if name in found.outside)


def test_a_planar_graph_is_drawn_without_crossings():
    tree = [("a", "b"), ("a", "c"), ("b", "e"), ("b", "f"), ("c", "d"), ("c", "g")]
    found = arrange(list("abcdefg"), tree, None)
    order = found.rows[2]
    assert {order.index("e"), order.index("f")} in ({0, 1}, {2, 3})


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
