"""Runs of a study: asked for by name and by number, what changes between them and what does not, what is refused."""

import pytest

from melt2crystal.errors import UserError
from melt2crystal.study.load import load_study
from melt2crystal.study.names import of_replicate, replicate_name
from melt2crystal.study.parameters import section_text
from melt2crystal.study.paths import Paths
from tests.helpers.studies import complaint, write_study

THREE = "extends: ci\nreplicates: {runs: 3}\n"


@pytest.fixture
def runs(root):
    """The loader of a run of a study of three."""

    def load(number=None, text=THREE, **more):
        asked = write_study(root, text) | more
        return load_study(asked | ({} if number is None else {"replicate": number}), root)

    return load


def test_by_number_and_by_name_is_the_same(runs, root):
    for number in (2, 3):
        assert runs(number) == runs(study=f"mine-replicate-{number}")
    assert runs(1) == runs() == runs(study="mine-replicate-1")
    path = "config/studies/mine-replicate-2.yaml"  # the path that such a file would have
    assert runs(study=path) == runs(2) == runs(2, study="config/studies/mine.yaml")
    whole = runs(2).model_dump(mode="json")
    assert load_study(whole, root) == runs(2), "the resolved study is the same run"


def test_what_changes_between_runs_and_what_does_not(runs):
    first, second, third = runs(1), runs(2), runs(3)
    assert [one.name for one in (first, second, third)] == ["mine", "mine-replicate-2", "mine-replicate-3"]
    assert len({one.seed for one in (first, second, third)}) == 3
    for one in (second, third):
        assert (one.first_run, one.shared_seed, one.melts_of) == ("mine", first.seed, "mine")
        same = one.model_dump(exclude={"name", "seed", "replicates"})
        assert same == first.model_dump(exclude={"name", "seed", "replicates"})
    assert Paths(second).root == "results/mine-replicate-2" and Paths(second).store == Paths(first).store
    for purpose in ("initial", "heldout"):
        assert Paths(second).certified(purpose) == Paths(first).certified(purpose)


def test_melts_too(runs):
    text = "extends: ci\nreplicates: {runs: 3, melts: true}\n"
    first, second = runs(1, text), runs(2, text)
    assert (second.shared_seed, second.melts_of) == (second.seed, second.name)
    assert second.seed == runs(2).seed != first.seed
    assert set(Paths(second).certified("initial")).isdisjoint(Paths(first).certified("initial"))


def test_melts_from_files_are_split_anew(runs):
    second = runs(2, "extends: released\nreplicates: {runs: 2, melts: false}\n")
    assert second.melts_of == second.name and second.seed != second.shared_seed
    assert Paths(second).certified("heldout") == ["results/mine-replicate-2/liquid/heldout/given/certified.extxyz"]


def test_a_seed_of_its_own_gives_other_replicates(runs):
    other = runs(2, seed=7)
    assert other.shared_seed == 7 and other.seed not in (7, runs(2).seed)


def test_nothing_that_a_job_of_the_first_run_sees_depends_on_it(runs):
    once = runs(1, "extends: ci\n")
    jobs = [name for name in type(once).model_fields if name != "replicates"]
    many = runs(1, "extends: ci\nreplicates: {runs: 9, melts: true, aims: {crystals_kept: 9}}\n")
    assert section_text(once, *jobs) == section_text(many, *jobs)
    assert (many.shared_seed, many.melts_of, many.first_run) == (many.seed, many.name, many.name)


@pytest.mark.parametrize(
    "number", [0, -1, 1000, 10**30, 2.0, 1.5, "two", "2", "", True, None, [2], {"run": 2}, "2; id"]
)
def test_numbers_that_make_no_sense_are_refused(runs, number):
    with pytest.raises(UserError, match=r"is no run of a study; allowed: 1 \(the study itself\), 2, 3"):
        runs(replicate=number)


@pytest.mark.parametrize("name", ["mine-replicate-0", "mine-replicate-1000", "mine-replicate-999999999"])
def test_names_with_such_numbers_are_refused(runs, name):
    with pytest.raises(UserError, match="is no run of a study"):
        runs(study=name)


@pytest.mark.parametrize(
    "name",
    [
        "mine-replicate-",
        "mine-replicate-two",
        "mine-replicate-2x",
        "-replicate-2",
        "mine-replicate-²",
        f"mine-replicate-{'9' * 5000}",
        "nobody-replicate-2",
        "mine -replicate-2",
        "$(id)-replicate-2",
        "../mine-replicate-2",
        "mine-replicate-2\n",
    ],
)
def test_names_that_are_none_are_no_studies(runs, name):
    with pytest.raises(UserError, match="is no study"):
        runs(study=name)


def test_more_runs_than_the_study_has_are_refused(runs):
    with pytest.raises(UserError, match="replicate: 4, and study mine has 3 runs; allowed: 1 to 3, or more replicat"):
        runs(4)
    with pytest.raises(UserError, match="replicate: 2, and study mine has 1 run; allowed: 1 to 1"):
        runs(2, "extends: ci\n")
    assert runs(4, replicates={"runs": 4}).name == "mine-replicate-4"  # as --config may say


def test_a_file_of_that_name_is_a_study_of_its_own(runs, root):
    write_study(root, "extends: ci\nseed: 5\nreplicates: {runs: 2}\n", "mine-replicate-2")
    own = load_study({"study": "mine-replicate-2"}, root)
    assert (own.name, own.seed, own.melts_of, own.first_run) == ("mine-replicate-2", 5, own.name, own.name)
    again = load_study({"study": "mine-replicate-2", "replicate": 2}, root)
    assert (again.name, again.melts_of) == ("mine-replicate-2-replicate-2", "mine-replicate-2")
    assert again == load_study({"study": "mine-replicate-2-replicate-2"}, root)
    with pytest.raises(UserError, match="has the results of study mine-replicate-2, a file of its own"):
        runs(2)


def test_a_name_that_would_be_too_long_is_refused(root):
    name = "x" * 245
    write_study(root, THREE, name)
    assert load_study({"study": name}, root).name == name
    with pytest.raises(UserError, match="holds 262 bytes, where file systems take at most 255"):
        load_study({"study": name, "replicate": 2}, root)


def test_told_twice_or_in_a_file_is_refused(runs, root):
    with pytest.raises(UserError, match="the name of the study says run 2 already"):
        runs(2, study="mine-replicate-2")
    path = root / "config/config.yaml"
    path.write_text("study: mine\nreplicate: 2\n")
    with pytest.raises(UserError, match=r"config.yaml:2: replicate: is no key of a file; allowed: study: mine-rep"):
        load_study(write_study(root, THREE) | {"replicate": 2}, root, configfiles=["config/config.yaml"])
    assert "did you mean replicates?" in complaint(root, "extends: ci\nreplicate: 2\n")


def test_a_run_of_a_run_is_refused(runs, root):
    resolved = runs(2).model_dump(mode="json")
    with pytest.raises(UserError, match="is a run of another itself"):
        load_study({**resolved, "replicate": 3}, root)


def test_a_study_with_mistakes_is_told_these_first(root):
    write_study(root, "extends: ci\nreplicates: {runs: 3, melts: perhaps}\ntrain: {loop: {steps: 1}}\n")
    with pytest.raises(UserError) as caught:
        load_study({"study": "mine", "replicate": 2}, root)
    assert "mine.yaml:2: replicates.melts" in str(caught.value) and "train.loop.steps" in str(caught.value)


@pytest.mark.parametrize("study", ["a", "a.yaml", "b/a.yml", "a-replicate-2", "mine/x.y", "a b", "a\nb"])
def test_a_name_leads_back_to_its_study(study):
    assert of_replicate(replicate_name(study, 12)) == (study, 12)
    assert replicate_name(study, 1) == study
