import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from melt2crystal.engines.base import ExchangingEngine, Label, settings_digest
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.espresso.exchange import cpu_seconds
from melt2crystal.engines.registry import reference_engine
from melt2crystal.errors import EngineError, UserError
from melt2crystal.frames import canonical_frame
from melt2crystal.label.exchange import export, import_outputs, read_manifest, without_label
from melt2crystal.label.store import LabelStore
from melt2crystal.sections.reference import EspressoKPoints, EspressoReference

DATA = Path("tests/data/espresso").resolve()
PSEUDO = Path("/usr/share/espresso/pseudo/Si.pbe-rrkj.UPF")
REAL = EspressoReference(
    pseudopotentials={"Si": "Si.pbe-rrkj.UPF"},
    checksums={},
    ecutwfc_Ry=16,
    ecutrho_Ry=64,
    k_points=EspressoKPoints(mode="mesh", mesh=(2, 2, 2)),
    conv_thr_Ry=1e-9,
)
needs_pw = pytest.mark.pw_x


def silicon(seed=1):
    """With seed 1 the structure of tests/data/espresso/silicon.out."""
    crystal = bulk("Si", "diamond", 5.43)
    crystal.rattle(0.05, seed=seed)
    return canonical_frame(crystal)


@pytest.fixture
def engine(tmp_path):
    """An espresso engine with a made-up pseudopotential."""
    (tmp_path / "pseudo").mkdir()
    (tmp_path / "pseudo/Si.UPF").write_text("silicon")
    changes = {"pseudopotentials": {"Si": "Si.UPF"}, "pseudopotential_folder": str(tmp_path / "pseudo")}
    return EspressoEngine(REAL.model_copy(update=changes), ["Si"])


class Exported:
    """An exported folder with three frames and the commands that follow."""

    def __init__(self, tmp_path, engine, frames):
        self.engine, self.frames, self.folder, self.store = engine, frames, tmp_path / "out", tmp_path / "store"
        self.digest = settings_digest(engine)
        export(self.folder, frames, engine, self.digest, "mine", "PBE (test)")

    def place(self, number):
        return self.folder / "frames" / self.frames[number].info["frame_id"]

    def finish(self, number, recorded, status, recipe=1):
        shutil.copy(DATA / recorded, self.place(number) / f"pw-{recipe}.out")
        (self.place(number) / f"pw-{recipe}.err").write_text("")
        (self.place(number) / f"pw-{recipe}.status").write_text(f"{status}\n")

    def back(self, **changes):
        engine = changes.get("engine", self.engine)
        return list(import_outputs(self.folder, engine, settings_digest(engine), self.store, "mine", 100.0))

    def journal(self):
        return [json.loads(line) for path in self.store.rglob("*.jsonl") for line in path.read_text().splitlines()]


@pytest.fixture
def exported(tmp_path, engine):
    return Exported(tmp_path, engine, [silicon(seed) for seed in (1, 2, 3)])


def test_an_exported_folder_is_self_contained(exported):
    for number, recipe in enumerate(exported.engine.reference.recipes, 1):
        text = (exported.place(0) / f"pw-{number}.in").read_text()
        assert "'../../shared'" in text and recipe.diagonalisation in text
        assert str(exported.folder.parent) not in text
    assert (exported.folder / "shared/Si.UPF").read_text() == "silicon"
    subprocess.run(["sha256sum", "--check", "--quiet", "checksums.sha256"], cwd=exported.folder, check=True)
    for script in exported.folder.glob("*.sh"):
        subprocess.run(["bash", "-n", script], check=True)
    assert (exported.folder / "frames.txt").read_text().split() == [f.info["frame_id"] for f in exported.frames]
    readme = (exported.folder / "README.md").read_text()
    assert "PBE (test)" in readme and exported.digest in readme


def test_outputs_become_labels_with_status_and_reason(exported):
    exported.finish(0, "silicon.out", 0)
    exported.finish(1, "silicon-unconverged.out", 2, recipe=1)
    exported.finish(1, "silicon-unconverged.out", 2, recipe=2)
    first, second, third = exported.back()
    assert (first.status, first.stored) == ("ok", True)
    assert second.status == "unconverged" and "NOT achieved" in second.reason
    assert (third.status, third.reason, third.stored) == ("not there yet", "not run yet", False)
    store = LabelStore(exported.store, exported.digest, "other")
    label = store.find(exported.frames[0])
    assert label is not None and label.energy == pytest.approx(-211.4837005) and label.seconds == 0.32
    assert label.forces is not None and label.forces.shape == (2, 3)


def test_importing_again_adds_nothing_and_overwrites_nothing(exported):
    exported.finish(0, "silicon.out", 0)
    exported.finish(1, "missing-pseudopotential.out", 1)
    assert [row.stored for row in exported.back()] == [True, True, False]
    before = exported.journal()
    assert [row["status"] for row in before] == ["ok", "crashed"]
    assert [row.stored for row in exported.back()] == [False, False, False]
    assert exported.journal() == before
    text = (exported.place(0) / "pw-1.out").read_text()
    (exported.place(0) / "pw-1.out").write_text(text.replace("-15.5", "-99.9"))
    exported.back()
    assert exported.journal() == before
    exported.finish(1, "silicon.out", 0)  # mended there, but of another frame: told once more, with its reason
    assert exported.back()[1].status == "crashed" and len(exported.journal()) == 3


def test_a_label_the_store_has_is_not_replaced(exported):
    mine = LabelStore(exported.store, exported.digest, "mine-initial-0")
    mine.add(exported.frames[0], Label("ok", "", -1.0, np.zeros((2, 3)), np.zeros((3, 3)), 5.0))
    exported.finish(0, "silicon.out", 0)
    row = exported.back()[0]
    assert row.stored is False and row.seconds == 5.0
    assert LabelStore(exported.store, exported.digest, "x").find(exported.frames[0]).energy == -1.0


def test_unfinished_outputs_are_left_for_later(exported):
    cut = (DATA / "silicon.out").read_text()[:4000]
    (exported.place(0) / "pw-1.out").write_text(cut)
    exported.finish(1, "silicon-unconverged.out", 2)
    rows = exported.back()
    assert "still running" in rows[0].reason and "recipe 2 of 2 was not run" in rows[1].reason
    assert exported.journal() == []
    (exported.place(0) / "pw-1.out").write_text((DATA / "silicon.out").read_text())  # ended, run without our script
    assert exported.back()[0].status == "ok"


def test_a_run_that_hit_the_time_limit_or_was_killed_says_so(exported):
    for number, status in ((0, 124), (1, 137)):
        exported.finish(number, "silicon.out", status)
        path = exported.place(number) / "pw-1.out"
        path.write_text(path.read_text()[:4000])
    rows = exported.back()
    assert rows[0].status == "timed out" and "7200 s" in rows[0].reason
    assert rows[1].status == "crashed" and "signal 9" in rows[1].reason


def test_outputs_of_something_else_are_no_labels(exported):
    exported.finish(1, "silicon.out", 0)  # the output of frame 0
    assert exported.back()[1].reason.startswith("the output is about another configuration")
    exported.finish(0, "silicon.out", 0)
    path = exported.place(0) / "pw-1.out"
    text = path.read_text()
    path.write_text(
        text.replace("kinetic-energy cutoff     =      16.0000", "kinetic-energy cutoff     =      12.0000")
    )
    assert "kinetic-energy cutoff 12" in exported.back()[0].reason
    path.write_text(text.replace("Si.pbe-rrkj.UPF", "Si.UPF"))  # the right name, other content
    assert "pseudopotential of Si in the output is not Si.UPF" in exported.back()[0].reason


def test_altered_inputs_are_refused_before_anything_is_imported(exported):
    exported.finish(0, "silicon.out", 0)
    path = exported.place(0) / "pw-1.in"
    path.write_text(path.read_text().replace("16", "12"))
    with pytest.raises(UserError, match=r"1 input files are not as they were exported: frames/f\w+/pw-1\.in"):
        exported.back()
    path.unlink()
    with pytest.raises(UserError, match="not as they were exported"):
        exported.back()
    assert exported.journal() == []
    shutil.rmtree(exported.place(0))
    assert exported.back()[0].reason == "its folder is not here"
    (exported.folder / "shared/Si.UPF").write_text("other")
    with pytest.raises(UserError, match=r"shared/Si\.UPF"):
        exported.back()


def test_other_settings_are_refused_with_the_setting_that_differs(exported):
    other = EspressoEngine(exported.engine.reference.model_copy(update={"ecutwfc_Ry": 20.0}), ["Si"])
    with pytest.raises(UserError, match=r"ecutwfc_Ry is 16\.0 there and 20\.0 here.*can't be mixed"):
        exported.back(engine=other)


def test_what_is_no_exported_folder_is_said(tmp_path, engine):
    with pytest.raises(UserError, match=r"manifest\.json: can't be read"):
        read_manifest(tmp_path, engine, "d")
    (tmp_path / "manifest.json").write_text('{"format": "something"}')
    with pytest.raises(UserError, match="is not a manifest"):
        read_manifest(tmp_path, engine, "d")


def test_a_folder_that_holds_something_is_not_written_into(exported):
    with pytest.raises(UserError, match="is not empty"):
        export(exported.folder, exported.frames, exported.engine, exported.digest, "mine", "PBE")


def test_only_frames_worth_computing_are_exported(exported):
    store = LabelStore(exported.store, exported.digest, "a")
    store.add(exported.frames[0], Label("ok", "", -1.0, np.zeros((2, 3)), np.zeros((3, 3))))
    close = canonical_frame(Atoms("Si2", positions=[[0, 0, 0], [0, 0, 1.0]], cell=[9] * 3, pbc=True))
    wanted, known, refused = without_label([*exported.frames, exported.frames[1], close], store, {"Si-Si": 1.8})
    assert [f.info["frame_id"] for f in wanted] == [f.info["frame_id"] for f in exported.frames[1:]]
    assert known == 1 and "Si-Si distance 1.00" in refused[0]


def test_a_missing_pseudopotential_is_asked_for_by_checksum(tmp_path):
    engine = reference_engine({"engine": "espresso", "pseudopotential_folder": "/nowhere"}, ["Si", "O"])
    export(tmp_path / "out", [silicon()], engine, settings_digest(engine), "open", "PBE")
    readme = (tmp_path / "out/README.md").read_text()
    assert "Put `Si.pbe-nl-rrkjus_psl.1.0.0.UPF` there yourself" in readme and "2bd1a6a56a52" in readme


def test_an_engine_without_inputs_says_so(tmp_path):
    engine = reference_engine({"engine": "lammps"}, ["Si", "O"])
    assert not isinstance(engine, ExchangingEngine)
    with pytest.raises(EngineError, match="lammps computes its labels where the study runs"):
        export(tmp_path / "out", [silicon()], engine, "d", "laptop", "BKS")


@pytest.mark.parametrize(
    ("printed", "seconds"), [("0.32s", 0.32), ("2m27.33s", 147.33), ("1h 2m", 3720), ("1d 2h 3m", 93780)]
)
def test_cpu_time_is_read_in_every_form(printed, seconds):
    line = f"     PWSCF        :   {printed} CPU   9m 0.94s WALL\n"
    assert cpu_seconds(line) == pytest.approx(seconds)
    assert cpu_seconds("Parallel version (MPI), running on     4 processors\n" + line) == pytest.approx(4 * seconds)


@needs_pw
def test_pw_x_run_by_the_exported_scripts_gives_the_label_of_the_label_stage(tmp_path):
    engine = EspressoEngine(REAL, ["Si"])
    there = Exported(tmp_path, engine, [silicon(), silicon(2)])
    subprocess.run(["bash", "run.sh"], cwd=there.folder, check=True, timeout=120)
    rows = there.back()
    assert [row.status for row in rows] == ["ok", "ok"], rows
    there.store.rename(tmp_path / "store-of-first-run")
    marks = [path.stat().st_mtime_ns for path in sorted(there.folder.rglob("pw-1.out"))]
    subprocess.run(["bash", "run.sh"], cwd=there.folder, check=True, timeout=120)  # nothing is run twice
    assert [path.stat().st_mtime_ns for path in sorted(there.folder.rglob("pw-1.out"))] == marks
    there.back()
    found = LabelStore(there.store, there.digest, "x")
    for frame, direct in zip(there.frames, engine.label(there.frames), strict=True):
        label = found.find(frame)
        assert label.energy == pytest.approx(direct.energy, abs=1e-7)
        assert label.forces == pytest.approx(direct.forces, abs=1e-6)
        assert label.stress == pytest.approx(direct.stress, abs=1e-6)
    (there.place(0) / "ended").unlink()
    (there.place(0) / "pw-1.in").write_text("altered")
    refused = subprocess.run(
        ["bash", "run-frame.sh", there.frames[0].info["frame_id"]], cwd=there.folder, capture_output=True, text=True
    )
    assert refused.returncode == 1 and "not those that were exported" in refused.stdout
