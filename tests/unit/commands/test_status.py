"""``melt2crystal status``: whose locks count, and a run that makes the study in another folder is told."""

import pytest

from melt2crystal.commands.status import drivers, run_elsewhere


def lock(project, *files: str) -> None:
    folder = project / ".snakemake" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{len(list(folder.iterdir()))}.output.lock").write_text("".join(f"{file}\n" for file in files))


@pytest.mark.parametrize("other", ["other", "/scratch/mine-of/results", "../beside/with blank"])
def test_a_run_in_another_folder_is_told(tmp_path, other):
    assert run_elsewhere("mine", "results", tmp_path) == []
    lock(tmp_path, "results/mine/summary.md", "results/label-store/s1/mine-initial-0.jsonl")
    assert run_elsewhere("mine", "results", tmp_path) == [] and drivers("results", tmp_path)[0]
    lock(tmp_path, f"{other}/mine/summary.md", f"{other}/mine/liquid/train/p0/walk.csv", f"{other}/mine-2/summary.md")
    assert run_elsewhere("mine", "results", tmp_path) == [other]
    assert run_elsewhere("mine", other, tmp_path) == ["results"] and drivers(other, tmp_path)[0]
    assert run_elsewhere("min", "results", tmp_path) == []
