"""What of a study's files goes into the zip, and what is said of those that don't."""

from types import SimpleNamespace

import pytest

from melt2crystal.commands.hand_on import export
from melt2crystal.provenance import ROOT

TRACKED = ["Snakefile", "data/potentials/silica_bks.lmp", "config/config.yaml", "config/studies/ci.yaml"]


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """A plan of a project whose jobs read a crystal of its own, a potential of the clone, and a file from elsewhere."""
    monkeypatch.setattr(export, "tracked", lambda: TRACKED)
    project, elsewhere = tmp_path / "project", tmp_path / "home of somebody"
    for path in (project / "config/studies", project / "data", elsewhere):
        path.mkdir(parents=True)
    (project / "config/studies/mine.yaml").write_text("extends: base\n")
    (project / "config/studies/base.yaml").write_text("extends: ci\n")
    (project / "config/config.yaml").write_text("study: mine\n")
    (project / "data/own.cif").write_text("a crystal")
    (elsewhere / "Si.UPF").write_text("a pseudopotential")
    inputs = [
        "data/own.cif",
        str(ROOT / TRACKED[1]),
        str(elsewhere / "Si.UPF"),
        "results/mine/made",
        "results/mine/old",
    ]
    return SimpleNamespace(
        project=project,
        results="results/mine",
        study=SimpleNamespace(name="mine", first_run="mine"),
        jobs=[SimpleNamespace(outputs=["results/mine/made"])],
        dag=SimpleNamespace(jobs=[SimpleNamespace(input=inputs)]),
    )


@pytest.mark.parametrize("study", ["mine", ""])
def test_untracked_files_of_a_study_are_found_its_own_files_among_them(planned, study):
    parts = {part.place: part for part in export.untracked(planned, study)}
    own = {f"workflow/{name}" for name in ("config/studies/mine.yaml", "config/studies/base.yaml", "data/own.cif")}
    (outside,) = parts.keys() - own - {"workflow/config/config.yaml"}
    assert own | {"workflow/config/config.yaml", outside} == set(parts)
    assert outside.startswith("inputs/") and outside.endswith("/Si.UPF") and "somebody" not in outside
    assert all(part.source.is_file() and part.role == "input" for part in parts.values())


def test_what_was_left_out_is_named_with_the_way_to_take_it(planned):
    said = "\n".join(export.left_out(list(export.untracked(planned, "mine"))))
    assert "5 files" in said and "data/own.cif" in said and "mine.yaml" in said and "Si.UPF" in said
    assert "--with-untracked" in said


def test_files_that_the_clone_tracks_are_data_of_the_run(planned):
    roles = {part.place: part.role for part in export.repository(planned)}
    assert roles["workflow/data/potentials/silica_bks.lmp"] == "input"
    assert roles["workflow/config/studies/ci.yaml"] == "workflow"
