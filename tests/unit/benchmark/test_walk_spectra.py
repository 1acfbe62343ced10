"""Spectra of short walks and their block errors, on oscillators whose spectrum is known; release and reading back."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms, units
from ase.calculators.calculator import Calculator, all_changes

from melt2crystal.benchmark.vdos import overlap
from melt2crystal.benchmark.walk_spectra import (
    BlockSpectra,
    block_spectra,
    kinetic_temperature,
    overlap_with_error,
    verlet_velocities,
)
from melt2crystal.errors import UserError
from melt2crystal.frames import read_frames, write_frames
from melt2crystal.marks import refuse_benchmark_frames
from tests.helpers.golden import golden
from tools.experiments import compare_md
from tools.experiments.compare_md import by_chance, comparison, spectra_of, walk_with
from tools.released.md_walk import conservation, read_walk, walk_of, write_walk
from tools.released.reference_md import set_in_motion, temperature_of

SPACING_PS = 0.002
LINES_THZ = {"Si": 12.0, "O": 30.0}


class Springs(Calculator):
    """Each atom on a spring to its place; frequencies are those of LINES_THZ times ``stretch``."""

    implemented_properties = ["energy", "forces"]  # noqa: RUF012

    def __init__(self, places, stretch=1.0):
        super().__init__()
        self.places, self.stretch = places, stretch

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        away = self.atoms.positions - self.places
        forces = -springs_of(self.atoms, self.stretch) * away
        self.results = {"energy": -0.5 * float((forces * away).sum()), "forces": forces}


def springs_of(atoms, stretch):
    angular = np.array([2e-3 * np.pi * LINES_THZ[symbol] for symbol in atoms.symbols]) / units.fs
    return (atoms.get_masses() * (stretch * angular) ** 2)[:, None]


def crystal():
    places = np.random.default_rng(0).uniform(0, 7, (24, 3))
    return Atoms("SiO2" * 8, positions=places, cell=[7, 7, 7], pbc=True)


def walk_on_springs(steps=900, seed=1, stretch=1.0, step_fs=2.0):
    start = set_in_motion(crystal(), 300.0, seed)
    calculator = Springs(start.get_positions(), stretch)
    positions = walk_with(calculator, start, step_fs, steps)
    away = positions - start.get_positions()
    forces = -springs_of(start, stretch) * away
    energies = -0.5 * (forces * away).sum(axis=(1, 2))
    told = {"polymorph": "alpha_cristobalite", "settings_digest": "s0", "temperature_K": 300.0}
    return walk_of(start, positions, energies, forces, step_fs, told), start


@pytest.fixture(scope="module")
def made():
    return walk_on_springs()


def test_harmonic_oscillators_have_their_lines_and_their_weights(made):
    walk, start = made
    spectra = spectra_of(walk.positions, walk, 3, 2.5)
    frequency = spectra.frequency_THz
    for symbol, line in LINES_THZ.items():
        density = spectra.of_species[symbol].mean(axis=0)
        # Verlet moves a line of f to asin(pi f h) / (pi h): 30.0 to 30.18 THz
        assert frequency[density.argmax()] == pytest.approx(np.arcsin(np.pi * line * 2e-3) / (2e-3 * np.pi), abs=0.5)
    assert np.trapezoid(spectra.mean, frequency) == pytest.approx(1.0, abs=1e-9)
    # an oscillator keeps the energy it was given; Verlet's velocity of a fast one is too small by sin(x) / x
    silicon = np.trapezoid(spectra.of_species["Si"].mean(axis=0), frequency)
    kinetic = 0.5 * start.get_masses() * (start.get_velocities() ** 2).sum(axis=1)
    seen = kinetic * [np.sinc(4e-3 * LINES_THZ[symbol]) ** 2 for symbol in start.symbols]
    assert silicon == pytest.approx(seen[start.symbols == "Si"].sum() / seen.sum(), abs=0.02)


def test_the_block_error_is_the_scatter_of_independent_walks():
    """White noise, of which every block is independent: the error of 200 walks against their true scatter."""
    rng, masses, species = np.random.default_rng(5), np.ones(6), ["Si"] * 6
    means, errors = [], []
    for _ in range(200):
        spectra = block_spectra(rng.standard_normal((900, 6, 3)), masses, species, SPACING_PS, 5, 4.0, 40.0)
        means.append(spectra.mean)
        errors.append(spectra.standard_error)
    scatter = np.std(means, axis=0, ddof=1)
    told = np.sqrt(np.mean(np.square(errors), axis=0))
    assert told == pytest.approx(scatter, rel=0.3)
    assert told.mean() == pytest.approx(scatter.mean(), rel=0.05)


def test_more_blocks_of_the_same_length_make_the_error_smaller():
    rng, masses, species = np.random.default_rng(6), np.ones(6), ["O"] * 6
    noise = rng.standard_normal((6400, 6, 3))
    few, many = (
        block_spectra(noise[: 400 * count], masses, species, SPACING_PS, count, 4.0, 40.0).standard_error.mean()
        for count in (4, 16)
    )
    assert many == pytest.approx(few / 2, rel=0.25)


def test_walks_that_begin_alike_overlap_and_another_spring_shows(made):
    walk, start = made
    spectra = spectra_of(walk.positions, walk, 3, 2.5)
    same = walk_with(Springs(start.get_positions()), walk.beginning(), 2.0, len(walk.positions))
    assert np.abs(same - walk.positions).max() < 1e-6
    value, error = overlap_with_error(spectra, spectra_of(same, walk, 3, 2.5))
    assert value == pytest.approx(1.0, abs=1e-6) and error < 1e-6
    stiff = walk_with(Springs(start.get_positions(), 1.1), walk.beginning(), 2.0, len(walk.positions))
    value, error = overlap_with_error(spectra, spectra_of(stiff, walk, 3, 2.5))
    assert value < 0.7 and 0 < error < 0.1
    others = [
        spectra_of(walk_with(Springs(start.get_positions()), set_in_motion(start, 300, seed), 2.0, 900), walk, 3, 2.5)
        for seed in range(3)
    ]
    chance = by_chance(others)
    assert len(chance) == 3 and (chance > 0.8).all() and (chance < 0.995).all()
    models = {"HP 0": spectra, "HP 1": spectra_of(stiff, walk, 3, 2.5)}
    golden("walk-comparison.md", comparison(walk, spectra, models, others, 2.5))


def test_models_are_set_against_a_released_walk_with_a_figure(tmp_path, made, monkeypatch):
    walk, start = made
    path, out = tmp_path / "walk.extxyz.gz", tmp_path / "out"
    write_walk(path, walk)

    class Members:
        """An ensemble of springs: the reference's own, and softer ones."""

        def __init__(self, paths):
            self.paths = paths

        def __len__(self):
            return len(self.paths)

        def calculator(self, member):
            return Springs(start.get_positions(), 1.0 - 0.1 * member)

    monkeypatch.setattr(compare_md, "Ensemble", Members)
    compare_md.compare_md.__wrapped__(path, [Path("0.pb"), Path("1.pb")], out, 3, 2.5, 2, "HP")
    text = (out / "comparison.md").read_text()
    assert "| HP 0 | 1.000 ± 0.000 |" in text and "| HP 1 | 0." in text and "mean" in text.lower()
    table = pd.read_csv(out / "spectra.csv")
    assert {"reference", "reference_standard_error", "reference_Si", "HP 0", "HP 1", "other_velocities_1"} <= {*table}
    assert table["reference"].to_numpy() == pytest.approx(table["HP 0"].to_numpy(), abs=1e-5)
    assert (out / "vdos.png").stat().st_size > 10_000 and (out / "vdos.pdf").stat().st_size > 5_000


def test_the_jackknife_is_that_of_the_blocks():
    axis = np.linspace(0, 10, 101)
    rng = np.random.default_rng(2)
    first, second = (BlockSpectra(axis, rng.uniform(0, 0.2, (4, 101)), {}, 1.0) for _ in range(2))
    without = [
        overlap(axis, np.delete(first.total, k, 0).mean(axis=0), np.delete(second.total, k, 0).mean(axis=0))
        for k in range(4)
    ]
    value, error = overlap_with_error(first, second)
    assert value == overlap(axis, first.mean, second.mean)
    assert error == pytest.approx(np.sqrt(3 / 4 * np.sum((without - np.mean(without)) ** 2)))
    with pytest.raises(ValueError, match="4 and 3 blocks"):
        overlap_with_error(first, BlockSpectra(axis, second.total[:3], {}, 1.0))


def test_too_few_or_too_short_blocks_are_refused(made):
    walk, _ = made
    with pytest.raises(UserError, match="2 blocks tell no scatter"):
        spectra_of(walk.positions, walk, 2, 2.5)
    with pytest.raises(
        UserError,
        match=r"too short for a resolution of 0\.5 THz, and enough for \d+(\.\d+)? THz; choose fewer --blocks",
    ):
        spectra_of(walk.positions, walk, 3, 0.5)


def test_half_of_the_velocities_energy_is_given_away_and_none_is_lost(made):
    walk, start = made
    assert temperature_of(start) == pytest.approx(600.0, rel=1e-9)
    assert np.abs(start.get_momenta().sum(axis=0)).max() < 1e-10
    kept = conservation(walk, 0.2)
    assert kept.temperature_K == pytest.approx(300, rel=0.1)
    assert abs(kept.drift_meV_per_atom_per_ps) < 0.3 and kept.scatter_meV_per_atom < 1.0
    velocities = verlet_velocities(walk.positions, 2.0)
    assert kinetic_temperature(velocities[:1], start.get_masses())[0] == pytest.approx(600, rel=0.15)
    heated = walk_of(
        walk.atoms,
        walk.positions,
        walk.energies + 0.024 * np.arange(len(walk.energies)) * 2e-3,
        walk.forces,
        2.0,
        {"polymorph": "x", "settings_digest": "s0", "temperature_K": 300.0},
    )
    gained = conservation(heated, 0.2).drift_meV_per_atom_per_ps - kept.drift_meV_per_atom_per_ps
    assert gained == pytest.approx(1.0, rel=1e-6)  # 24 meV per ps of 24 atoms


def test_a_released_walk_is_read_back_and_refused_in_training(tmp_path, made):
    walk, _ = made
    path = tmp_path / "walk.extxyz.gz"
    write_walk(path, walk)
    back = read_walk(path)
    assert back.positions == pytest.approx(walk.positions, abs=1e-8)
    assert back.forces == pytest.approx(walk.forces, abs=1e-8)
    assert back.energies == pytest.approx(walk.energies, abs=1e-6)
    assert (back.time_step_fs, back.polymorph, back.settings_digest) == (2.0, "alpha_cristobalite", "s0")
    content = path.read_bytes()
    write_walk(path, walk)
    assert path.read_bytes() == content and len(content) < 2e6
    frames = read_frames(path)
    with pytest.raises(UserError, match=r"belong to the benchmark \(md"):
        refuse_benchmark_frames(frames[:1], "walk")
    write_frames(tmp_path / "gap.extxyz", [*frames[:4], *frames[5:8]])
    with pytest.raises(UserError, match="not one walk with one time step"):
        read_walk(tmp_path / "gap.extxyz")
    with pytest.raises(UserError, match="holds no walk"):
        read_walk(Path("data/labels/silica-pbe-melt.extxyz.gz"))
