"""Many structures in lock step: the ends of one by one, and whatever befalls one of them leaves the others alone."""

from pathlib import Path

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.lj import LennardJones
from ase.io import read

from melt2crystal.frames import read_frames
from melt2crystal.relaxation.lock_step import LockStep
from melt2crystal.relaxation.one_by_one import OneByOne
from melt2crystal.relaxation.relaxer import Target

MODEL = Path("tests/data/silica-of-a-minute.pb")  # HP of the study ci: 150 steps of training, and smooth
K_EV_PER_A3, V0_A3 = 0.6, 20.0  # E = K (V - V0)^2 / (2 V0): p = K (V0 - V) / V0
TARGET = Target(pressure_GPa=0.0, force_eV_per_A=1e-3, steps=200)


def argon() -> LennardJones:
    return LennardJones(sigma=3.0, epsilon=0.1, rc=9.0, smooth=True)


def through(calculator):
    """An evaluator of arrays that asks an ASE calculator for each structure."""

    def evaluator_of(symbols):
        def evaluate(positions, cells):
            rows = []
            for place, cell in zip(positions, cells, strict=True):
                atoms = Atoms(symbols, positions=place, cell=cell, pbc=True)
                atoms.calc = calculator
                stress = atoms.get_stress(voigt=False)
                rows.append((atoms.get_potential_energy(), atoms.get_forces(), -stress * atoms.get_volume()))
            return tuple(np.array(part) for part in zip(*rows, strict=True))

        return evaluate

    return evaluator_of


def balloons(symbols):
    """Energy that depends on the volume alone."""

    def evaluate(positions, cells):
        volumes = np.abs(np.linalg.det(cells))
        pull = -K_EV_PER_A3 * (volumes - V0_A3) / V0_A3 * volumes
        return (
            K_EV_PER_A3 * (volumes - V0_A3) ** 2 / (2 * V0_A3),
            np.zeros_like(positions),
            pull[:, None, None] * np.eye(3),
        )

    return evaluate


def rattled(atoms: Atoms, seed: int, amplitude_A: float = 0.02) -> Atoms:
    rng = np.random.default_rng(seed)
    moved = atoms.copy()
    moved.set_cell(moved.cell.array @ (np.eye(3) + rng.normal(scale=amplitude_A / 10, size=(3, 3))), scale_atoms=True)
    moved.positions += rng.normal(scale=amplitude_A, size=(len(moved), 3))
    return moved


@pytest.mark.parametrize("pressure_GPa", [0.0, 10.0])
def test_volumes_under_pressure_are_the_analytic_ones(pressure_GPa):
    starts = [Atoms("Ar", cell=length * np.eye(3), pbc=True) for length in (2.5, 2.9, 3.1)]
    ends = LockStep(balloons, places=2).relax_all(starts, Target(pressure_GPa, 1e-5, 200))
    expected = V0_A3 * (1 - pressure_GPa * 1e9 / (K_EV_PER_A3 * 1.602176634e-19 / 1e-30))
    for end in ends:
        assert end.converged
        assert end.atoms.get_volume() == pytest.approx(expected, rel=1e-4)
        assert end.energy_eV == pytest.approx(K_EV_PER_A3 * (expected - V0_A3) ** 2 / (2 * V0_A3), abs=1e-5)


def test_ends_are_those_of_one_by_one_in_the_order_of_the_starts_though_places_are_refilled():
    crystals = [bulk("Ar", "fcc", a=4.6, cubic=True), bulk("Ar", "hcp", a=3.3, c=5.4), bulk("Ar", "fcc", a=4.4)]
    starts = [rattled(crystals[k % 3], k, 0.1) for k in range(7)]
    ends = LockStep(through(argon()), places=2).relax_all(starts, TARGET)
    alone = OneByOne(argon()).relax_all(starts, TARGET)
    for start, end, one in zip(starts, ends, alone, strict=True):
        assert end.converged and one.converged
        assert end.atoms.get_chemical_formula() == start.get_chemical_formula()
        assert abs(end.energy_eV - one.energy_eV) / len(start) < 1e-4
        assert abs(end.evaluations - one.evaluations) <= 10


def test_the_same_list_gives_the_same_ends_to_the_bit():
    starts = [rattled(bulk("Ar", "fcc", a=4.6, cubic=True), k, 0.1) for k in range(4)]
    first, second = (LockStep(through(argon()), places=3).relax_all(starts, TARGET) for _ in range(2))
    assert [end.energy_eV for end in first] == [end.energy_eV for end in second]
    assert all(np.array_equal(a.atoms.positions, b.atoms.positions) for a, b in zip(first, second, strict=True))


def sick(fault: str):
    """An evaluator that fails for structures whose first atom is the only one of a cell above 120 Å^3."""

    def evaluator_of(symbols):
        sound = through(argon())(symbols)

        def evaluate(positions, cells):
            energies, forces, virials = sound(positions, cells)
            ill = np.abs(np.linalg.det(cells)) > 120.0
            if fault == "raises" and ill.any():
                raise RuntimeError("no convergence\nin 60 cycles")
            values = {"energy": energies, "forces": forces, "virials": virials}.get(fault)
            if values is not None:
                values[ill] = np.nan
            if fault == "virials that tear":
                virials[ill] *= 1e9
            return energies, forces, virials

        return evaluate

    return evaluator_of


@pytest.mark.parametrize("fault", ["energy", "forces", "virials", "raises"])
def test_one_that_fails_says_why_and_the_others_end_as_without_it(fault):
    well = [rattled(bulk("Ar", "fcc", a=4.5, cubic=True), k, 0.1) for k in range(3)]
    ill = bulk("Ar", "fcc", a=5.1, cubic=True)
    ends = LockStep(sick(fault), places=2).relax_all([well[0], ill, *well[1:]], TARGET)
    without = LockStep(through(argon()), places=2).relax_all(well, TARGET)
    assert not ends[1].converged and np.isnan(ends[1].energy_eV)
    if fault == "raises":
        assert ends[1].failure == "RuntimeError: no convergence in 60 cycles"
    else:
        assert ends[1].complaint == "energy, forces or stress are not finite"
    assert [end.energy_eV for end in (ends[0], *ends[2:])] == [end.energy_eV for end in without]


def test_guards_steps_and_starts_that_are_nowhere():
    def guard(energy, volume):
        return f"volume {volume:.1f} is too large" if volume > 28.0 else None

    flat = Atoms("Ar4", cell=[[1, 0, 0], [0, 1, 0], [1, 1, 0]], pbc=True)
    lost = bulk("Ar", "fcc", a=4.5, cubic=True)
    lost.positions[1, 2] = np.nan
    large = bulk("Ar", "fcc", a=5.0, cubic=True)
    thin = Atoms("Ar4", cell=[20, 20, 0.2], positions=[[0, 0, 0], [5, 0, 0], [10, 0, 0], [0, 5, 0]], pbc=True)
    well = rattled(bulk("Ar", "fcc", a=4.5, cubic=True), 1, 0.1)
    target = Target(0.0, 1e-3, 200, guard)
    ends = LockStep(through(argon())).relax_all([flat, lost, large, thin, well], target)
    assert [end.converged for end in ends] == [False, False, False, False, True]
    assert [end.complaint for end in ends[:3]] == [
        *["the start has no finite cell and positions"] * 2,
        "volume 31.2 is too large",
    ]
    assert "its faces are 0.20 Å apart" in ends[3].complaint
    assert ends[4].complaint is None
    short = LockStep(through(argon())).relax_all([well], Target(0.0, 1e-9, 5))[0]
    assert not short.converged and short.evaluations == 6 and np.isfinite(short.energy_eV)


@pytest.fixture(scope="module")
def model():
    from melt2crystal.train.models import Ensemble

    return Ensemble([MODEL])


def test_one_evaluation_of_a_batch_agrees_with_each_alone_to_the_precision_of_the_model(model):
    frames = read_frames("tests/data/melts.extxyz")[:3]
    frames = [frame for frame in frames if np.array_equal(frame.numbers, frames[0].numbers)]
    positions = np.array([frame.positions for frame in frames])
    cells = np.array([frame.cell.array for frame in frames])
    together = model.evaluator(frames[0].get_chemical_symbols())(positions, cells)
    for k, frame in enumerate(frames):
        energy, forces, virial = model.evaluate([frame])
        assert abs(together[0][k] - energy[0, 0]) / len(frame) < 1e-6  # a float32 has seven digits
        assert np.abs(together[1][k] - forces[0][0]).max() < 1e-4
        assert np.abs(together[2][k] - virial[0, 0]).max() / len(frame) < 1e-4


def test_from_starts_rattled_about_minima_a_model_leads_to_the_same_ends_on_both_paths(model):
    quartz = read("data/polymorphs/alpha_quartz.cif")
    target = Target(10.0, 0.005, 300)
    one_by_one, lock_step = OneByOne(model.calculator(0)), LockStep(model.evaluator, places=3)
    # wherever the toy potential leads: what counts is that it is a minimum
    minimum = one_by_one.relax_all([rattled(quartz, 0, 0.05)], target)[0]
    assert minimum.converged, minimum.complaint
    starts = [rattled(minimum.atoms, seed) for seed in range(5)]
    for end, alone in zip(lock_step.relax_all(starts, target), one_by_one.relax_all(starts, target), strict=True):
        assert end.converged and alone.converged
        assert abs(end.energy_eV - alone.energy_eV) / 9 < 1e-4
        assert abs(end.energy_eV - minimum.energy_eV) / 9 < 1e-3  # it is flat, and they went back to it
