"""The VASP engine as a whole, with the stand-in of tests/golden/vasp in the place of VASP."""

import os
import sys

import numpy as np
import pytest
from ase import Atoms
from ase.units import GPa

from melt2crystal.engines.base import settings_digest
from melt2crystal.engines.registry import reference_engine
from melt2crystal.engines.vasp.engine import VaspEngine
from melt2crystal.errors import EngineError
from melt2crystal.sections.reference import VaspReference
from tests.helpers.vasp_cases import STAND_IN, stishovite, write_potcars


@pytest.fixture
def make(tmp_path):
    """An engine whose VASP is the stand-in with some options."""
    folder, scratch, record = tmp_path / "psp", tmp_path / "scratch", tmp_path / "record"
    checksums = write_potcars(folder)
    scratch.mkdir()
    record.mkdir()

    def engine(options="", **changes):
        command = f"{sys.executable} {STAND_IN} --record {record} {options}"
        given = {"potcar_folder": str(folder), "checksums": checksums, "scratch": str(scratch), "command": command}
        return VaspEngine(VaspReference.model_validate(given | changes), ["Si", "O"])

    yield engine
    assert list(scratch.iterdir()) == []  # no POTCAR stays behind, however VASP ended


def runs(tmp_path):
    """Folders of the inputs that the stand-in was given, one a run."""
    return sorted((tmp_path / "record").iterdir(), key=lambda folder: int(folder.name))


def tags(folder):
    return dict(line.split(" = ") for line in (folder / "INCAR").read_text().splitlines())


def derivatives_agree(engine):
    """Stress, sign and unit, against strain; forces against displacements; all through the files of VASP."""
    frame, step = stishovite(), 1e-3  # the energy is printed with eight decimals
    strains = [np.diag([0, 0, 1.0]), np.array([[0, 1, 0], [1, 0, 0], [0, 0, 0.0]])]
    asked = [frame]
    for strain in strains:
        for sign in (1, -1):
            strained = frame.copy()
            strained.set_cell(frame.cell.array @ (np.eye(3) + sign * step * strain), scale_atoms=True)
            asked.append(strained)
    for sign in (1, -1):
        moved = frame.copy()
        moved.positions[2, 0] += sign * step
        asked.append(moved)
    here, *around = engine.label(asked)
    assert [label.status for label in (here, *around)] == ["ok"] * 7, here.reason
    slopes = [(up.energy - down.energy) / (2 * step) for up, down in zip(around[::2], around[1::2], strict=True)]
    told = [frame.get_volume() * (here.stress * strain).sum() for strain in strains] + [-here.forces[2, 0]]
    assert np.abs(told).min() > 0.1
    assert slopes == pytest.approx(told, rel=3e-4)


def test_energy_forces_and_stress_belong_together_through_the_whole_engine(make):
    derivatives_agree(make())


def test_a_compressed_crystal_pushes(make):
    """The sign alone, without derivatives: the stand-in's atoms repel each other."""
    label = next(make().label([stishovite()]))
    assert -np.trace(label.stress) / 3 / GPa > 10


@pytest.mark.parametrize("fault", ["wrong-stress-sign", "wrong-stress-unit", "energy-sigma-zero"])
def test_the_finite_differences_catch_a_mutant(make, fault):
    with pytest.raises(AssertionError):
        derivatives_agree(make(f"--fault {fault}"))


def test_outcar_stands_in_for_a_vasprun_that_was_cut(make):
    (whole,) = make().label([stishovite()])
    (cut,) = make("--fault cut-xml").label([stishovite()])
    assert cut.status == "ok"
    assert cut.energy == pytest.approx(whole.energy, abs=1e-7)
    assert cut.forces == pytest.approx(whole.forces, abs=1e-6)
    assert cut.stress == pytest.approx(whole.stress, abs=1e-8)
    derivatives_agree(make("--fault cut-xml"))


def test_the_settings_of_table_1_arrive_in_the_inputs(make, tmp_path):
    next(make(incar={"LASPH": True, "NCORE": 4, "LREAL": "Auto"}).label([stishovite()]))
    (folder,) = runs(tmp_path)
    found = tags(folder)
    assert (float(found["ENCUT"]), int(found["ISMEAR"]), float(found["SIGMA"])) == (520, 0, 0.05)
    assert (found["NSW"], found["IBRION"], found["ISIF"], found["ISYM"]) == ("0", "-1", "2", "0")
    assert (found["LWAVE"], found["LCHARG"], found["ALGO"], found["NELM"]) == ("False", "False", "Normal", "60")
    assert (found["LASPH"], found["NCORE"], found["LREAL"]) == ("True", "4", "Auto")
    lines = (folder / "POSCAR").read_text().splitlines()
    assert (lines[5].split(), lines[6].split()) == (["Si", "O"], ["2", "4"])
    assert not (folder / "POTCAR").exists()


def test_atoms_keep_their_order_and_a_left_handed_cell_its_label(make, tmp_path):
    frame = stishovite()
    shuffled = frame[[5, 1, 0, 4, 3, 2]]
    left = frame.copy()
    left.set_cell(frame.cell.array[[1, 0, 2]])
    here, other, mirrored = make().label([frame, shuffled, left])
    assert other.forces == pytest.approx(here.forces[[5, 1, 0, 4, 3, 2]], abs=1e-7)
    assert mirrored.energy == pytest.approx(here.energy, abs=1e-7)
    assert mirrored.forces == pytest.approx(here.forces, abs=1e-7)
    assert mirrored.stress == pytest.approx(here.stress, abs=1e-9)


def test_the_mesh_and_the_command_follow_the_cell(make, tmp_path):
    crystal, melt = stishovite(), stishovite().repeat((3, 2, 2))
    gamma = f"{sys.executable} {STAND_IN} --record {tmp_path / 'record'} --gamma-only"
    labels = list(make(gamma_command=gamma).label([crystal, melt]))
    assert [label.status for label in labels] == ["ok", "ok"]
    assert labels[1].energy == pytest.approx(12 * labels[0].energy, rel=1e-7)
    meshes = [(folder / "KPOINTS").read_text().splitlines()[3].split() for folder in runs(tmp_path)]
    assert meshes == [["5", "5", "7"], ["1", "1", "1"]]


def test_the_next_recipe_is_tried_when_nelm_is_reached(make, tmp_path):
    (label,) = make("--steps 100").label([stishovite()])
    assert label.status == "ok" and label.energy == pytest.approx(next(make().label([stishovite()])).energy, abs=1e-7)
    assert [tags(folder)["ALGO"] for folder in runs(tmp_path)][:2] == ["Normal", "All"]


@pytest.mark.parametrize("cut", ["", "--fault cut-xml"])
def test_a_loop_that_never_converges_is_unconverged(make, tmp_path, cut):
    recipes = [{"nelm": 20}, {"nelm": 30, "algo": "Fast", "amix": 0.1, "bmix": 0.01}]
    (label,) = make(f"--steps 100 {cut}", recipes=recipes).label([stishovite()])
    assert label.status == "unconverged" and label.energy is None
    assert "NELM = 30" in label.reason or "EDIFF was not reached" in label.reason
    assert [(tags(folder)["NELM"], tags(folder).get("AMIX")) for folder in runs(tmp_path)] == [
        ("20", None),
        ("30", "0.1"),
    ]


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("cut-both", "crashed", "cut off"),
        ("killed", "crashed", "killed by signal 9"),
        ("memory", "crashed", "out of memory: forrtl: severe (41): insufficient virtual memory"),
        ("status", "crashed", "srun: error: node7: task 0: Exited with exit code 1"),
        ("foreign", "crashed", "about other atoms"),
        ("overflow", "crashed", "can't be read"),
        ("hard-stop", "unconverged", "hard stop was set"),
        ("cut-outcar", "ok", ""),
    ],
)
def test_each_end_has_its_status_and_reason(make, fault, status, words):
    (label,) = make(f"--fault {fault}").label([stishovite()])
    assert label.status == status and words in label.reason, label.reason
    assert (label.energy is None) == (status != "ok")


def test_the_time_limit_ends_the_process(make, tmp_path):
    (label,) = make("--fault sleep", timeout_s=6).label([stishovite()])
    assert label.status == "timed out" and "6 s" in label.reason
    (folder,) = runs(tmp_path)
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "where").read_text().split()[1]), 0)


def test_an_error_box_of_vasp_is_the_reason(make):
    (label,) = make(incar={"GGA": "PE"}, sigma_eV=0.1).label([stishovite()])
    assert (label.status, label.reason) == ("crashed", "INCAR: SIGMA = 0.1 is not Table 1's 0.05")


def test_one_bad_frame_of_three_costs_one_label(make):
    two = Atoms("SiO", positions=[[0, 0, 0], [0, 0, 1.6]], cell=[6, 6, 6], pbc=True)
    labels = list(make("--fault killed-if-two-atoms").label([stishovite(), two, stishovite()]))
    assert [label.status for label in labels] == ["ok", "crashed", "ok"]


def test_seconds_are_those_of_all_ranks_as_vasp_tells_them(make):
    (label,) = make("--steps 100").label([stishovite()])
    assert label.seconds == pytest.approx(2 * 3.25)  # two recipes


def test_a_cell_relaxes_to_the_pressure_and_keeps_its_order(make):
    crystal = stishovite()
    crystal.info["polymorph"] = "stishovite"
    (relaxed,) = make().relax([crystal], 30.0)
    assert relaxed.info["polymorph"] == "stishovite" and list(relaxed.symbols) == list(crystal.symbols)
    assert -relaxed.get_stress(voigt=False).trace() / 3 / GPa == pytest.approx(30.0, abs=0.2)
    assert np.abs(relaxed.get_forces()).max() < 5e-3


def test_a_missing_potcar_is_said_before_anything_runs(make, monkeypatch, tmp_path):
    monkeypatch.delenv("PMG_VASP_PSP_DIR", raising=False)
    nowhere = make(potcar_folder=None, checksums={})
    for ask in (nowhere.check, nowhere.identity):
        with pytest.raises(EngineError, match=r"no folder .* PMG_VASP_PSP_DIR .*POT_GGA_PAW_PBE_54/Si/POTCAR"):
            ask()
    with pytest.raises(EngineError, match=r"POTCAR of O \(O_s of the family PBE_54\) is missing"):
        make(potcars={"Si": "Si", "O": "O_s"}).check()
    with pytest.raises(EngineError, match="names no POTCAR for Ge"):
        VaspEngine(VaspReference(), ["Ge"])
    monkeypatch.setenv("PMG_VASP_PSP_DIR", str(tmp_path / "psp"))
    make(potcar_folder=None).check()
    assert runs(tmp_path) == []


def test_a_missing_program_is_said_before_anything_runs(make):
    with pytest.raises(EngineError, match=r"srun-nowhere is not on PATH, so reference\.command"):
        make(command="srun-nowhere -n 4 vasp_std").check()


def test_the_digest_follows_what_the_numbers_depend_on_and_nothing_else(make, tmp_path):
    def digest(**changes):
        return settings_digest(make(**changes))

    unaffected = [
        digest(command="srun vasp_std", gamma_command="vasp_gam", timeout_s=5, recipes=[{"algo": "All"}], name="other"),
        digest(incar={"NCORE": 8, "KPAR": 2}),
        digest(checksums={}),
        digest(potcar_folder="/nowhere"),
        digest(encut_eV=520.0),
    ]
    assert set(unaffected) == {digest()}
    changed = [
        digest(encut_eV=600),
        digest(prec="Normal"),
        digest(ediff_eV=1e-5),
        digest(ismear=1),
        digest(sigma_eV=0.1),
        digest(incar={"LASPH": True}),
        digest(k_points={"mode": "gamma"}),
        digest(k_points={"spacing_per_A": 0.2}),
        digest(k_points={"mode": "mesh", "mesh": [2, 2, 2]}),
        digest(checksums={"Si": "0" * 64}),
    ]
    assert len({digest(), *changed}) == len(changed) + 1


def test_the_registry_knows_the_engine():
    assert isinstance(reference_engine({"engine": "vasp"}, ["Si", "O"]), VaspEngine)
