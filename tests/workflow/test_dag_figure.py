"""The figure of the workflow follows the workflow: its rules, its loop, whatever has run already."""

import re
from pathlib import Path

import pytest

from melt2crystal.jobs.job import Job, stage_of
from melt2crystal.jobs.stages import STAGES, TABLE, box_of, read_boxes
from tests.helpers.checkout import REPOSITORY, tool
from tests.helpers.rules import rules_of

NEW_RULE = """
rule phonons_mesh:
    input: f"{RESULTS}/models/hp/card.md"
    output: f"{RESULTS}/phonons.txt"
    shell: "touch {output}"
"""

# Jobs of another stage that only make sense in a box: labels of crystals, plots of the melt, the summary.
GUESTS = {
    "labels": {"train"},
    "energy_volume": {"label"},
    "vibrations": {"label"},
    "search": {"label"},
    "figures": {"liquid", "report"},
}


def test_a_new_rule_appears_by_itself_in_the_figure_of_a_finished_study(edited, fresh, tmp_path):
    said = tool(fresh, "dag", "--study", "ci", "--out", str(tmp_path / "fresh"))
    assert "no box" not in said, said  # every rule of the repository is in the table
    before = (tmp_path / "fresh/dag.mmd").read_text()
    assert re.search(r'selection -\. "until saturated, at most 1 round" \.-> labels', before)
    assert (
        'training["<b>Training</b><br/>train ×2"]' in before or 'training{{"<b>Training</b><br/>train ×2"}}' in before
    )
    assert 'hp>"<b>HP</b><br/>train ×2"]' in before and "labels --> hp" in before
    for name in ("dag.pdf", "dag.svg", "dag.png", "dag-wide.pdf", "dag-wide.svg", "dag-wide.png"):
        assert (tmp_path / "fresh" / name).stat().st_size > 10_000, name

    (edited.folder / "rules/phonons.smk").write_text(NEW_RULE)
    snakefile = edited.folder / "Snakefile"
    text = snakefile.read_text().replace(
        'include: "rules/figures.smk"', 'include: "rules/figures.smk"\ninclude: "rules/phonons.smk"'
    )
    snakefile.write_text(
        text.replace('f"{RESULTS}/summary.md",', 'f"{RESULTS}/summary.md",\n        f"{RESULTS}/phonons.txt",')
    )
    said = tool(edited, "dag", "--study", "ci", "--out", str(tmp_path / "new"))
    assert "phonons_mesh: no box" in said
    added = set((tmp_path / "new/dag.mmd").read_text().splitlines()) - set(before.splitlines())
    assert {line.strip().split(":::")[0] for line in added} == {'phonons["<b>Phonons</b>"]', "hp --> phonons"}
    assert "ERROR: phonons_mesh" in tool(edited, "dag", "--study", "ci", "--check", check=False)


@pytest.mark.parametrize("study", ["ci", "released"])
def test_the_stage_of_a_box_is_the_first_word_of_its_rules(study):
    """But for the guests, which keep their own; the ledger and the summary take it from the rule's name."""
    boxes = read_boxes(REPOSITORY / TABLE)
    values = {"batch": ["initial", "eos", "harmonic", "found-p0"], "ensemble": ["lp", "hp"], "potential": ["lp", "hp"]}
    for rule in (rule for rule in rules_of(REPOSITORY, study) if rule.output):
        stage = stage_of(rule.name)
        assert stage in STAGES, f"{rule.name}: begin its name with one of {', '.join(STAGES)}"
        named = [{name: value} for name in values.keys() & rule.wildcard_names for value in values[name]]
        for wildcards in named or [{}]:
            box = box_of(Job(0, rule.name, Path(str(rule.snakefile)).name, wildcards), boxes)
            assert stage == box.stage or stage in GUESTS[box.box], f"{rule.name} {wildcards}: {stage} in {box.box}"
