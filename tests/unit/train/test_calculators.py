"""ASE calculators as members of an ensemble: the same numbers as by themselves, and what is said when they fail."""

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.emt import EMT
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.errors import EngineError, UserError
from melt2crystal.frames import write_frames
from melt2crystal.liquid.melts_from_files import walk_of
from melt2crystal.relaxation.relaxer import Target
from melt2crystal.sections.substance import Substance
from melt2crystal.settings import canonical, to_text
from melt2crystal.train.calculators import Zero, read_calculator, write_calculator, zero_of
from melt2crystal.train.models import Ensemble, ModelFactory, RelaxerFactory
from tests.helpers.programs import program

train_calculator, train_zero = program("train_calculator"), program("train_zero")

MISBEHAVING = """
import os
from ase.calculators.calculator import PropertyNotImplementedError
from ase.calculators.emt import EMT


class Nan(EMT):
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        if abs(self.atoms.get_volume() / len(self.atoms) - 20) < 1:
            self.results["forces"] = self.results["forces"] * float("nan")


class Picky(EMT):
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        if len(self.atoms) == 8:
            raise ValueError("isolated atoms")


class Dying(EMT):
    def calculate(self, *arguments, **more):
        super().calculate(*arguments, **more)
        if len(self.atoms) == 8:
            os._exit(3)


class Killed(EMT):
    def calculate(self, *arguments, **more):
        os.kill(os.getpid(), 9)


class NoStressToday(EMT):
    def get_stress(self, atoms=None):
        raise PropertyNotImplementedError("stress not present in this calculation")


class NoStress(EMT):
    implemented_properties = ["energy", "forces"]
"""


@pytest.fixture
def member(tmp_path, monkeypatch):
    """A maker of members' files; the misbehaving ones are only on the path of the other process."""
    (tmp_path / "misbehaving.py").write_text(MISBEHAVING)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def make(name="ase.calculators.emt:EMT", arguments=None, **more):
        path = name if ":" in name else f"misbehaving:{name}"
        return write_calculator(tmp_path / "0.json", path, arguments, **more)

    return make


def crystals():
    """Different numbers of atoms and species, off their minima."""
    made = [bulk("Cu") * 2, bulk("Al"), Atoms("CuAl3", cell=[4.0] * 3, pbc=True, scaled_positions=np.eye(4, 3) / 2)]
    made[2].set_scaled_positions([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    for seed, atoms in enumerate(made):
        atoms.rattle(0.05, seed=seed)
    return made


def test_a_member_gives_what_its_calculator_gives(member):
    zero = Zero(constant_eV_per_atom=-2.5, frames=3)
    plain = member()
    moved = write_calculator(plain.with_name("1.json"), "ase.calculators.emt:EMT", zero=zero)
    ensemble, frames = Ensemble([plain, moved]), crystals()
    energies, forces, virials = ensemble.evaluate(frames)
    for k, atoms in enumerate(frames):
        alone = atoms.copy()
        alone.calc = EMT()
        assert energies[:, k] == pytest.approx(alone.get_potential_energy() - np.array([0, 2.5 * len(atoms)]))
        assert forces[k] == pytest.approx(np.array([alone.get_forces()] * 2), abs=1e-9)
        expected = -alone.get_volume() * alone.get_stress(voigt=False)
        assert virials[:, k] == pytest.approx(np.array([expected] * 2), abs=1e-9)
        judged = atoms.copy()
        judged.calc = ensemble.calculator(1)
        assert judged.get_potential_energy() == pytest.approx(energies[1, k])
        assert judged.get_stress() == pytest.approx(alone.get_stress(), abs=1e-9)
    evaluate = ensemble.evaluator(frames[2].get_chemical_symbols())
    found = evaluate(frames[2].positions[None], frames[2].cell.array[None])
    assert found[0] == pytest.approx(energies[0, 2]) and found[2][0] == pytest.approx(virials[0, 2])


def test_a_relaxation_ends_at_the_minimum(member):
    starts = [bulk("Cu", a=3.7) * 2, bulk("Al", a=4.3)]
    starts[0].rattle(0.05, seed=1)
    ends = RelaxerFactory(str(member()))().relax_all(starts, Target(0.0, 0.002, 300))
    assert all(end.converged and end.failure is None for end in ends)
    for end, lattice_A in zip(ends, (3.594, 3.999), strict=True):  # of EMT's fcc crystals, by a scan of the volume
        assert (4 * end.atoms.get_volume() / len(end.atoms)) ** (1 / 3) == pytest.approx(lattice_A, abs=0.01)
    alone = ends[0].atoms.copy()
    alone.calc = EMT()
    assert end_force(alone) < 0.003 and np.abs(alone.get_stress()).max() < 0.002
    pressed = RelaxerFactory(str(member()))().relax_all(starts[1:], Target(10.0, 0.002, 300))[0].atoms
    assert pressed.get_volume() < 0.95 * ends[1].atoms.get_volume()


def end_force(atoms):
    return float(np.linalg.norm(atoms.get_forces(), axis=1).max())


@pytest.mark.parametrize(
    "name, words",
    [
        ("nowhere.at_all:Class", r"0\.json: calculator nowhere\.at_all:Class can't be made with .*No module named"),
        ("ase.calculators.emt:Emt", r"no attribute 'Emt'"),
        ("NoStress", r"computes no stress; a potential that is judged needs energy, forces and stress"),
    ],
)
def test_what_can_not_work_is_told_before_anything_is_computed(member, name, words):
    with pytest.raises(EngineError, match=words):
        Ensemble([member(name)])


def test_a_calculator_whose_stress_is_missing_in_the_end_is_no_failure_of_a_structure(member):
    factory = RelaxerFactory(str(member("NoStressToday")))
    with pytest.raises(EngineError, match=r"stress not present.*change its arguments, or take another"):
        factory().relax_all([bulk("Cu", a=3.7)], Target(0.0, 0.01, 10))
    with pytest.raises(EngineError, match="stress not present"):
        ModelFactory(str(member("NoStressToday")))().get_stress(bulk("Cu"))


def test_a_process_killed_for_its_memory_is_no_failure_of_a_structure(member):
    with pytest.raises(EngineError, match=r"by signal 9.*short of memory; give it more"):
        RelaxerFactory(str(member("Killed")))().relax_all([bulk("Cu", a=3.7)], Target(0.0, 0.01, 10))


@pytest.mark.parametrize("interpreter", ["/nowhere/bin/python", "no-such-venv/bin/python"])
def test_a_wrong_interpreter_is_named(member, interpreter):
    with pytest.raises(EngineError, match=rf"interpreter: {interpreter} can't be started.*make this environment"):
        Ensemble([member(interpreter=interpreter)])


def test_other_versions_are_refused(member):
    with pytest.raises(EngineError, match=r"packages: ase 1\.0 is asked for"):
        Ensemble([member(packages={"ase": "1.0"})])


def test_numbers_that_are_not_finite_are_told_with_their_frame(member):
    path = member("Nan")
    wide = bulk("Cu", a=(4 * 20) ** (1 / 3))
    wide.info["polymorph"] = "wide_copper"
    with pytest.raises(UserError, match=r"can't evaluate frame 1 \(wide_copper\): energy, forces or stress are not"):
        Ensemble([path]).evaluate([bulk("Cu"), wide])
    end = RelaxerFactory(str(path))().relax_all([wide], Target(0.0, 0.01, 10))[0]
    assert end.complaint == "energy, forces or stress are not finite" and not end.converged


@pytest.mark.parametrize(
    "name, words", [("Picky", "ValueError: isolated atoms"), ("Dying", "process died with status 3")]
)
def test_one_structure_that_fails_leaves_the_others(member, name, words):
    path, bad = member(name), bulk("Cu", a=3.7) * 2
    ends = RelaxerFactory(str(path))().relax_all([bulk("Cu", a=3.7), bad, bulk("Al", a=4.1)], Target(0.0, 0.01, 100))
    assert [end.converged for end in ends] == [True, False, True] and words in ends[1].failure
    with pytest.raises(UserError, match=rf"can't evaluate frame 0 \(Cu8\): .*{words}.*; leave this structure out"):
        Ensemble([path]).evaluate([bad])


def test_content_of_files_counts(member, tmp_path):
    weights = tmp_path / "weights.bin"
    weights.write_text("1")
    path = member(files=[str(weights)])
    assert read_calculator(path).digests[str(weights)] != ""
    before = path.read_bytes()
    weights.write_text("2")
    with pytest.raises(UserError, match=r"weights\.bin has another content by now; write .*0\.json again"):
        Ensemble([path])
    assert member(files=[str(weights)]).read_bytes() != before
    weights.unlink()
    with pytest.raises(UserError, match=r"weights\.bin is gone"):
        Ensemble([path])
    with pytest.raises(UserError, match=r"files: there is no .*weights\.bin"):
        member(files=[str(weights)])


def test_the_constant_is_that_of_the_melt_and_frames_of_one_walk_are_one_measurement(member, tmp_path):
    frames = []
    for walk, offset in (("a", 1.0), ("a", 1.0), ("a", 1.0), ("b", 1.4), ("c", 1.2)):
        atoms = bulk("Cu", a=3.7) * 2
        atoms.rattle(0.1, seed=len(frames))
        atoms.calc = EMT()
        energy = atoms.get_potential_energy() + offset * len(atoms)
        atoms.calc = SinglePointCalculator(atoms, energy=energy, forces=atoms.get_forces())
        atoms.info.update(frame_id=f"{walk}{len(frames)}", walk=walk, pressure_GPa=0.0, temperature_K=2000.0)
        frames.append(atoms)
    (tmp_path / "heldout.extxyz").write_text("")
    with pytest.raises(SystemExit):
        train_zero.train_zero(member(), tmp_path / "heldout.extxyz", tmp_path / "out.json")
    write_frames(tmp_path / "heldout.extxyz", frames)
    train_zero.train_zero(member(), tmp_path / "heldout.extxyz", tmp_path / "out.json")
    zero = read_calculator(tmp_path / "out.json").zero
    assert zero.constant_eV_per_atom == pytest.approx((3 * 1.0 + 1.4 + 1.2) / 5) and zero.frames == 5
    assert zero.walks == len({walk_of(frame) for frame in frames}) == 3
    assert zero.standard_error_eV_per_atom == pytest.approx(np.std([1.0, 1.4, 1.2], ddof=1) / 3**0.5)
    assert "+1.1200 eV/atom, the mean difference over 5 frames of melt from 3 walks" in zero.words()
    energies = Ensemble([tmp_path / "out.json"]).evaluate(frames)[0][0]
    assert np.mean(energies - [frame.get_potential_energy() for frame in frames]) == pytest.approx(0, abs=1e-6)
    alone = zero_of(np.array([0.5]), ["a"])
    assert alone.constant_eV_per_atom == 0.5 and alone.standard_error_eV_per_atom is None
    assert "standard error" not in alone.words() and "own zero" in Zero().words()


def settings_of(section):
    return to_text({"substance": canonical(Substance()), "calculator": section})


def test_a_study_asks_for_its_calculator_before_anything_else(member, tmp_path, capsys):
    out = tmp_path / "calculator.json"
    section = {"calculator": "ase.calculators.lj:LennardJones", "arguments": {"sigma": 1.6, "epsilon": 0.1, "rc": 5}}
    train_calculator.train_calculator("hp", out, settings_of(section))
    assert read_calculator(out).calculator == section["calculator"] and not read_calculator(out).zero.frames
    for wrong, words in (
        ({"calculator": "nowhere:Class"}, "release.hp.given.calculator nowhere:Class can't be made with"),
        (
            {"calculator": "ase.calculators.emt:EMT"},
            "No EMT-potential for Si; a potential that is judged needs",
        ),
        ({"calculator": "misbehaving:NoStress"}, "computes no stress"),
        ({**section, "interpreter": "/nowhere/python"}, "release.hp.given.interpreter: /nowhere/python can't"),
        ({**section, "packages": {"ase": "2"}}, "release.hp.given.packages: ase 2 is asked for"),
    ):
        member()
        with pytest.raises(SystemExit):
            train_calculator.train_calculator("hp", tmp_path / "wrong.json", settings_of(wrong))
        assert words in capsys.readouterr().err and not (tmp_path / "wrong.json").exists()


def test_what_names_no_calculator_is_refused(member, tmp_path):
    for content in ("{", "{}", json.dumps({"calculator": "no path"}), json.dumps({"model": {}})):
        (tmp_path / "broken.json").write_text(content)
        with pytest.raises(UserError, match=r"broken\.json: names no ASE calculator"):
            Ensemble([tmp_path / "broken.json"])
    with pytest.raises(UserError, match=r"model\.pb: the file of a calculator ends in \.json"):
        write_calculator(tmp_path / "model.pb", "ase.calculators.emt:EMT")
    with pytest.raises(UserError, match=r"calculator: .*'ase\.calculators\.emt'"):
        write_calculator(tmp_path / "0.json", "ase.calculators.emt")
    with pytest.raises(UserError, match=r"timeout_s"):
        member(timeout_s=0)
