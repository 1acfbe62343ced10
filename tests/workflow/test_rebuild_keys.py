"""docs/reference/rebuild.json against Snakemake: every key of the configuration is edited in a finished ci study.

What a dry run would do comes from Snakemake and what it wrote down when the jobs ran (dry_runs.py). Parts that the ci
study leaves out (harmonic spectra, other engines than LAMMPS) are written down as finished without having run.
"""

import pytest

from melt2crystal.jobs.stages import TABLE, read_boxes
from tests.helpers.checkout import REPOSITORY
from tests.helpers.contract import CI, EDITS, dry_runs
from tools.rebuild.contract import Effect
from tools.rebuild.edits import BASES, study_of
from tools.rebuild.keys import every_key
from tools.rebuild.table import BEGIN, END, PARTS, read_contract, text_of
from tools.rebuild.write_table import DOCUMENT, entry_of


@pytest.fixture(scope="module")
def answers(finished, tmp_path_factory):
    """What Snakemake says to every edit; and to every study before it was edited, under its name."""
    checkout = finished.edited(tmp_path_factory.mktemp("keys") / "edited")
    tasks, labels = [], []
    for base in BASES.values():
        tasks.append({"study": study_of(base, CI), "finish": True})
        labels.append((base.name,))
        for edit in EDITS.values():
            if edit.base == base:
                tasks.append({"study": edit.study})
                labels.append((base.name, edit.label))
    return dict(zip(labels, dry_runs(checkout, tasks), strict=True))


def test_every_key_has_a_row_and_every_row_a_key():
    assert {entry_of(edit) for edit in EDITS.values()} == set(read_contract())
    assert {edit.key for edit in EDITS.values()} == set(every_key())


def test_the_tables_are_as_they_would_be_written():
    written = DOCUMENT.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0].strip()
    assert text_of(read_contract(), read_boxes(REPOSITORY / TABLE)) == written, "edited by hand? run 'make docs'"


@pytest.mark.parametrize("base", BASES)
def test_before_the_edit_there_is_nothing_to_do(answers, base):
    assert answers[(base,)]["run"] == []


@pytest.mark.parametrize("label", EDITS)
def test_a_dry_run_says_what_the_contract_says(answers, label):
    edit = EDITS[label]
    said = answers[edit.base.name, label]
    assert said["unexplained"] == [], "jobs that run although nothing before them changed"
    assert said["forgotten"] == [], "jobs that don't run although something before them changed"
    seen = Effect(**{part: frozenset(said[part]) for part in PARTS})
    assert seen == read_contract()[entry_of(edit)], "the rules do something else; is it meant? then run 'make docs'"
