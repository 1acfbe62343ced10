"""Which folder a command means: the clone, or a project of one's own beside it."""

import pytest

from melt2crystal.project import of_project, project_folder
from melt2crystal.provenance import ROOT


def test_the_clone_and_its_folders_are_the_clone():
    assert project_folder(ROOT) == project_folder(ROOT / "docs" / "guides") == ROOT


def test_a_folder_without_anything_means_the_clone(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("samples: samples.tsv\n")  # of another Snakemake workflow
    (tmp_path / ".snakemake").mkdir()
    assert project_folder(tmp_path) == ROOT


@pytest.mark.parametrize("mark", ["config/studies", ".snakemake/melt2crystal-checked"])
def test_a_project_is_found_from_its_folders(tmp_path, monkeypatch, mark):
    (tmp_path / "own project" / mark).mkdir(parents=True)
    below = tmp_path / "own project" / "results" / "mine"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert project_folder() == tmp_path / "own project"


def test_a_configuration_that_names_a_study_makes_a_project(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config/config.yaml").write_text("# mine\nstudy: laptop\n")
    assert project_folder(tmp_path) == tmp_path


def test_files_are_the_projects_or_else_the_clones(tmp_path):
    potential = "data/potentials/silica_bks.lmp"
    assert of_project(potential, ROOT) == potential
    assert of_project(potential, tmp_path) == str(ROOT / potential)
    assert of_project("data/none.lmp", tmp_path) == "data/none.lmp"
    (tmp_path / "data/potentials").mkdir(parents=True)
    (tmp_path / potential).touch()
    assert of_project(potential, tmp_path) == potential
