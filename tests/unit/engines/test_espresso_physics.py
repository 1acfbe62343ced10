"""pw.x for real on two atoms at Gamma: forces and stress are the derivatives of the energy in the label (seconds)."""

import re
from dataclasses import replace

import numpy as np
import pytest
from ase.units import Rydberg

from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.sections.reference import EspressoKPoints, EspressoRecipe
from tests.helpers.espresso_cases import SOFT_SILICON, needs_pw, silicon

STRAIN, SHIFT_A = 2e-3, 0.01
# the smearing is wide, so that -TS (eV) is no rounding error
WARM = SOFT_SILICON.model_copy(
    update={
        "ecutwfc_Ry": 30.0,
        "ecutrho_Ry": 120.0,
        "degauss_eV": 1.5,
        "conv_thr_Ry": 1e-11,
        "k_points": EspressoKPoints(mode="gamma"),
        "recipes": [EspressoRecipe(empty_bands=2.0)],
    }
)


class Recording(EspressoEngine):
    """Keeps the outputs, which say -TS."""

    def run(self, folder, timeout_s):
        ended = super().run(folder, timeout_s)
        self.outputs = [*getattr(self, "outputs", []), ended.output]
        return ended


def moved(sign):
    """The frame sheared, which keeps the volume to first order (no change of basis), and with one atom shifted."""
    sheared, shifted = silicon(), silicon()
    strain = np.eye(3)
    strain[1, 2] = strain[2, 1] = sign * STRAIN
    sheared.set_cell(sheared.cell.array @ strain, scale_atoms=True)
    shifted.positions[0, 0] += sign * SHIFT_A
    return sheared, shifted


@pytest.fixture(scope="module")
def five():
    """Labels here, sheared and shifted both ways, and their -TS in eV."""
    engine = Recording(WARM, ["Si"])
    engine.check()
    labels = list(engine.label([silicon(), *moved(1), *moved(-1)]))
    assert [label.status for label in labels] == ["ok"] * 5, [label.reason for label in labels]
    minus_ts = [
        float(re.search(r"smearing contrib\. \(-TS\) *= *(-?[\d.]+) Ry", text).group(1)) * Rydberg
        for text in engine.outputs
    ]
    return labels, np.array(minus_ts)


def stress_is_the_strain_derivative(label, energies):
    """Central difference quotient of the energy by the shear, per volume: ASE's sign, positive under tension."""
    slope = (energies[1] - energies[3]) / (4 * STRAIN) / silicon().get_volume()
    assert slope == pytest.approx(label.stress[1, 2], rel=0.01)


def force_is_minus_the_derivative(label, energies):
    assert -(energies[2] - energies[4]) / (2 * SHIFT_A) == pytest.approx(label.forces[0, 0], rel=0.01)


@needs_pw
def test_stress_and_forces_are_derivatives_of_the_energy(five):
    labels, _ = five
    energies = [label.energy for label in labels]
    stress_is_the_strain_derivative(labels[0], energies)
    force_is_minus_the_derivative(labels[0], energies)


@needs_pw
def test_a_wrong_sign_of_the_stress_would_be_seen(five):
    labels, _ = five
    energies = [label.energy for label in labels]
    with pytest.raises(AssertionError):
        stress_is_the_strain_derivative(replace(labels[0], stress=-labels[0].stress), energies)
    with pytest.raises(AssertionError):
        force_is_minus_the_derivative(replace(labels[0], forces=-labels[0].forces), energies)


@needs_pw
def test_the_energy_is_the_free_energy_and_not_the_internal_one(five):
    """Forces and stress belong to F = E - TS; the derivatives of E = F + TS are clearly others."""
    labels, minus_ts = five
    internal = np.array([label.energy for label in labels]) - minus_ts
    assert minus_ts[0] < -0.1
    with pytest.raises(AssertionError):
        force_is_minus_the_derivative(labels[0], internal)
    with pytest.raises(AssertionError):
        stress_is_the_strain_derivative(labels[0], internal)
