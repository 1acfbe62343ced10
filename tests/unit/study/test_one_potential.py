"""One potential that was trained elsewhere is judged alone: no LP, no loop, one member if there is one."""

import json
import shutil
from pathlib import Path

import pytest

from melt2crystal.commands.plan import scope
from melt2crystal.errors import UserError
from melt2crystal.study.load import load_study
from melt2crystal.study.paths import Paths
from tests.helpers.checkout import REPOSITORY

SMALL = """
grid: [{pressure_GPa: 0, temperatures_K: [4000, 4500]}]
reference: {engine: lammps}
search: {pressures_GPa: [10], formula_units: [2]}
figures: {comparisons: [{pressure_GPa: 10, polymorph: stishovite, space_groups: [136]}]}
"""
ALONE = SMALL + "release: {hp: {given: own/hp}}\n"


@pytest.fixture
def root(tmp_path):
    for folder in ("config", "data/polymorphs", "data/potentials"):
        shutil.copytree(REPOSITORY / folder, tmp_path / folder)
    return tmp_path


def put(folder: Path, members: int) -> None:
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"frames": []}')
    for member in range(members):
        (folder / f"{member}.pb").write_bytes(b"x")
        (folder / f"{member}-input.json").write_text(json.dumps({"model": {"type_map": ["Si", "O"]}}))


def study(root: Path, text: str):
    (root / "config/studies/mine.yaml").write_text(text)
    return load_study({"study": "mine", "results": "results"}, root, check_files=True)


@pytest.mark.parametrize("there, taken", [(1, 1), (3, 3), (6, 4)])
def test_a_folder_alone_says_which_potential_and_how_many_members(root, there, taken):
    put(root / "own/hp", there)
    found = study(root, ALONE)
    paths = Paths(found)
    assert found.potentials == ("hp",) and found.judges_only and found.rounds == 0
    assert list(paths.members("hp")) == list(range(taken))
    assert paths.manifests(0) == [] and paths.learning_curves([]) == []
    batches = [Path(name).parent.name for name in paths.label_tables(0)]
    assert batches == ["heldout", "eos", "found-p10"]
    assert not {"figures_selection", "figures_learning"} & set(paths.drawn)
    assert {"figures_parity", "figures_energy_volume", "figures_found_energies", "figures_found_crystals"} <= set(
        paths.drawn
    )


def test_the_number_of_members_can_be_said_and_is_then_asked_for(root):
    put(root / "own/hp", 2)
    assert list(Paths(study(root, ALONE.replace("own/hp}", "own/hp, training: {members: 1}}"))).members("hp")) == [0]
    with pytest.raises(UserError, match=r"own/hp holds no 2.pb, 2-input.json"):
        study(root, ALONE.replace("own/hp}", "own/hp, training: {members: 3}}"))


@pytest.mark.parametrize(
    "release, potentials",
    [
        ("release: {hp: {given: own/hp}, lp: {}}", ("lp", "hp")),
        ("release: {hp: {given: own/hp}, lp: {pressures_GPa: [0]}}", ("lp", "hp")),
        ("release: {hp: {given: own/hp}, lp: {enabled: false}}", ("hp",)),
        ("release: {lp: {enabled: false}}", ("hp",)),
        ("", ("lp", "hp")),
    ],
)
def test_lp_is_there_unless_a_given_hp_is_named_alone(root, release, potentials):
    put(root / "own/hp", 2)
    found = study(root, SMALL + release + "\n")
    assert found.potentials == potentials
    assert found.rounds == (0 if found.judges_only else found.select.max_iterations)
    assert found.judges_only == (potentials == ("hp",) and "given" in release)


def test_an_extended_study_keeps_its_lp(root):
    put(root / "own/hp", 1)
    assert study(root, "extends: ci\nrelease: {hp: {given: own/hp, training: {members: 1}}}\n").potentials == (
        "lp",
        "hp",
    )


@pytest.mark.parametrize("potential", ["lp", "hp"])
def test_what_is_trained_here_is_an_ensemble(root, potential):
    with pytest.raises(UserError, match="two members or more; their deviation"):
        study(root, SMALL + f"release: {{{potential}: {{training: {{members: 1}}}}}}\n")


@pytest.mark.parametrize(
    "there, words",
    [(1, "judges own/hp alone: no LP, no loop, no training set, and with one member no deviations"), (2, "alone")],
)
def test_the_plan_says_what_is_and_what_is_not_possible(root, there, words):
    put(root / "own/hp", there)
    said = scope(study(root, ALONE))
    assert words in said and ("no deviations" in said) == (there == 1) and "looked up" not in said
    looked_up = "label: {compute: false}\nselect: {max_iterations: 0}\nsearch: {enabled: false}\n"
    looked_up += "benchmark: {energy_volume: {structures: experimental}, vdos: {reference: false}}\n"
    said = scope(study(root, looked_up))
    assert "none is computed: without a loop, a search of its own, crystals relaxed by the reference" in said
