"""The rebuild contract as data and as text: what is written is read again, and people see what the data say."""

import json

import pytest

from melt2crystal.errors import UserError
from melt2crystal.jobs.job import Job
from melt2crystal.jobs.stages import TABLE, Box, read_boxes
from tests.helpers.checkout import REPOSITORY
from tests.helpers.golden import golden
from tools.rebuild.contract import Effect, JobRecord, effect
from tools.rebuild.keys import every_key
from tools.rebuild.table import BEGIN, END, Entry, as_json, read_contract, text_of
from tools.rebuild.write_table import DOCUMENT

BOXES = [Box(box=name, title=name.capitalize(), jobs=[f"{name}.smk"]) for name in ("melt", "labels", "models")]
RULES = frozenset({"train_a", "train_b", "train_c", "train_d"})
CONTRACT = {
    Entry("top level", "seed"): Effect(again=RULES, follows=frozenset({"labels", "models"}), stays=frozenset({"melt"})),
    Entry("grid", "grid", ("label.known",)): Effect(new=frozenset({"train_a"}), gone=frozenset({"label_x"})),
}


def test_the_contract_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "rebuild.json"
    path.write_text(as_json(CONTRACT), encoding="utf-8")
    assert read_contract(path) == CONTRACT
    assert len(path.read_text().splitlines()) == len(CONTRACT) + 2  # a line for each key: a change is seen at a glance


def test_people_see_patterns_and_titles():
    golden("rebuild-table.md", text_of(CONTRACT, BOXES) + "\n")


@pytest.mark.parametrize("text", [None, "[", '[{"heading": "a"}]', "[1]"])
def test_a_file_that_is_no_contract_says_how_it_is_made(tmp_path, text):
    path = tmp_path / "rebuild.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match=r"rebuild\.json: not a rebuild contract.*make docs"):
        read_contract(path)


def record(number, rule, *follows, params=(), wildcards=None, outputs=()):
    job = Job(number, rule, f"{rule.split('_')[0]}.smk", wildcards or {}, outputs=outputs or (f"out/{number}",))
    return JobRecord(job, params, "", (), follows)


def test_what_changes_begins_and_what_depends_on_it_follows():
    before = [record(0, "melt_walk", params=("1",)), record(1, "labels_shard", 0), record(2, "models_train", 1)]
    after = [record(0, "melt_walk", params=("2",)), record(1, "labels_shard", 0), record(2, "models_train")]
    assert effect(before, after, BOXES) == Effect(
        again=frozenset({"melt_walk"}), follows=frozenset({"labels"}), stays=frozenset({"models"})
    )
    other = [record(0, "melt_read", outputs=("out/0",)), *before[1:]]
    assert effect(before, other, BOXES).again == {"melt_read"}, "it makes a file that another rule made"
    assert effect(before, other, BOXES).gone == {"melt_walk"}
    more = [*before, record(3, "labels_shard", wildcards={"shard": "1"})]
    assert effect(before, more, BOXES) == Effect(new=frozenset({"labels_shard"}), stays=frozenset({"melt", "models"}))


def test_the_released_contract_names_every_key_and_only_boxes_there_are():
    contract = read_contract()
    assert {entry.key for entry in contract} == {key.name for key in every_key()}
    boxes = {box.box for box in read_boxes(REPOSITORY / TABLE)}
    assert {name for effect in contract.values() for name in effect.follows | effect.stays} <= boxes
    assert all(len(row) == 8 for row in json.loads((REPOSITORY / "docs/reference/rebuild.json").read_text()))
    written = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert text_of(contract, read_boxes(REPOSITORY / TABLE)) == written, "edited by hand? run 'make docs'"
