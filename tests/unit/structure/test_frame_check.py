"""Frames of others: what is wrong with them is told with file, frame and key; what is right passes."""

import gzip

import numpy as np
import pytest
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator
from ase.io import write
from ase.units import GPa

from melt2crystal.errors import UserError
from melt2crystal.frames import LARGEST_FILE, canonical_frame, read_frames
from melt2crystal.structure.frame_check import (
    checked_frames,
    falling_pressure,
    identity_problem,
    label_problem,
    labels_differ,
    state_problem,
    structure_problem,
)
from tests.helpers.checkout import REPOSITORY

STATE = {"temperature_K": 3400.0, "pressure_GPa": 0.0}


def frame(scale=1.0, pressure_GPa=2.0, **results):
    atoms = Atoms("SiO2", positions=np.eye(3) * 1.6 * scale, cell=[3.5 * scale] * 3, pbc=True, info=dict(STATE))
    given = {"energy": -25.0, "forces": np.zeros((3, 3)), "stress": -pressure_GPa * GPa * np.eye(3)} | results
    atoms.calc = SinglePointCalculator(atoms, **{k: v for k, v in given.items() if v is not None})
    return atoms


def read_back(tmp_path, text, old, new):
    assert old in text
    (tmp_path / "theirs.extxyz").write_text(text.replace(old, new))
    return tmp_path / "theirs.extxyz"


@pytest.fixture
def text(tmp_path):
    write(tmp_path / "good.extxyz", [frame(), frame()], format="extxyz")
    assert len(checked_frames(tmp_path / "good.extxyz", structure_problem, state_problem, label_problem)) == 2
    return (tmp_path / "good.extxyz").read_text()


@pytest.mark.parametrize(
    "old, new, said",
    [
        ("temperature_K=3400.0", "temperature_K=3000K", "temperature_K='3000K', which is no number"),
        ("temperature_K=3400.0", "temperature_K=T", "temperature_K=True, which is no number"),
        ("temperature_K=3400.0", 'temperature_K="3000 3000"', "temperature_K=[3000 3000], which is no number"),
        ("temperature_K=3400.0", "temperature_K=nan", "temperature_K=nan, which is not finite"),
        ("temperature_K=3400.0", "temperature_K=3000,0", "which is no number"),
        ("temperature_K=3400.0", "temperature_K=-1", "beyond 0 to 100000"),
        ("pressure_GPa=0.0", "pressure_GPa=1bar", "pressure_GPa='1bar', which is no number"),
        ("pressure_GPa=0.0", "pressure_GPa=101325", "beyond -100 to 10000"),
        ("pressure_GPa=0.0", "", "does not say pressure_GPa"),
        ('pbc="T T T"', 'pbc="F F F"', 'says pbc="F F F"'),
        ('pbc="T T T"', 'pbc="T T F"', 'says pbc="T T F"'),
        ('Lattice="3.5', 'Lattice="nan', "not finite"),
        ('Lattice="3.5 0.0 0.0', 'Lattice="0.0 0.0 0.0', "no cell"),
        ('Lattice="3.5 0.0 0.0', 'Lattice="35000 0.0 0.0', "must be in Å"),
        ("energy=-25.0", "energy=-2.5D+01", "energy='-2.5D+01', which is no number"),
        ("energy=-25.0", "energy=nan", "energy=nan, which is not finite"),
        ("energy=-25.0", "REF_energy=-25.0", "has no energy, but REF_energy"),
        ("energy=-25.0", "energy=-25.0 free_energy=-25.03", "-10.0 meV/atom apart"),
        ("forces:R:3", "force:R:3", "has no forces, but force"),
        ("forces:R:3", "REF_forces:R:3", "has no forces, but REF_forces"),
        ("stress=", "virials=", "has no stress, but virials: write it under the name stress, stress = -virial"),
        ("stress=", "virial=", "has no stress, but virial"),
        ("stress=", "REF_stress=", "has no stress, but REF_stress"),
        ("stress=", "other=", "has no stress"),
        (
            "energy=-25.0",
            "REF_energy=-25.1 energy=-25.0",
            "says energy=-25 and REF_energy=-25.1, which are not the same",
        ),
        ("energy=-25.0", 'energy=-25.0 dft_energy="-25 eV"', "says energy=-25 and dft_energy=-25 eV, which are not"),
        ("energy=-25.0", 'energy=-25.0 virial="1 0 0 0 1 0 0 0 1"', "says stress and virial, which are not the same"),
        ("energy=-25.0", 'energy=-25.0 dft_stress="1 0 0 0 1 0 0 0 1"', "says stress and dft_stress, which are"),
        ("energy=-25.0", "energy=-1e30", "says energy=-1e+30 for 3 atoms: it must be in eV"),
        ("energy=-25.0", "energy=-25.0 magmom=8", "says magmom of 8, a magnetic moment"),
        ("energy=-25.0", "energy=-25.0 total_charge=2", "says total_charge of 2, a net charge"),
        ("energy=-25.0", "energy=-25.0 spin_multiplicity=3", "says spin_multiplicity of 3, a multiplicity"),
        ("energy=-25.0", "energy=-25.0 charge=one", "says charge='one', which is no number"),
    ],
)
def test_what_is_wrong_is_told_with_file_frame_and_key(tmp_path, text, old, new, said):
    path = read_back(tmp_path, text, old, new)
    with pytest.raises(UserError) as caught:
        checked_frames(path, structure_problem, state_problem, label_problem)
    assert str(caught.value).startswith(f"{path}: frame 0 ") and said in str(caught.value)


@pytest.mark.parametrize("extra", ["", " other=[[1,2],[3,4]]"])
@pytest.mark.parametrize("place", [1, 2, 5])
def test_an_asymmetric_stress_is_refused_whoever_reads_it(tmp_path, text, extra, place):
    old = text.split('stress="')[1].split('"')[0]
    numbers = [*map(float, old.split())]
    for apart, said in ((0.9, "has a stress whose xy and yx"), (5e-5, "")):
        changed = [value + apart * (index == place) for index, value in enumerate(numbers)]
        path = read_back(tmp_path, text, f'{old}"', " ".join(map(str, changed)) + '"' + extra)
        problem = label_problem(read_frames(path)[1])
        assert said in problem and bool(problem) == bool(said)


@pytest.mark.parametrize("name, factor", [("REF_forces", 1.0), ("force", 1.0), ("gradient", -1.0)])
def test_forces_under_two_names_are_the_same_or_refused(tmp_path, name, factor):
    for apart, said in ((0.0, ""), (0.01, f"says forces and {name}, which are not the same")):
        atoms = frame()
        atoms.calc.results["forces"] += np.eye(3)
        atoms.set_array(name, factor * (atoms.get_forces() + apart))
        write(tmp_path / "two.extxyz", atoms, format="extxyz")
        problem = label_problem(read_frames(tmp_path / "two.extxyz")[0])
        assert problem.startswith(said) and bool(problem) == bool(said)


@pytest.mark.parametrize("name", ["initial_magmoms", "magmoms", "initial_charges"])
def test_moments_and_charges_of_atoms_are_refused_where_they_are_not_zero(tmp_path, name):
    for values, said in (([0.0, 0.0, 0.0], ""), ([2.0, 0.0, 1.0], f"says {name} of {2 if 'mag' in name else 3}, a ")):
        atoms = frame()
        atoms.set_array(name, np.array(values))
        write(tmp_path / "marked.extxyz", atoms, format="extxyz")
        problem = label_problem(read_frames(tmp_path / "marked.extxyz")[0])
        assert problem.startswith(said) and bool(problem) == bool(said)


def test_what_is_said_twice_alike_and_what_is_zero_pass():
    atoms = frame()
    stress = atoms.calc.results["stress"]
    atoms.info |= {"virial": -atoms.cell.volume * stress, "dft_stress": stress[[0, 1, 2], [0, 1, 2]].tolist() + 3 * [0]}
    atoms.info |= {"REF_energy": -25.00000001, "total_energy": -25, "charge": 0, "spin_multiplicity": 1, "spin": 0.0}
    atoms.set_initial_charges([2.4, -1.2, -1.2])
    assert label_problem(atoms) == ""


def test_a_frame_is_the_one_that_its_id_names():
    atoms = canonical_frame(frame())
    assert identity_problem(atoms) == ""
    atoms.positions[0] += 0.01
    assert "the file was edited" in identity_problem(atoms)
    assert "says frame_id=None" in identity_problem(frame())


def test_a_file_without_lattice_has_no_cell(tmp_path, text):
    path = read_back(tmp_path, text, text.split("\n")[1].split(" Prop")[0] + " ", "")
    with pytest.raises(UserError, match="frame 0 has no cell"):
        checked_frames(path, structure_problem)


def test_the_second_frame_is_named(tmp_path):
    write(tmp_path / "some.extxyz", [frame(), frame(stress=None)], format="extxyz")
    with pytest.raises(UserError, match="frame 1 has no stress"):
        checked_frames(tmp_path / "some.extxyz", label_problem)


@pytest.mark.parametrize(
    "results, said",
    [
        ({"forces": np.zeros((1, 3))}, "forces of the shape [1, 3]"),
        ({"forces": np.full((3, 3), np.inf)}, "forces that are not finite"),
        ({"stress": -20.0 * np.eye(3)}, "is it in GPa or kbar?"),
        ({"stress": 1.5 * np.eye(3)}, "its pressure_GPa is 0.0"),
        ({"stress": np.zeros(6)}, ""),  # ASE's own order
        ({"free_energy": -25.0}, ""),
    ],
)
def test_labels_are_whole_and_in_the_right_units(results, said):
    atoms = frame()
    atoms.calc.results |= results
    assert (said in label_problem(atoms)) if said else label_problem(atoms) == ""


def test_one_and_three_elements_and_left_handed_cells_pass():
    rhombus = [[0, 2.7, 2.7], [2.7, 0, 2.7], [2.7, 2.7, 0]]
    silicon = Atoms("Si2", scaled_positions=[[0, 0, 0], [0.25] * 3], cell=rhombus, pbc=True)
    left = Atoms("MgSiO3", positions=np.arange(15).reshape(5, 3), cell=[[0, 5, 0], [5, 0, 0], [0, 0, 5]], pbc=True)
    assert left.cell.handedness == -1
    assert [structure_problem(atoms) for atoms in (silicon, left)] == ["", ""]


@pytest.mark.parametrize(
    "cell, said",
    [
        ([[1e-4, 0, 0], [0, 3000, 0], [0, 0, 3000]], "opposite faces are 0.0001 Å apart"),
        ([[3.5, 0, 0], [35000, 3.5, 0], [0, 0, 3.5]], "opposite faces are 0.00035 Å apart"),  # skewed, 14 Å³ an atom
        ([[-8.0, 0, 0], [0, 8.0, 0], [0, 0, 0.9]], "opposite faces are 0.9 Å apart"),
    ],
)
def test_a_cell_that_is_too_narrow_is_refused_at_once(cell, said):
    """Its images within 3 Å are countless: they hung the plan or filled the memory."""
    assert said in structure_problem(Atoms("SiO2", positions=np.eye(3), cell=cell, pbc=True))


@pytest.mark.parametrize("axis, value", [(0, 1e300), (1, -2e6), (2, 1.1e6)])
def test_a_coordinate_beyond_all_walks_is_refused(axis, value):
    far, wandered, skewed = frame(), frame(), frame()
    far.positions[2, axis], wandered.positions[2, axis], skewed.cell.array[0, axis] = value, 9e5, value
    assert "(at most 1e+06)" in structure_problem(far) and "(at most 1e+06)" in structure_problem(skewed)
    assert structure_problem(wandered) == ""


def test_a_stress_of_the_other_sign_is_seen():
    scales = np.linspace(0.95, 1.05, 8)
    right = [frame(scale, 200 * (1 / scale**3 - 1)) for scale in scales]
    wrong = [frame(scale, -200 * (1 / scale**3 - 1)) for scale in scales]
    assert falling_pressure(right) == "" == falling_pressure(wrong[:4])  # four say nothing
    assert "the stress has the other sign" in falling_pressure(wrong)


RELEASED = [path for path in sorted(REPOSITORY.glob("data/labels/*.extxyz.gz")) if "-md-" not in path.name]  # walks


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.name)
def test_released_labels_are_right(path):
    frames = checked_frames(path, structure_problem, label_problem)
    assert falling_pressure(frames) == ""


def test_two_labels_of_one_frame_that_differ():
    forces = np.zeros((3, 3))
    assert labels_differ((-25.0, forces), (-25.0001, forces + 0.001)) == ""
    assert "10 meV/atom" in labels_differ((-25.0, forces), (-25.03, forces))
    assert "0.5 eV/Å" in labels_differ((-25.0, forces), (-25.0, forces + 0.5))


def test_a_bomb_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch, text):
    bomb, plain = tmp_path / "bomb.extxyz.gz", tmp_path / "plain.extxyz"
    bomb.write_bytes(gzip.compress(b"\n" * 5_000_000))
    plain.write_text(text * 4000)
    monkeypatch.setenv(LARGEST_FILE, "1")
    for path in (bomb, plain):
        with pytest.raises(UserError, match=f"{path.name}: holds more than 1 MB.*{LARGEST_FILE}"):
            read_frames(path)
    monkeypatch.setenv(LARGEST_FILE, "6")
    assert read_frames(bomb) == []
    monkeypatch.setenv(LARGEST_FILE, "much")
    with pytest.raises(UserError, match="give a number of megabytes"):
        read_frames(bomb)
