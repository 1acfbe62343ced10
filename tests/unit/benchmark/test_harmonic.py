"""Harmonic spectra against crystals of springs whose dispersion is known."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.neighborlist import neighbor_list

from melt2crystal.benchmark.harmonic import (
    FWHM_PER_DEVIATION,
    density_of,
    displaced_crystal,
    harmonic_density,
    supercells,
)
from melt2crystal.benchmark.vdos import overlap
from melt2crystal.frames import frame_id, perpendicular_widths
from melt2crystal.sections.benchmark import Benchmark, HarmonicSpectrum
from melt2crystal.structure.crystals import primitive_cell, read_crystal

SPRING = 3.0  # eV/Å²
THZ = 15.633302  # sqrt(eV / A^2 / u) / (2 pi), THz
LATTICE_A = 4.0
ROCK_SALT = bulk("MgO", "rocksalt", a=LATTICE_A, cubic=True)
MAGNESIUM_U, OXYGEN_U = 24.305, 15.999
RESOLUTION_THZ = 1.0


def spring_forces(frames: list[Atoms], spring: float = SPRING) -> list[np.ndarray]:
    """Each bond is a spring in all three directions, energy k/2 |u_i - u_j|^2: F_i = -k sum_j (u_i - u_j)."""
    first, second = neighbor_list("ij", frames[0], 0.55 * LATTICE_A)
    forces = []
    for frame in frames:
        moved = frame.get_positions() - frames[0].get_positions()
        of_frame = np.zeros_like(moved)
        np.add.at(of_frame, first, -spring * (moved[first] - moved[second]))
        forces.append(of_frame)
    return forces


def exact_density(frequency: np.ndarray, points: int = 24) -> tuple[np.ndarray, np.ndarray]:
    """Density of the spring crystal of rock salt, broadened alike: total and share of Mg, from its dispersion.

    With c = 2 (cos x + cos y + cos z) the dynamical matrix is k [[6/M, -c/sqrt(Mm)], [-c/sqrt(Mm), 6/m]].
    """
    phase = (np.arange(points) + 0.5) * 2 * np.pi / points
    # three phases per bond direction; the face-centred zone is covered twice by the cube (2 pi / (a/2))^3
    c = 2 * sum(np.cos(axis) for axis in np.meshgrid(phase, phase, phase)).ravel()
    matrices = np.empty((len(c), 2, 2))
    matrices[:, 0, 0], matrices[:, 1, 1] = 6 / MAGNESIUM_U, 6 / OXYGEN_U
    matrices[:, 0, 1] = matrices[:, 1, 0] = -c / np.sqrt(MAGNESIUM_U * OXYGEN_U)
    squares, vectors = np.linalg.eigh(SPRING * matrices)
    centres = THZ * np.sqrt(np.clip(squares, 0, None))
    deviation = RESOLUTION_THZ / FWHM_PER_DEVIATION
    lines = np.exp(-0.5 * ((frequency[:, None] - centres.ravel()[None, :]) / deviation) ** 2)
    total = lines @ np.ones(centres.size)
    of_mg = lines @ (vectors[:, 0, :] ** 2).ravel()
    area = np.trapezoid(total, frequency)
    return total / area, of_mg / area


@pytest.fixture(scope="module")
def springs():
    phonons = displaced_crystal(ROCK_SALT, 7.9, 0.03)
    return phonons, supercells(phonons)


def test_springs_have_their_density_and_its_shares(springs):
    phonons, frames = springs
    found = harmonic_density(phonons, spring_forces(frames), RESOLUTION_THZ, 25.0, 40.0)
    total, of_mg = exact_density(found.frequency_THz)
    assert overlap(found.frequency_THz, found.density["total"], total) > 0.99
    assert overlap(found.frequency_THz, found.density["Mg"], of_mg) > 0.495  # half the modes are magnesium's
    assert found.density["Mg"] + found.density["O"] == pytest.approx(found.density["total"])
    assert np.trapezoid(found.density["total"], found.frequency_THz) == pytest.approx(1.0)
    assert found.lowest_THz > -1e-3
    assert found.imaginary_share == 0
    top = THZ * np.sqrt(6 * SPRING * (1 / MAGNESIUM_U + 1 / OXYGEN_U))
    assert found.density["total"][found.frequency_THz > top + 1.5 * RESOLUTION_THZ].max() < 1e-3


def test_few_displacements_and_a_supercell_as_wide_as_asked(springs):
    _, frames = springs
    assert len(frames) == 3  # one displacement of each atom: cubic, and the inverse is a symmetry
    assert [frame.info["displacement"] for frame in frames] == [0, 1, 2]
    assert len(frames[0]) == 64
    moved = [np.linalg.norm(frame.get_positions() - frames[0].get_positions(), axis=1) for frame in frames[1:]]
    assert [np.count_nonzero(lengths) for lengths in moved] == [1, 1]
    assert [lengths.max() for lengths in moved] == pytest.approx([0.03, 0.03], abs=1e-7)
    assert all(frame.info["frame_id"] == frame_id(frame) for frame in frames)


def test_forces_of_the_undisplaced_supercell_are_no_answer(springs):
    phonons, frames = springs
    wrong = np.random.default_rng(1).normal(scale=0.3, size=(len(frames[0]), 3))
    clean = harmonic_density(phonons, spring_forces(frames), RESOLUTION_THZ, 25.0, 20.0)
    residual = [forces + wrong for forces in spring_forces(frames)]
    found = harmonic_density(phonons, residual, RESOLUTION_THZ, 25.0, 20.0)
    assert found.density["total"] == pytest.approx(clean.density["total"], abs=1e-6)


@pytest.mark.parametrize(("strength", "share"), [(0.4, (0.1, 0.9)), (1.5, (1.0, 1.0))])
def test_a_crystal_that_is_none_says_so(springs, strength, share):
    """A force that drives atoms away from their sites, in units of the stiffest mode's."""
    phonons, frames = springs
    phonons.forces = [
        forces + strength * 12 * SPRING * (frame.get_positions() - frames[0].get_positions())
        for forces, frame in zip(spring_forces(frames), frames, strict=True)
    ][1:]
    phonons.produce_force_constants(show_drift=False)  # not symmetrised, which would take the driving force away
    if share == (1.0, 1.0):
        with pytest.raises(ValueError, match="no mode has a real frequency"):
            density_of(phonons, RESOLUTION_THZ, 25.0, 20.0)
        return
    found = density_of(phonons, RESOLUTION_THZ, 25.0, 20.0)
    assert found.lowest_THz < -1
    assert share[0] < found.imaginary_share < share[1]


@pytest.mark.parametrize("broken", ["too few", "nan"])
def test_forces_that_can_t_be_right_are_refused(springs, broken):
    phonons, frames = springs
    forces = spring_forces(frames)
    given = forces[:-1] if broken == "too few" else [forces[0], forces[1] * np.nan, forces[2]]
    with pytest.raises(ValueError, match="forces"):
        harmonic_density(phonons, given, RESOLUTION_THZ, 25.0, 20.0)


@pytest.mark.parametrize(
    ("name", "atoms", "most"),
    [("alpha_quartz", 72, 9), ("stishovite", 72, 3), ("alpha_cristobalite", 96, 9), ("keatite", 72, 27)],
)
def test_supercells_keep_the_symmetry(name, atoms, most):
    """Measured: keatite in a 2 x 1 x 1 cell needs 54 displacements, in sqrt(2) x sqrt(2) x 1, as wide, 27."""
    crystal = primitive_cell(read_crystal(f"data/polymorphs/{name}.cif"))
    frames = supercells(displaced_crystal(crystal, 8.0, 0.03))
    assert len(frames[0]) == atoms
    assert len(frames) - 1 <= most
    assert perpendicular_widths(frames[0].cell.array).min() >= 8.0 - 1e-6
    again = supercells(displaced_crystal(crystal, 8.0, 0.03))
    assert [frame.info["frame_id"] for frame in frames] == [frame.info["frame_id"] for frame in again]


def test_which_polymorphs():
    assert Benchmark().harmonic_polymorphs == []
    on = Benchmark(harmonic=HarmonicSpectrum(enabled=True))
    assert on.harmonic_polymorphs == ["alpha_quartz", "alpha_cristobalite", "keatite", "stishovite"]
    few = {name: on.polymorphs[name] for name in ("stishovite", "coesite")}
    assert Benchmark(polymorphs=few, harmonic=HarmonicSpectrum(enabled=True)).harmonic_polymorphs == ["stishovite"]
    with pytest.raises(ValueError, match=r"harmonic.polymorphs.*'quartz'"):
        Benchmark(harmonic=HarmonicSpectrum(polymorphs=["quartz"]))
