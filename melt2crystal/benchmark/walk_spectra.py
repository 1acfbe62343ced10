"""Vibrational spectra of short walks, with the uncertainty that blocks of the walk show.

The walk is cut into blocks, each gives a spectrum; their mean is the spectrum (Bartlett's method) and their scatter its
standard error. M. S. Bartlett, Nature 161, 686 (1948); delete-one jackknife: B. Efron, SIAM (1982).
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from ase import units

from melt2crystal.benchmark.vdos import overlap, vibrational_density

Array = npt.NDArray[np.float64]

FEWEST_BLOCKS = 3


@dataclass(frozen=True)
class BlockSpectra:
    """Spectra of the blocks of a walk.

    Attributes:
        frequency_THz: axis [frequencies].
        total: [blocks, frequencies], 1/THz, unit area each.
        of_species: species -> the same; they add up to ``total``.
        block_ps: length of a block.
    """

    frequency_THz: Array
    total: Array
    of_species: dict[str, Array]
    block_ps: float

    @property
    def mean(self) -> Array:
        """[frequencies], of all blocks."""
        return self.total.mean(axis=0)

    @property
    def standard_error(self) -> Array:
        """[frequencies], of the mean."""
        return self.total.std(axis=0, ddof=1) / np.sqrt(len(self.total))


def verlet_velocities(positions: Array, time_step_fs: float) -> Array:
    """Velocities [steps - 2, atoms, 3], Å/ps, of all steps but the first and the last.

    Args:
        positions: [steps, atoms, 3], Å, not wrapped.
    """
    return (positions[2:] - positions[:-2]) / (2e-3 * time_step_fs)


def kinetic_temperature(velocities: Array, masses: Array) -> Array:
    """Temperature of each step [steps], K; the whole does not move.

    Args:
        velocities: [steps, atoms, 3], Å/ps.
        masses: [atoms], atomic mass units.
    """
    in_ase = velocities / (1000 * units.fs)
    kinetic = 0.5 * np.einsum("sij,sij,i->s", in_ase, in_ase, masses)
    return 2 * kinetic / (3 * len(masses) - 3) / units.kB


def block_spectra(
    velocities: Array,
    masses: Array,
    species: list[str],
    spacing_ps: float,
    blocks: int,
    resolution_THz: float,
    largest_THz: float,
) -> BlockSpectra:
    """Spectra of equally long blocks; what is left over at the beginning is not used.

    Args: as for ``vdos.vibrational_density``.

    Raises:
        ValueError: fewer than three blocks, or blocks too short for the resolution.
    """
    if blocks < FEWEST_BLOCKS:
        raise ValueError(f"{blocks} blocks tell no scatter; at least {FEWEST_BLOCKS} are needed")
    length = len(velocities) // blocks
    used = velocities[len(velocities) - blocks * length :]
    parts: list[dict[str, Array]] = []
    frequency = np.empty(0)
    for part in used.reshape(blocks, length, *used.shape[1:]):
        frequency, density = vibrational_density(part, masses, species, spacing_ps, resolution_THz, largest_THz)
        parts.append(density)
    stacked = {name: np.array([density[name] for density in parts]) for name in parts[0]}
    total = stacked.pop("total")
    return BlockSpectra(frequency, total, stacked, length * spacing_ps)


def overlap_with_error(first: BlockSpectra, second: BlockSpectra) -> tuple[float, float]:
    """Overlap of the means of two walks, and its standard error from leaving out one block of both at a time.

    Noise makes the overlap of two equal spectra less than 1: judge it against that of two walks of one potential.

    Raises:
        ValueError: different numbers of blocks.
    """
    count = len(first.total)
    if count != len(second.total):
        raise ValueError(f"{count} and {len(second.total)} blocks")
    whole = overlap(first.frequency_THz, first.mean, second.mean)
    kept = ~np.eye(count, dtype=bool)
    without = np.array(
        [overlap(first.frequency_THz, first.total[rest].mean(axis=0), second.total[rest].mean(axis=0)) for rest in kept]
    )
    return whole, float(np.sqrt((count - 1) * np.var(without)))
