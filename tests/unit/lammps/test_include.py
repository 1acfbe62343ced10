"""Parameter files of LAMMPS potentials, and paths that mean something to LAMMPS."""

import os
from pathlib import Path

import pytest
from ase.io import read

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.lammps import LammpsEngine
from melt2crystal.errors import EngineError, UserError
from melt2crystal.explore.walks import ExplorationWalk, walk_commands
from melt2crystal.lammps.include import check_potential, lammps_word, missing_files, potential_commands, potential_files
from melt2crystal.lammps.program import run_lammps
from melt2crystal.lammps.static import evaluate, try_potential
from melt2crystal.sections.explore import Explore
from melt2crystal.sections.reference import LammpsReference
from melt2crystal.study.load import load_study

BKS = Path("data/potentials/silica_bks.lmp").resolve()
ROOT = BKS.parents[2]
SPECIES = ["Si", "O"]
HOSTILE = ["a folder", "it's", 'a "quoted" one', "$(touch x)", "${HOME} $x # & *", "über – “Ordner”", "'\"both\"'"]
NAMES = [  # of the file itself
    "plain-1.0_a.lmp",
    "melt (copy) 2.lmp",
    "a #b & c.lmp",
    "it's.lmp",
    'the "best".lmp',
    "both ' and \".lmp",
    "costs $x ${y} $(shell touch RAN).lmp",
    "ünï 硅.lmp",
    "ends with &",
    "a\nprint 'another command'.lmp",
]
# a table of two pairs: LAMMPS reads it from a file
TABLE = "# test\n\n{name}\nN 3 R 1.0 6.0\n\n1 1.0 {energy} 1.0\n2 3.5 0.5 0.5\n3 6.0 0.0 0.0\n"


def with_table(folder, word, energy=1.0, more=""):
    """A potential that names a parameter file, which is beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pairs.table").write_text(TABLE.format(name="ALL", energy=energy))
    path = folder / "mine.lmp"
    path.write_text(f"# species: Si O\npair_style table linear 100\n{more}pair_coeff * * {word} ALL 6.0 # of a test\n")
    return path


def energy(potential):
    return evaluate([read("data/polymorphs/stishovite.cif")], potential, SPECIES, 1e-4)[0].energy


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of one's own beside the clone to run in."""
    crystal = Path("data").resolve()
    (tmp_path / "project").mkdir()
    (tmp_path / "project/data").symlink_to(crystal)
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_potential_in_a_folder_of_any_name_is_used_as_it_is(tmp_path, name):
    folder = tmp_path / name
    folder.mkdir()
    (folder / BKS.name).write_text(BKS.read_text())
    assert energy(folder / BKS.name) == energy(BKS)
    own = with_table(folder, "pairs.table")
    assert energy(own) == energy(with_table(tmp_path / "plain", "pairs.table"))
    assert not Path("x").exists()


@pytest.mark.parametrize("name", NAMES)
def test_a_potential_is_read_whatever_its_file_is_called(name, tmp_path):
    (tmp_path / name).write_text('print "the potential was read"\n')
    run = run_lammps(f"include {lammps_word(tmp_path / name)}\nprint 'and what follows'\n", tmp_path)
    assert run.error is None
    log = (tmp_path / "log.lammps").read_text()
    assert "the potential was read" in log and "and what follows" in log
    assert "another command" not in log and not list(tmp_path.rglob("RAN"))


@pytest.mark.parametrize("name", HOSTILE[:4])
def test_models_and_potentials_are_one_plain_word(tmp_path, name):
    path = tmp_path / name / "model 1.pb"
    path.parent.mkdir()
    path.write_text("a model")
    word = lammps_word(path)
    assert Path(word).read_text() == "a model" and Path(word).suffix == ".pb" and name not in word
    walk = ExplorationWalk(read("data/polymorphs/stishovite.cif"), 3000.0, 0.0, 1)
    assert f"pair_style deepmd {word} {word} out_file" in walk_commands(0, walk, [path, path], SPECIES, Explore())
    assert lammps_word(BKS) == str(BKS)


def test_a_folder_of_temporary_files_with_a_blank(tmp_path, monkeypatch):
    import tempfile

    from melt2crystal.lammps import include

    (tmp_path / "my tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "my tmp"))
    include._links.cache_clear()
    potential = with_table(tmp_path / "a potential", "pairs.table")
    assert energy(potential) is not None
    include._links.cache_clear()


@pytest.mark.parametrize(
    "word", ["pairs.table", "potentials/pairs.table", "{absolute}", "'{absolute}'", "${{where}}/pairs.table"]
)
def test_a_parameter_file_is_found_and_part_of_the_digest(here, word):
    """Beside the include file, from the folder the study runs in, absolute, quoted, through a variable of the file."""
    absolute = here / "potentials/pairs.table"
    more = "variable where string potentials\n"
    potential = with_table(here / "potentials", word.format(absolute=absolute), more=more)
    named = Path("potentials/mine.lmp")
    assert potential_files(named) == ["potentials/mine.lmp", str(absolute)]

    def digest():
        return settings_digest(LammpsEngine(LammpsReference(potential=str(named)), SPECIES))

    before, energy_before = digest(), energy(potential)
    with_table(here / "potentials", word.format(absolute=absolute), energy=9.0, more=more)
    assert digest() != before and energy(potential) != energy_before
    LammpsEngine(LammpsReference(potential=str(named)), SPECIES).check()


def test_files_of_included_files_and_continued_lines_count(here):
    with_table(here / "inner", "pairs.table")
    (here / "outer.lmp").write_text("# species: Si O\ninclude &\n  inner/mine.lmp\n")
    assert potential_files("outer.lmp")[1:] == [str(here / "inner/mine.lmp"), str(here / "inner/pairs.table")]
    assert energy(Path("outer.lmp")) == energy(here / "inner/mine.lmp")
    (here / "inner/mine.lmp").write_text("# species: Si O\ninclude ../outer.lmp\n")
    with pytest.raises(UserError, match=r"outer\.lmp: .*includes itself"):
        potential_files("outer.lmp")


def test_where_lammps_looks_and_two_files_of_one_name(here, monkeypatch, tmp_path):
    library = tmp_path / "library"
    potential = with_table(library, "pairs.table")
    potential.rename(here / "mine.lmp")
    monkeypatch.setenv("LAMMPS_POTENTIALS", f"/nowhere:{library}")
    assert potential_files(Path("mine.lmp"))[1:] == [str(library / "pairs.table")]
    assert energy(Path("mine.lmp")) is not None
    other = with_table(here / "other", "pairs.table", energy=5.0)
    (here / "pairs.table").write_text((library / "pairs.table").read_text())
    with pytest.raises(UserError, match=r"pairs\.table, and .*other/pairs\.table and .*project/pairs\.table differ"):
        potential_commands(other, SPECIES, 1e-4)


def test_a_parameter_file_that_is_missing_is_told_by_the_check(here):
    potential = with_table(here / "potentials", "elsewhere/pairs.table")
    with pytest.raises(EngineError, match=r"mine\.lmp: LAMMPS could not work: .*elsewhere/pairs\.table.*beside it"):
        LammpsEngine(LammpsReference(potential=str(potential)), SPECIES).check()


@pytest.mark.parametrize(
    ("line", "lacking"),
    [
        ("pair_coeff * * work/mine.vashishta Si O", ["work/mine.vashishta"]),
        ("include inner.lmp", ["inner.lmp"]),
        ("pair_coeff 1 1 table &\n  nothing.table SiSi", ["nothing.table"]),
        ("include m&\nine.lmp", ["mine.lmp"]),  # LAMMPS joins the lines without a blank
        ("pair_coeff 1 2 18003.7572 4.87318 133.5381", []),
        ("pair_coeff * * NULL Si", []),
    ],
)
def test_a_file_that_is_missing_is_told_in_the_plan(here, line, lacking):
    (here / "own.lmp").write_text(f"# species: Si O\npair_style table linear 1000\n{line}\n")
    assert missing_files(Path("own.lmp")) == lacking
    study = {"study": "ci", "reference": {"engine": "lammps", "potential": str(here / "own.lmp")}}
    said = ""
    try:
        load_study(study, ROOT, check_files=True)
    except UserError as error:
        said = str(error)
    assert all(f"names the file {name}, and there is none" in said for name in lacking) and bool(said) == bool(lacking)


@pytest.mark.parametrize(
    "line", ['if "1 == 1" then "include inner.lmp"', "if '1 > 0' then 'pair_coeff * * a.eam Si'", "include own.lmp"]
)
def test_files_that_can_t_be_told_are_refused_in_the_plan(here, line):
    (here / "own.lmp").write_text(f"# species: Si O\n{line}\n")
    (here / "inner.lmp").write_text("pair_style zero 5\n")
    study = {"study": "ci", "liquid": {"potential": str(here / "own.lmp")}}
    with pytest.raises(UserError, match=r"liquid\.potential: .*own\.lmp: .*(write them out|includes itself)"):
        load_study(study, ROOT, check_files=True)


def test_a_potential_without_files_keeps_its_digest_and_its_text():
    assert potential_files(BKS) == [str(BKS)]
    assert set(LammpsEngine(LammpsReference(potential=str(BKS)), SPECIES).identity()) == {
        "potential",
        "species",
        "ewald_accuracy",
    }
    assert f"include {BKS}\n" in potential_commands(BKS, SPECIES, 1e-4)
    assert potential_files("no/such.lmp") == ["no/such.lmp"]
    try_potential(BKS, {"Si": 1, "O": 2})


def test_a_word_that_happens_to_be_a_file_is_no_file(here):
    """A style, a species and a number that are names of files beside the potential."""
    text = "# species: Si O\npair_style hybrid/overlay morse 6.0\npair_coeff * * morse 1.5 2.0 1.6 # Si\n"
    (here / "own.lmp").write_text(text)
    for name in ("morse", "Si", "O", "1.5", "hybrid"):
        (here / name).write_text("something else")
    assert potential_files("own.lmp") == ["own.lmp"]


def test_potential_of_another_substance_is_refused(tmp_path):
    with pytest.raises(UserError, match="written for the species Si O"):
        check_potential(BKS, ["Ge", "O"])
    with pytest.raises(UserError, match="does not exist"):
        check_potential(tmp_path / "none.lmp", ["Si", "O"])
    os.mkdir(tmp_path / "folder.lmp")
    with pytest.raises(UserError, match="can't be read"):
        check_potential(tmp_path / "folder.lmp", ["Si", "O"])
