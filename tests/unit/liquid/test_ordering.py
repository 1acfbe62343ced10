"""Evidence of order against noise, and where it begins along a walk."""

import numpy as np
import pytest

from melt2crystal.liquid.ordering import BONDS, BRAGG, TRANSLATION, evidence_of, limit_nats, where_order_begins
from melt2crystal.sections.liquid import Certificate
from melt2crystal.structure.sublattice_order import SublatticeOrder

SETTINGS = Certificate()


def order(number=48, vectors=787, peak=0.2, coherent=0.02, translated=0.15):
    return SublatticeOrder("O", number, vectors, peak, coherent, translated)


def test_nothing_ordered_is_no_evidence_and_anything_ordered_is():
    assert max(evidence_of(order(), SETTINGS).values()) < 1
    for measure, ordered in (
        (BRAGG, order(peak=0.7)),
        (BONDS, order(coherent=0.5)),
        (TRANSLATION, order(translated=0.6)),
    ):
        evidence = evidence_of(ordered, SETTINGS)
        assert evidence.pop(measure) > limit_nats(SETTINGS)
        assert max(evidence.values()) < limit_nats(SETTINGS)


@pytest.mark.parametrize("number", [24, 48, 114, 228])
def test_limits_follow_from_atoms_and_wave_vectors(number):
    """The peak at the limit, S = noise * ln(vectors / false alarm) / N; larger cells are judged more sharply."""
    vectors = round(16.5 * number)
    limit = SETTINGS.bragg_noise * np.log(vectors / SETTINGS.false_alarm) / number
    found = evidence_of(order(number, vectors, limit), SETTINGS)[BRAGG]
    assert found == pytest.approx(limit_nats(SETTINGS))
    sharper = SETTINGS.bragg_noise_quenched / SETTINGS.bragg_noise  # without thermal motion noise reaches further
    found = evidence_of(order(number, vectors, limit * sharper), SETTINGS, quenched=True)[BRAGG]
    assert found == pytest.approx(limit_nats(SETTINGS))


def test_exponential_intensities_alarm_as_seldom_as_is_said():
    """20,000 structures of noise: largest of 787 exponential intensities; the limit is passed by one in a thousand."""
    generator = np.random.default_rng(0)
    # the largest of M, from its distribution function (1 - exp(-x))^M
    largest = -np.log1p(-(generator.random(20_000) ** (1 / 787))) * SETTINGS.bragg_noise / 48
    at_limit = SETTINGS.bragg_noise * np.log(787 / SETTINGS.false_alarm) / 48
    assert evidence_of(order(peak=at_limit), SETTINGS)[BRAGG] == pytest.approx(limit_nats(SETTINGS))
    assert (largest > at_limit).mean() == pytest.approx(SETTINGS.false_alarm, abs=7e-4)


def test_a_walk_is_cut_where_its_order_begins_to_rise():
    liquid = np.random.default_rng(1).gumbel(-1, 1, 40).clip(max=4)
    rising = np.linspace(0, 12, 12)
    assert where_order_begins([*liquid, *rising], SETTINGS) in range(38, 46)
    assert where_order_begins(liquid, SETTINGS) is None
    assert where_order_begins([], SETTINGS) is None


def test_one_frame_of_noise_cuts_no_walk_and_a_crystal_from_the_start_cuts_all_of_it():
    assert where_order_begins([-2.0, -1.0, 30.0, -2.0, -1.0, -2.0, -1.0, -2.0], SETTINGS) is None
    assert where_order_begins([25.0] * 6, SETTINGS) == 0
    assert where_order_begins([-np.inf, *[25.0] * 6], SETTINGS) == 1
