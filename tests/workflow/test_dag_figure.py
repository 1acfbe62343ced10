"""The figure of the workflow follows the workflow: its rules, its loop, whatever has run already."""

import re

from tests.helpers.checkout import tool

NEW_RULE = """
rule phonons_mesh:
    input: f"{RESULTS}/models/hp/card.md"
    output: f"{RESULTS}/phonons.txt"
    shell: "touch {output}"
"""


def test_a_new_rule_appears_by_itself_in_the_figure_of_a_finished_study(edited, fresh, tmp_path):
    said = tool(fresh, "dag", "--study", "ci", "--out", str(tmp_path / "fresh"))
    assert "no stage" not in said, said  # every rule of the repository is in the table
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
    assert "phonons_mesh: no stage" in said
    added = set((tmp_path / "new/dag.mmd").read_text().splitlines()) - set(before.splitlines())
    assert {line.strip().split(":::")[0] for line in added} == {'phonons["<b>Phonons</b>"]', "hp --> phonons"}
    assert "ERROR: phonons_mesh" in tool(edited, "dag", "--study", "ci", "--check", check=False)
