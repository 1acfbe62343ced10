"""Hostile and ambiguous study files end in one line that says where, at once; what YAML means by anchors works."""

import time

import pytest
import yaml

from melt2crystal.errors import UserError
from melt2crystal.study.load import load_study
from tests.helpers.studies import complaint, write_study

LAUGHS = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 9)}]\n" for k in range(1, 9)
)
HOSTILE = {
    "billion laughs": (LAUGHS, "anchors (&, *) multiply"),
    "billion merges": (
        "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [{', '.join([f'*a{k - 1}'] * 9)}]}}\n" for k in range(1, 9)),
        "anchors (&, *) multiply",
    ),
    "a list in itself": ("label: {known: &a [*a]}\n", "mine.yaml:1: the anchor refers to itself"),
    "a section in itself": ("train: &a\n  loop: *a\n", "mine.yaml:1: the anchor refers to itself"),
    "a merge of itself": ("train: &a\n  <<: *a\n", "refers to itself"),
    "deep lists": ("label: {known: " + "[" * 100_000 + "\n", "nested more than 20 deep"),
    "deep sections": ("".join(" " * k + "a:\n" for k in range(300)), "mine.yaml:21: is nested more than 20 deep"),
    "a list for a key": ("? [a, b]\n: 1\n", "mine.yaml:1: the study: a list or a section stands for a key"),
    "a section for a key": ("train:\n  {a: 1}: 2\n", "mine.yaml:2: train: a list or a section stands for a key"),
    "no key": ("train:\n  null: 1\n", "mine.yaml:2: train.null: the key is no text"),
    "an empty key": ("train:\n  ~: 1\n", "mine.yaml:2: train.~: the key is no text"),
    "a number for a key": ("1: 2\n", "mine.yaml:1: 1: the key is no text; allowed: text; in quotes: '1'"),
    "nobelium": ("substance: {formula: {No: 1, O: 2}}\n", "substance.formula.No: the key is no text"),
    "5000 digits": (f"seed: {'9' * 5000}\n", "mine.yaml:1: seed: is a number of 5000 digits"),
    "digits in a list": (f"search: {{formula_units: [1, {'9' * 4000}]}}\n", "formula_units[1]: is a number of 4000"),
    "digits for a key": (f"{'9' * 900}: 1\n", "the key is no text"),
    "unknown keys": ("".join(f"key{k}: 1\n" for k in range(4900)), "and "),
    "more keys": ("".join(f"k{k}: 1\n" for k in range(20_000)), "too many keys"),
    "too large": ("# " + "x" * 300_000 + "\n", "has more than 256 kB"),
    "a long key": ("x" * 100_000 + ": 1\n", "not valid YAML"),
    "a huge float": ("liquid: {walk_ps: 1e300}\n", "liquid.walk_ps: is absurdly large or small"),
    "a tiny float": ("liquid: {time_step_fs: 1e-300}\n", "liquid.time_step_fs: is absurdly large or small"),
    "a huge amount": ("search: {labelled_structures: 1000000000000}\n", "search.labelled_structures: 1000000000000 is"),
    "huge melts": ("liquid: {frames_per_state: 99999999999}\n", "liquid.frames_per_state: 99999999999 is wrong"),
    "a tag": ("seed: !!python/object/apply:os.system [id]\n", "is not read"),
    "a set": ("label: {known: !!set {a, b}}\n", "is not read"),
    "a false tag": ("seed: !!int four\n", "seed: four is not what its tag says"),
    "a long name": (f"extends: {'x' * 5000}\n", "extends: 'xxx"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_study_ends_at_once_in_a_line(root, kind):
    text, said = HOSTILE[kind]
    start = time.process_time()
    message = complaint(root, text)
    assert time.process_time() - start < 2
    assert said in message, message[:1000]
    assert max(map(len, message.splitlines())) < 2500 and len(message.splitlines()) < 40


@pytest.mark.parametrize(
    "value, remedy",
    [
        ("010", "a decimal number without leading zeros"),
        ("08", "a decimal number without leading zeros"),
        ("-0077", "a decimal number without leading zeros"),
        ("0o17", "a decimal number without leading zeros"),
        ("0b101", "a decimal number without leading zeros"),
        ("1:30", "a decimal number"),
        ("190:20:30.15", "a decimal number"),
        ("1_000", "1000; in quotes"),
        ("1_0.5", "10.5; in quotes"),
        ("0x_ff", "0xff; in quotes"),
        ("yes", "true or false"),
        ("No", "true or false"),
        ("OFF", "true or false"),
        ("n", "true or false"),
        ("y", "true or false"),
        ("2026-11-30", "text in quotes: '2026-11-30'"),
        ("=", "text in quotes: '='"),
    ],
)
@pytest.mark.parametrize("key", ["seed: {}", "search: {{enabled: {}}}", "label: {{known: [{}]}}"])
def test_what_versions_of_yaml_read_differently_is_refused_once(root, value, remedy, key):
    message = complaint(root, f"extends: ci\n{key.format(value)}\n")
    (line,) = message.splitlines()[1:]
    assert f"{value} is not the same to all versions of YAML; allowed: {remedy}" in line


def test_quotes_and_plain_values_mean_what_they_say(root):
    text = "extends: ci\nseed: 10\nsubstance: {name: '010', formula: {N: 1, Y: 1}, central_species: N,\n"
    text += "  ligand_species: Y, minimum_distances_A: {N-N: 1, N-Y: 1, Y-Y: 1}}\n"
    text += "label: {known: ['yes', a_b_1, 1_b]}\nliquid: {walk_ps: 5e0, formula_units: 36}\n"
    study = load_study(write_study(root, text), root)
    assert (study.seed, study.substance.name, study.substance.formula) == (10, "010", {"N": 1, "Y": 1})
    assert (study.label.known, study.liquid.walk_ps) == (["yes", "a_b_1", "1_b"], 5)


@pytest.mark.parametrize("value", ["n", "off", "1", "yes"])
def test_a_text_is_no_truth(root, value):
    assert "search.enabled: " in complaint(root, f"search: {{enabled: '{value}'}}\n")
    assert "is neither true nor false" in complaint(root, f"search: {{enabled: '{value}'}}\n")


def test_anchors_and_merges_work(root):
    text = "extends: ci\ntrain:\n  loop: &steps {steps: 500, members: 3}\nrelease:\n  lp: {training: *steps}\n"
    text += "  hp:\n    training: {members: 5, <<: *steps}\n"
    study = load_study(write_study(root, text), root)
    assert (study.release.lp.training.steps, study.release.lp.training.members) == (500, 3)
    assert (study.release.hp.training.steps, study.release.hp.training.members) == (500, 5)
    assert "<<: brings no keys" in complaint(root, "train: {<<: 5}\n")


def test_the_file_that_holds_a_mistake_is_named(root):
    write_study(root, "name: base\nextends: ci\ntrain:\n  network: {r_smth_A: 8}\nliquid: {walk_ps: -1}\n", "base")
    message = complaint(root, "extends: base\ntrain:\n  loop: {steps: 1}\n")
    assert "base.yaml:5: liquid.walk_ps" in message and "mine.yaml:3: train.loop.steps" in message
    assert "base.yaml:4: train.network" in message
    write_study(root, "extends: base\n", "two words")
    with pytest.raises(UserError) as caught:
        load_study({"study": "two words"}, root)
    assert "two words.yaml: name: 'two words'" in str(caught.value)  # not the name that the base has


@pytest.mark.parametrize(
    "results",
    [
        *("", " ", None, 5, ["a"], {"a": 1}, "a\nb", "~/x", "-x", "{x}", ".", "..", "/", "data", "rules/x"),
        *("a.txt", "a.txt/x", "a.txt/x/y", "x" * 300, "y/" + "ö" * 130, "a/" * 2500 + "x", "a\0b"),
    ],
)
def test_a_folder_for_results_is_judged_as_a_key_is(root, results):
    (root / "a.txt").touch()
    with pytest.raises(UserError, match=r"config.yaml:3: results: .*; allowed: a folder") as caught:
        (root / "config/config.yaml").write_text(f"# x\nstudy: ci\n{yaml.safe_dump({'results': results})}")
        load_study({"study": "ci", "results": results}, root, configfiles=["config/config.yaml"])
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("results", ["results", "other/results", "with blank", "/somewhere/else", "../beside", "größe"])
def test_results_may_lie_anywhere(root, results):
    assert load_study({"study": "ci", "results": results}, root).name == "ci"


@pytest.mark.parametrize(
    "text, said",
    [
        ("grid: [{pressure_GPa: 0.00001, temperatures_K: [400]}]", ("grid[0].pressure_GPa", "1e-05")),
        (
            "grid:\n- &t {pressure_GPa: 1.0000001, temperatures_K: [400]}\n- {<<: *t, pressure_GPa: 1.0000002}",
            ("grid[1].pressure_GPa", "1.0000001", "1.0000002"),
        ),
        ("search: {pressures_GPa: [0, 0.00002]}", ("search.pressures_GPa[1]", "2e-05")),
        ("search: {pressures_GPa: [10.00001, 0, 10.00002]}", ("search.pressures_GPa[2]", "10.00001", "10.00002")),
    ],
)
def test_pressures_that_file_names_cannot_tell_apart_are_refused(root, text, said):
    message = complaint(root, text + "\n")
    assert any(all(part in line for part in said) for line in message.splitlines()), message
