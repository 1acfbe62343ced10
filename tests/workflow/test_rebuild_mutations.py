"""A rule or script that reads a setting outside its declared ones is caught: by the table, or by reading its text."""

import shutil
from pathlib import Path

import pytest

from melt2crystal.jobs.snakemake_plan import plan
from tests.helpers.checkout import REPOSITORY, Checkout
from tests.helpers.contract import CI, EDITS, dry_runs
from tests.helpers.settings_reads import declared, hidden_in_rules, readers_of_the_study, undeclared, unneeded
from tools.rebuild.contract import Effect
from tools.rebuild.edits import BASES, CRYSTALS, GIVEN, PLAIN, RELAXED, USPEX, study_of
from tools.rebuild.keys import changed
from tools.rebuild.many_plans import in_fork, records_of, write_study
from tools.rebuild.table import PARTS, read_contract
from tools.rebuild.write_table import entry_of

# (file, what stands there, what a careless hand makes of it, key that is read, rule that reads it)
IN_RULES = {
    "one more setting among the params": (
        "rules/liquid.smk",
        'settings=settings("certificate", "substance"),',
        'settings=settings("certificate", "substance", steps=STUDY.train.loop.steps),',
        "train.loop.steps",
        "liquid_certify",
    ),
    "a setting in the shell command": (
        "rules/train.smk",
        '"--errors {output.errors}",',
        'f"--errors {{output.errors}} --walk={STUDY.explore.walk_ps}",',
        "explore.walk_ps",
        "train_heldout",
    ),
    "a setting that chooses an input": (
        "rules/train.smk",
        "        parts=lambda wildcards: PATHS.dataset_parts(int(wildcards.iteration)),\n",
        "        parts=lambda wildcards: PATHS.dataset_parts(int(wildcards.iteration)),\n"
        "        more=['README.md'] if STUDY.figures.font_size_pt > 7 else [],\n",
        "figures.font_size_pt",
        "train_assemble",
    ),
}
# (file, text to replace, replacement, words of the complaint)
UNSEEN = {
    "threads that carry a setting": (
        "rules/train.smk",
        "    resources:\n",
        "    threads: STUDY.select.frames_per_iteration\n    resources:\n",
        "train.smk: threads: STUDY.select.frames_per_iteration",
    ),
    "a resource that carries a setting": (
        "rules/explore.smk",
        "        gpu=GPUS,\n",
        "        gpu=GPUS,\n        steps=STUDY.train.loop.steps,\n",
        "explore.smk: steps=STUDY.train.loop.steps,",
    ),
    "a setting in an environment variable": (
        "rules/common.smk",
        "wildcard_constraints:\n",
        'os.environ["STEPS"] = str(STUDY.train.loop.steps)\n\n\nwildcard_constraints:\n',
        'common.smk: os.environ["STEPS"]',
    ),
    "a script that asks for what its rule doesn't declare": (
        "scripts/train/heldout.py",
        "if __name__",
        'def steps(given):\n    return given.value("train.loop.steps")\n\n\nif __name__',
        "scripts/train/heldout.py: train.loop.steps",
    ),
    "a script that opens the study": (
        "scripts/benchmark/fits.py",
        "if __name__",
        'STUDY = Path("config/studies/ci.yaml")\n\n\nif __name__',
        "scripts/benchmark/fits.py: opens config/studies/ci.yaml",
    ),
    "a module that loads the study": (
        "melt2crystal/structure/rdf.py",
        "import numpy",
        "import melt2crystal.study.load\nimport numpy",
        "melt2crystal/study/load.py: reads whole studies",
    ),
    "a module that reads an environment variable": (
        "melt2crystal/seeds.py",
        "import numpy",
        'import os\nSHIFT = int(os.environ.get("SHIFT", 0))\nimport numpy',
        "melt2crystal/seeds.py: reads environment variables",
    ),
}
# read whole: for a digest, to be written out, to be planned
NOT_ASKED_BY_NAME = {"report_summary", "report_dag", "report_provenance"}


def replace(folder, file, old, new):
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text, f"{file} has changed: mend this test"
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.fixture(scope="module")
def checkout(finished, tmp_path_factory) -> Checkout:
    return finished.edited(tmp_path_factory.mktemp("mutations") / "edited")


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> dict[str, list[str]]:
    """Settings of every rule, from studies that have every part switched on between them, and the report."""
    folder = tmp_path_factory.mktemp("studies")
    studies = [study_of(BASES[name], CI) for name in (PLAIN, RELAXED, GIVEN, USPEX)]
    studies += [EDITS[key].study for key in ("search.found", "release.hp.given")]
    studies.append(changed(studies[0], [(("search", "found"), CRYSTALS)]))
    calculator = {"given": {"calculator": "ase.calculators.lj:LennardJones"}, "training": {"members": 1}}
    alone = [(("release",), {"hp": calculator}), (("benchmark", "vdos", "enabled"), False)]
    studies.append(changed(studies[0], alone))
    names: dict[str, set[str]] = {}
    for study in studies:
        for rule, found in in_fork(lambda: settings_in(write_study(folder, study))).items():  # noqa: B023
            names.setdefault(rule, set()).update(found)
    return {rule: sorted(found) for rule, found in names.items()}


def settings_in(study: Path) -> dict[str, list[str]]:
    with plan(str(study), targets=["all", "report_pages"], whole=True) as planned:
        return declared(records_of(planned))


@pytest.mark.parametrize("mutation", IN_RULES)
def test_a_rule_that_reads_more_is_not_what_the_table_says(checkout, mutation):
    file, old, new, key, rule = IN_RULES[mutation]
    original = (checkout.folder / file).read_text(encoding="utf-8")
    replace(checkout.folder, file, old, new)
    edit = EDITS[key]
    before, after = dry_runs(checkout, [{"study": study_of(BASES[PLAIN], CI), "finish": True}, {"study": edit.study}])
    (checkout.folder / file).write_text(original, encoding="utf-8")
    assert before["run"] == []
    seen, said = Effect(**{part: frozenset(after[part]) for part in PARTS}), read_contract()[entry_of(edit)]
    assert seen != said and seen.again - said.again == {rule}


def complaints(folder, given) -> list[str]:
    return [*hidden_in_rules(folder), *readers_of_the_study(folder), *undeclared(folder, given)]


def test_as_they_are_scripts_and_rules_read_what_they_declare(given):
    assert complaints(REPOSITORY, given) == []


def test_nothing_is_declared_that_no_script_asks_for(given):
    known = {rule: names for rule, names in given.items() if rule not in NOT_ASKED_BY_NAME}
    assert unneeded(REPOSITORY, known) == []


@pytest.mark.parametrize("mutation", UNSEEN)
def test_what_no_trigger_sees_is_found_in_the_text(given, mutation, tmp_path):
    file, old, new, words = UNSEEN[mutation]
    for name in ("rules", "scripts", "melt2crystal"):
        shutil.copytree(REPOSITORY / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    replace(tmp_path, file, old, new)
    assert any(words in complaint for complaint in complaints(tmp_path, given))
