"""Studies are read and merged as documented, and every kind of mistake is told with file, key and remedy."""

import re
from pathlib import Path

import pytest
import yaml
from ase import Atoms

from melt2crystal.engines.k_points import k_mesh
from melt2crystal.errors import UserError
from melt2crystal.sections.train import Network
from melt2crystal.settings import Settings
from melt2crystal.study import named_files as config_structures
from melt2crystal.study.load import load_study
from melt2crystal.study.model import Study
from melt2crystal.study.parameters import section_text
from tests.helpers.studies import complaint, write_study

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "config/studies").glob("*.yaml")))
def test_every_study_of_the_repository_is_valid(name):
    study = load_study({"study": name, "results": "results"}, ROOT, check_files=True)
    assert study.name == name


def test_defaults_are_table_1_and_the_paper_study_says_the_same():
    defaults, paper = Study(name="x"), load_study({"study": "paper"}, ROOT)
    for study in (defaults, paper):
        network, training = study.train.network, study.train.loop
        assert (network.r_cut_A, network.r_smth_A) == (7, 4)
        assert (network.embedding, network.fitting) == ([50, 100], [250, 250, 250])
        assert (training.members, training.steps, training.batch_size) == (4, 1_000_000, 1)
        assert (training.learning_rate_start, training.learning_rate_stop) == (1e-3, 1e-5)
        assert training.prefactors.energy == training.prefactors.virial == (5, 5)
        assert training.prefactors.force == (500, 500)
        window = study.select.window
        assert (window.mode, window.eps_lo, window.eps_hi) == ("fixed", 0.15, 0.3)
        reference = study.reference
        assert (reference.engine, reference.encut_eV, reference.ismear, reference.sigma_eV) == ("vasp", 520, 0, 0.05)
        assert k_mesh(Atoms("Si342", cell=[16.0] * 3), reference.k_points) is None  # the melt at Gamma
    assert {t for row in paper.grid for t in row.temperatures_K} == {3000, 3500, 4000, 4500}
    assert paper.liquid.formula_units == 114


MISTAKES = yaml.safe_load((Path(__file__).parent / "config_mistakes.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["kind"])
def test_a_mistake_is_told_on_one_line(root, mistake):
    message = complaint(root, mistake["study"], check_files=mistake.get("files", False))
    expected = [*mistake["says"], "allowed: "]
    assert any(all(part in line for part in expected) for line in message.splitlines()), message


def polymorph(**changes) -> str:
    crystal = {"file": "data/polymorphs/stishovite.cif", "title": "s", "space_group": 136, "coordination": 6}
    crystal |= {"temperature_K": 300, "pressure_GPa": 10} | changes
    quartz = crystal | {"file": "data/polymorphs/alpha_quartz.cif", "space_group": 154, "coordination": 4}
    return yaml.safe_dump(
        {"benchmark": {"polymorphs": {"quartz": quartz, "tested": crystal}, "vdos": {"reference": False}}}
    )


@pytest.mark.parametrize(
    "changes, key, problem, allowed",
    [
        ({"file": "data/polymorphs/none.cif"}, "tested.file", "there is no file", "stishovite.cif"),
        ({"space_group": 92}, "tested.space_group", "has space group 136", "symprec 0.01"),
        ({"coordination": 4}, "tested.coordination", "Si has 6 O neighbours within 2.2 Å", "what the crystal has"),
        ({"file": "data/truncated.cif"}, "tested.file", "can't be read", "a complete CIF"),
        ({"file": "data/binary.cif"}, "tested.file", "can't be read", "a complete CIF"),
        ({"file": "data/silicon.cif"}, "tested.file", "holds Si", "whole formula units"),
    ],
)
def test_structure_files_are_what_they_claim(root, changes, key, problem, allowed):
    text = (root / "data/polymorphs/stishovite.cif").read_text()
    (root / "data/truncated.cif").write_text(text[: text.index("_atom_site")])
    (root / "data/binary.cif").write_bytes(bytes(range(256)))
    (root / "data/silicon.cif").write_text(re.sub(r"(?m)^(\s*O\d*\s|_chemical_formula).*\n", "", text))
    message = complaint(root, polymorph(**changes), check_files=True)
    (line,) = message.splitlines()[1:]
    assert f"benchmark.polymorphs.{key}" in line and problem in line and allowed in line


def test_a_right_structure_file_is_read_once_and_again_when_it_or_the_claim_changes(root, monkeypatch):
    read = []
    real = config_structures._read_crystal
    monkeypatch.setattr(config_structures, "_read_crystal", lambda path: read.append(path.stem) or real(path))
    given = write_study(root, polymorph())
    for _ in range(2):
        load_study(given, root, check_files=True)
    assert sorted(read) == ["alpha_quartz", "stishovite"]
    for _ in range(2):
        assert "has space group 136" in complaint(root, polymorph(space_group=92), check_files=True)
    assert read[2:] == ["stishovite", "stishovite"]  # what is wrong is not remembered
    crystal = root / "data/polymorphs/stishovite.cif"
    crystal.write_text(crystal.read_text() + "\n# edited\n")
    load_study(write_study(root, polymorph()), root, check_files=True)
    assert read[4:] == ["stishovite"]


def test_all_mistakes_come_at_once(root):
    text = "seed: -1\ntrain: {network: {r_cut: 6}}\nselect: {window: {eps_lo: 9}}\n"
    text += "liquid: {formula_units: 8, potential: nowhere.lmp}\nbenchmark: {vdos: {reference: false}}\n"
    message = complaint(root, text, check_files=True)
    assert message.startswith("5 mistakes")
    for key in ("seed:", "train.network.r_cut:", "liquid.formula_units:", "liquid.potential:", "select.window:"):
        assert message.count(f": {key}") == 1


def test_an_extending_study_says_only_what_differs(root):
    config = write_study(root, "extends: laptop\nsearch: {formula_units: [1]}\nsubstance: {formula: {Ge: 1, O: 2}, "
                               "central_species: Ge, minimum_distances_A: {Ge-O: 1, O-O: 1, Ge-Ge: 2}}\n")  # fmt: skip
    study, laptop = load_study(config, root), load_study({"study": "laptop"}, root)
    assert study.name == "mine"
    assert study.search.formula_units == [1]  # lists are replaced
    assert study.search.structures == laptop.search.structures  # sections are merged
    assert study.substance.formula == {"Ge": 1, "O": 2}  # tables with free names are replaced
    assert list(study.substance.formula) == ["Ge", "O"]
    assert study.train == laptop.train


def test_another_engine_replaces_the_reference_and_the_same_one_amends_it(root):
    other = load_study(write_study(root, "extends: paper\nreference: {engine: lammps}\n"), root)
    assert other.reference.engine == "lammps"
    same = load_study(write_study(root, "extends: paper\nreference: {encut_eV: 400}\n"), root)
    assert (same.reference.engine, same.reference.encut_eV, same.reference.name) == ("vasp", 400, "PBE (VASP)")


def test_a_loop_of_extends_is_refused(root):
    write_study(root, "extends: mine\n", name="yours")
    message = complaint(root, "extends: yours\n")
    assert "yours.yaml:1: extends" in message and "loop" in message and "mine.yaml -> " in message


def test_overrides_of_the_command_line(root):
    config = {"study": "ci", "results": "results", "seed": 7, "train": {"loop": {"steps": 500}}}
    study, plain = load_study(config, root), load_study({"study": "ci"}, root)
    assert (study.seed, study.train.loop.steps) == (7, 500)
    assert study.train.network == plain.train.network
    with pytest.raises(UserError, match=r"--config.*: train\.loop\.stepz: .*did you mean steps"):
        load_study(config | {"train": {"loop": {"stepz": 1}}}, root)


@pytest.mark.parametrize("word", [False, "false", "False"])
def test_words_inside_a_section_on_the_command_line_reach_us_as_text(root, word):
    """Snakemake reads the inside of ``--config benchmark='{...}'`` as text throughout."""
    said = {"benchmark": {"vdos": {"enabled": word}}, "train": {"network": {"axis_neurons": "7"}}}
    study = load_study({"study": "ci", **said, "select": {"frames_per_iteration": "3"}}, root)
    assert study.benchmark.vdos.enabled is False
    assert (study.train.network.axis_neurons, study.select.frames_per_iteration) == (7, 3)
    with pytest.raises(UserError, match=r"--config.*vdos.enabled: 'no' is neither true nor false"):
        load_study({"study": "ci", "benchmark": {"vdos": {"enabled": "no"}}}, root)


@pytest.mark.parametrize(
    ("section", "value"),
    [
        ("grid", [{"pressure_GPa": p, "temperatures_K": [4000, 4500]} for p in (0.0, -0.0)]),
        ("search", {"pressures_GPa": [0, -0.0, 10]}),
        ("search", {"pressures_GPa": [-0.0, 10, 0.0]}),
    ],
)
def test_zero_and_minus_zero_are_one_pressure(root, section, value):
    with pytest.raises(UserError, match=rf"{section}.*0 GPa"):
        load_study({"study": "ci", section: value}, root)
    searched = load_study({"study": "ci", "search": {"pressures_GPa": [10, -0.0]}}, root).search.pressures_GPa
    assert str(searched) == "[10.0, 0.0]"


def test_a_whole_study_as_configfile_replaces_the_chosen_one(root):
    for name in ("ci", "impure"):
        path = root / f"config/studies/{name}.yaml"
        config = yaml.safe_load((root / "config/config.yaml").read_text()) | yaml.safe_load(path.read_text())
        assert load_study(config, root) == load_study({"study": name}, root)


def test_lines_of_a_configfile_are_told(root):
    path = root / "config/studies/ci.yaml"
    path.write_text(path.read_text().replace("seed: 1", "seed: one"))
    line = path.read_text().splitlines().index("seed: one") + 1
    config = {"study": "laptop", **yaml.safe_load(path.read_text())}
    with pytest.raises(UserError, match=rf"config/studies/ci\.yaml:{line}: seed: 'one' is wrong"):
        load_study(config, root, configfiles=["config/config.yaml", "config/studies/ci.yaml"])


@pytest.mark.parametrize("study, expected", [("labtop", "did you mean laptop"), (None, "is no study"), (7, "ci, ")])
def test_an_unknown_study_lists_those_there_are(root, study, expected):
    with pytest.raises(UserError, match=rf"config\.yaml:2: study: .*{expected}|study: .*{expected}"):
        load_study({"study": study}, root)


def test_a_study_may_be_a_path(root):
    (root / "elsewhere.yaml").write_text("extends: ci\nseed: 5\n")
    study = load_study({"study": "elsewhere.yaml"}, root)
    assert (study.name, study.seed) == ("elsewhere", 5)


def test_section_text_is_what_a_script_parses():
    study = load_study({"study": "laptop"}, ROOT)
    settings = Settings(section_text(study, "train.network", "seed", "benchmark.polymorphs.stishovite", member=3))
    assert settings.section("train.network", Network) == study.train.network
    assert (settings.value("seed"), settings.value("member")) == (study.seed, 3)
    assert settings.value("benchmark.polymorphs.stishovite")["space_group"] == 136


def test_amounts_are_not_in_a_job_s_settings():
    small, large = (
        load_study(
            {"study": "laptop", "train": {"loop": {"members": n}}, "search": {"pressures_GPa": [0] * (n == 2) + [n]}},
            ROOT,
        )
        for n in (2, 6)
    )
    assert small.train.loop.members != large.train.loop.members
    assert section_text(small, "train", "search") == section_text(large, "train", "search")


@pytest.mark.parametrize(
    "path, said", [("train.netwrok", "network"), ("train.loop.members", "amount"), ("nothing", "train")]
)
def test_section_text_refuses_unknown_paths_and_amounts(path, said):
    with pytest.raises(UserError, match=said):
        section_text(Study(name="x"), path)


def test_configuration_reference_is_up_to_date():
    from tools.configuration_reference import reference

    assert (ROOT / "docs/reference/configuration.md").read_text(encoding="utf-8") == reference(), "run 'make docs'"
