"""Frames that VASP labels elsewhere: the exported folder is run by its own scripts, with the stand-in as VASP."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from ase.io import read

from melt2crystal.engines.base import ExchangingEngine, settings_digest
from melt2crystal.engines.vasp.engine import VaspEngine
from melt2crystal.errors import EngineError
from melt2crystal.frames import canonical_frame, read_frames
from melt2crystal.label.exchange import export, import_outputs
from melt2crystal.label.store import LabelStore
from melt2crystal.sections.reference import VaspReference
from tests.helpers.vasp_cases import STAND_IN, write_potcars

GOLDEN = Path("tests/golden/vasp").resolve()


def stishovite(seed=1):
    crystal = read("data/polymorphs/stishovite.cif")
    crystal.rattle(0.05, seed=seed)
    return canonical_frame(crystal[[2, 0, 3, 1, 4, 5]])


class Site:
    """A study without POTCARs that exports, and another machine that has them and VASP."""

    def __init__(self, tmp_path, frames, **changes):
        self.library, self.folder, self.store = tmp_path / "library", tmp_path / "out", tmp_path / "store"
        checksums = write_potcars(self.library)
        self.engine = VaspEngine(VaspReference.model_validate({"checksums": checksums, **changes}), ["Si", "O"])
        self.frames, self.digest = frames, settings_digest(self.engine)
        export(self.folder, frames, self.engine, self.digest, "mine", "PBE (test)")

    def place(self, number):
        return self.folder / "frames" / self.frames[number].info["frame_id"]

    def run(self, options="", **more):
        variables = {**os.environ, "PMG_VASP_PSP_DIR": str(self.library), **more}
        variables.setdefault("VASP", f"{sys.executable} {STAND_IN} {options}")
        variables.setdefault("VASP_GAM", f"{sys.executable} {STAND_IN} --gamma-only {options}")
        done = subprocess.run(
            ["bash", "run.sh"], cwd=self.folder, env=variables, capture_output=True, text=True, timeout=300
        )
        assert list(self.folder.rglob("POTCAR")) == []  # none stays, however VASP ended
        return done.stdout + done.stderr

    def back(self):
        return list(import_outputs(self.folder, self.engine, self.digest, self.store, "mine", 100.0))


@pytest.fixture
def site(tmp_path, monkeypatch):
    monkeypatch.delenv("PMG_VASP_PSP_DIR", raising=False)
    return lambda frames=None, **changes: Site(tmp_path, frames or [stishovite()], **changes)


def test_the_exported_folder_holds_inputs_and_no_potcar(site):
    there = site([stishovite(), stishovite().repeat((3, 2, 2))[:71]][:1])
    assert isinstance(there.engine, ExchangingEngine)
    found = sorted(path.relative_to(there.place(0)).as_posix() for path in there.place(0).rglob("*") if path.is_file())
    inputs = [f"recipe-{number}/{name}" for number in (1, 2) for name in ("INCAR", "KPOINTS", "POSCAR")]
    assert found == ["POTCAR.spec", *inputs]
    sums = there.engine.reference.checksums
    assert (there.place(0) / "POTCAR.spec").read_text() == f"Si Si {sums['Si']}\nO O {sums['O']}\n"
    assert [*(there.folder / "shared").iterdir()] == []
    assert not any("local part" in path.read_text() for path in there.folder.rglob("*") if path.is_file())
    readme = (there.folder / "README.md").read_text()
    assert "POTCARs are not here" in readme and "export PMG_VASP_PSP_DIR" in readme
    subprocess.run(["sha256sum", "--check", "--quiet", "checksums.sha256"], cwd=there.folder, check=True)
    subprocess.run(["bash", "-n", "run-frame.sh"], cwd=there.folder, check=True)


def test_vasp_run_by_the_exported_scripts_gives_the_label_of_the_label_stage(site, tmp_path):
    melt = canonical_frame(stishovite(2).repeat((3, 2, 2)))
    there = site([stishovite(), melt])
    there.run()
    rows = there.back()
    assert [row.status for row in rows] == ["ok", "ok"], rows
    command = f"{sys.executable} {STAND_IN}"
    changes = {"potcar_folder": str(there.library), "command": command, "gamma_command": f"{command} --gamma-only"}
    engine = VaspEngine(there.engine.reference.model_copy(update=changes), ["Si", "O"])
    assert settings_digest(engine) == there.digest
    store = LabelStore(there.store, there.digest, "x")
    for frame, direct in zip(there.frames, engine.label(there.frames), strict=True):
        label = store.find(frame)
        assert (label.energy, label.seconds) == (direct.energy, direct.seconds)
        assert label.forces == pytest.approx(direct.forces, abs=1e-12)
        assert label.stress == pytest.approx(direct.stress, abs=1e-12)


def test_the_second_recipe_is_run_where_the_first_did_not_converge(site):
    there = site()
    there.run("--steps 100")
    (row,) = there.back()
    assert row.status == "ok" and (there.place(0) / "recipe-2/status").read_text() == "0\n"
    assert row.seconds == pytest.approx(2 * 3.25)  # both recipes are paid for


@pytest.mark.parametrize("fault", ["hard-stop", "cut-xml"])
def test_a_loop_that_never_converges_is_unconverged_after_all_recipes(site, fault):
    there = site(recipes=[{"nelm": 20}, {"nelm": 30}])
    there.run(f"--steps 100 --fault {fault}")
    (row,) = there.back()
    assert row.status == "unconverged" and (there.place(0) / "recipe-2/status").exists()


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("cut-both", "crashed", "cut off"),
        ("killed", "crashed", "killed by signal 9"),
        ("memory", "crashed", "out of memory: forrtl: severe (41)"),
        ("status", "crashed", "srun: error: node7: task 0"),
        ("foreign", "crashed", "about other atoms"),
        ("cut-xml", "ok", ""),
        ("cut-outcar", "ok", ""),
    ],
)
def test_each_end_there_is_the_end_here(site, fault, status, words):
    there = site()
    there.run(f"--fault {fault}")
    (row,) = there.back()
    assert row.status == status and words in row.reason
    assert not (there.place(0) / "recipe-2/status").exists()  # only a failure to converge is worth another recipe


def test_the_time_limit_is_told(site):
    there = site(timeout_s=1)
    there.run("--fault sleep")
    (row,) = there.back()
    assert row.status == "timed out" and "limit of 1 s" in row.reason


@pytest.mark.parametrize(
    ("mend", "words"),
    [
        (lambda path: path.unlink(), "holds no POTCAR Si (of POT_GGA_PAW_PBE_54)"),
        (lambda path: path.write_text(path.read_text().replace("0.3", "0.4")), "another potential"),
    ],
)
def test_a_potcar_that_is_missing_or_another_one_stops_the_frame_there(site, mend, words):
    there = site()
    mend(there.library / "POT_GGA_PAW_PBE_54/Si/POTCAR")
    assert words in there.run()
    assert not (there.place(0) / "ended").exists()
    assert there.back()[0].status == "not there yet"
    assert "name the folder of the POTCAR library" in there.run(PMG_VASP_PSP_DIR="")


def test_every_layout_of_a_library_is_found(site):
    there = site()
    family = there.library / "POT_GGA_PAW_PBE_54"
    silicon = family / "Si/POTCAR"
    (there.library / "POTCAR.Si.gz").write_bytes(gzip.compress(silicon.read_bytes()))
    silicon.unlink()
    (family / "O/POTCAR").rename(family / "POTCAR.O")
    there.run()
    assert there.back()[0].status == "ok"


def test_an_output_of_other_settings_or_of_another_frame_is_no_label(site):
    there = site([stishovite(1), stishovite(2)])
    there.run()
    own = {name: (there.place(0) / "recipe-1" / name).read_text() for name in ("OUTCAR", "vasprun.xml")}

    def reason(name, old, new):
        for file, text in own.items():
            (there.place(0) / "recipe-1" / file).write_text(text.replace(old, new) if file in name else text)
            assert file not in name or old in text, old
        shutil.rmtree(there.store, ignore_errors=True)
        row = there.back()[0]
        assert row.status == "crashed", row
        return row.reason

    assert "ENCUT = 400" in reason(["vasprun.xml"], '<i name="ENMAX">    520.0', '<i name="ENMAX">    400.0')
    assert "ENCUT = 400" in reason(["OUTCAR"], "energy-cutoff  :      520.00", "energy-cutoff  :      400.00")
    assert "SIGMA = 0.2" in reason(["vasprun.xml"], 'name="SIGMA">0.05', 'name="SIGMA">0.2')
    assert "k-points 1x1x1" in reason(["vasprun.xml"], "5        5        7 </v>", "1        1        1 </v>")
    assert "PAW_PBE O_s" in reason(["OUTCAR"], "TITEL  = PAW_PBE O 08Apr2002", "TITEL  = PAW_PBE O_s 07Sep2000")
    strange = "0" * 64
    told = reason(["OUTCAR"], "   VRHFIN =Si:", f"   SHA256 = {strange} POTCAR\n   VRHFIN =Si:")
    assert "checksum 000000000000" in told
    shutil.copy(there.place(1) / "recipe-1/vasprun.xml", there.place(0) / "recipe-1/vasprun.xml")
    assert there.back()[0].reason == "the output of VASP is about another configuration"


def test_recorded_outputs_without_our_script_are_read(site):
    (frame,) = read_frames(GOLDEN / "stishovite.extxyz")
    there = site([canonical_frame(frame)], k_points={"mode": "mesh", "mesh": [5, 5, 7]})
    place = there.place(0) / "recipe-1"
    shutil.copy(GOLDEN / "stishovite-vasprun.xml", place / "vasprun.xml")
    assert "still running" in there.back()[0].reason
    shutil.copy(GOLDEN / "stishovite-OUTCAR", place / "OUTCAR")
    assert there.back()[0].status == "ok"


def test_an_export_needs_potcars_or_their_checksums(site):
    with pytest.raises(EngineError, match="no folder for the POTCAR of Si is named"):
        site(checksums={})
