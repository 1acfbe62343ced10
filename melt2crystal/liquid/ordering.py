"""Is a sublattice ordered, or beginning to be: measures against what noise alone reaches, and along a walk.

Each measure of ``structure.sublattice_order`` becomes evidence against noise, in nats: about exp(-evidence) is the
chance that a disordered sublattice of as many atoms shows as much. So one limit, ln(1/false_alarm), serves any size;
each measure has one number for its noise, taken from melts (docs/decisions/certificate-limits.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import binom

from melt2crystal.sections.liquid import Certificate
from melt2crystal.structure.sublattice_order import REFERENCES, SublatticeOrder

BRAGG, BONDS, TRANSLATION = "Bragg peak", "coherent bonds", "a translation"
SMALLEST = 1e-300  # chance below which logarithms would fail


@dataclass(frozen=True)
class Evidence:
    """The most ordered species of a frame, by which measure, and how strong the evidence is, nats."""

    species: str = ""
    measure: str = ""
    nats: float = -np.inf


NO_EVIDENCE = Evidence()


def evidence_of(order: SublatticeOrder, settings: Certificate, quenched: bool = False) -> dict[str, float]:
    """Measure -> evidence against noise, nats, of one species.

    * Bragg peak: exponential intensities of mean ``bragg_noise`` (``bragg_noise_quenched`` without thermal motion): the
      largest of M exceeds x with a chance of about M exp(-N x / mean).
    * Coherent bonds: N atoms, each in the cluster with the chance ``coherent_noise``.
    * Translations: some 4 N are tried, each takes an atom onto another with the chance ``translated_noise``.
    """
    number = order.atoms
    intensity = settings.bragg_noise_quenched if quenched else settings.bragg_noise
    tried = REFERENCES * (number - 1)

    def tail(share: float, noise: float) -> float:
        return max(float(binom.sf(round(share * number) - 1, number, noise)), SMALLEST)

    return {
        BRAGG: number * order.bragg_peak / intensity - float(np.log(order.wave_vectors)),
        BONDS: -float(np.log(tail(order.coherent_fraction, settings.coherent_noise))),
        TRANSLATION: -float(np.log(tail(order.translated_fraction, settings.translated_noise) * tried)),
    }


def strongest(orders: Sequence[SublatticeOrder], settings: Certificate, quenched: bool = False) -> Evidence:
    """The strongest evidence over all species and measures; none (minus infinity) without a species of enough atoms."""
    all_of_them = [
        Evidence(order.species, measure, nats)
        for order in orders
        for measure, nats in evidence_of(order, settings, quenched).items()
    ]
    return max(all_of_them, key=lambda evidence: evidence.nats, default=NO_EVIDENCE)


def limit_nats(settings: Certificate) -> float:
    """Evidence above which a sublattice counts as ordered."""
    return -float(np.log(settings.false_alarm))


def where_order_begins(nats: Sequence[float], settings: Certificate) -> int | None:
    """Index of the frame from which on the order of a walk rises, or None.

    Page's cumulative sum (E. S. Page, Biometrika 41, 100 (1954)): evidence above ``rise_drift_nats`` adds up from
    frame to frame, less takes away, never below zero. Where the sum passes ``rise_limit_nats`` order has come to stay;
    it began where the sum last left zero. Order that comes and dissolves again, as nuclei do near melting, is not cut
    below the limit: such frames are refused one by one.
    """
    total, began = 0.0, 0
    for index, value in enumerate(nats):
        if total == 0.0:
            began = index
        total = max(0.0, total + min(value, limit_nats(settings)) - settings.rise_drift_nats)
        if total > settings.rise_limit_nats:
            return began
    return None
