"""Figure files say where they come from, and the commit is that of this repository and no other."""

import subprocess

import pytest
from matplotlib.figure import Figure

from melt2crystal.errors import UserError
from melt2crystal.figures.style import save
from melt2crystal.figures.workflow import save_svg
from melt2crystal.provenance import DIGEST_VARIABLE, Origin, commit_of, origin_now, read_origin

HARD = Origin("ci", 'PBE (Si, O: "GTH \\ UPF"), β-quartz', "12ab" * 16, "unknown", "0.1.0")


def git(folder, *arguments):
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_every_kind_of_figure_file_gives_its_origin_back(tmp_path):
    figure = Figure()
    save(figure, tmp_path / "a.pdf", tmp_path / "a.png", "Title (with brackets)", HARD)
    save_svg(figure, tmp_path / "a.svg", "Title", HARD)
    for kind in ("pdf", "png", "svg"):
        assert read_origin(tmp_path / f"a.{kind}") == HARD


def test_a_figure_without_origin_is_told_apart_from_no_figure(tmp_path):
    save(Figure(), tmp_path / "a.pdf", tmp_path / "a.png", "T")
    (tmp_path / "a.txt").write_text("no figure")
    for name, words in (
        ("a.pdf", "says nothing"),
        ("a.png", "says nothing"),
        ("a.txt", "no PNG"),
        ("b.png", "no such"),
    ):
        with pytest.raises(UserError, match=words):
            read_origin(tmp_path / name)


def test_commit_is_that_of_the_repository_itself(tmp_path):
    assert commit_of(tmp_path) == "unknown"
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) == "unknown"  # nothing committed
    (tmp_path / "a").write_text("1")
    git(tmp_path, "add", "a")
    git(tmp_path, "commit", "-q", "-m", "one")
    commit = git(tmp_path, "rev-parse", "HEAD")
    assert len(commit) == 40 and commit_of(tmp_path) == commit
    (tmp_path / "results").write_text("untracked files are no change of the code")
    assert commit_of(tmp_path) == commit
    (tmp_path / "a").write_text("2")
    assert commit_of(tmp_path) == f"{commit}-dirty"
    inner = tmp_path / "unpacked"
    inner.mkdir()
    assert commit_of(inner) == "unknown"


def test_the_digest_comes_from_the_workflow(monkeypatch):
    monkeypatch.setenv(DIGEST_VARIABLE, "ff00")
    assert origin_now("ci", "BKS").settings_digest == "ff00"
    monkeypatch.delenv(DIGEST_VARIABLE)
    assert origin_now("ci", "BKS").settings_digest == "unknown"
