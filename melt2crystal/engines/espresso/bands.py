"""How many bands pw.x computes, and whether they were enough.

With a smearing pw.x adds a fifth of empty bands, for metals. A melt of an insulator needs a few only, as long as the
highest of them stays empty; what is empty does not enter energy, forces or stress.
"""

import math
import re
from pathlib import Path

from ase import Atoms

FEWEST_EMPTY = 4
HEADER_CHARACTERS = 100_000
# the occupation is below 1e-6 this many widths above the Fermi energy; Gaussian tails (all others): 3.4, with room
WIDTHS_ABOVE = {"fermi-dirac": 14.0}
WIDTHS_ABOVE_GAUSSIAN = 5.0
Z_VALENCE = re.compile(r"""z_valence\s*=\s*["']\s*([-+\d.eEdD]+)|^\s*([-+\d.eEdD]+)\s+Z valence""", re.MULTILINE)
FERMI = re.compile(r"the Fermi energy is\s+(-?[\d.]+) ev", re.IGNORECASE)
SMEARING = re.compile(r"(\S+) smearing, width \(Ry\)\s*=\s*([\d.]+)", re.IGNORECASE)
BLOCK = re.compile(r"bands \(ev\):\s*\n\s*\n((?:[ \d.*-]+\n)+)")
VALUE = re.compile(r"-?\d+\.\d{4}")  # columns of 9 characters may touch
RYDBERG_EV = 13.605693123


def valence_electrons(pseudopotential: Path) -> float | None:
    """Electrons of one atom, from the header of its UPF file (version 1 or 2); None if that is absent or silent."""
    if not pseudopotential.is_file():
        return None
    with open(pseudopotential, encoding="utf-8", errors="replace") as handle:
        told = Z_VALENCE.search(handle.read(HEADER_CHARACTERS))
    return float((told.group(1) or told.group(2)).lower().replace("d", "e")) if told else None


def number_of_bands(atoms: Atoms, pseudopotentials: dict[str, Path], empty_share: float) -> int | None:
    """Occupied bands and ``empty_share`` of them more, at least four (spin-unpolarised: two electrons a band).

    None if a pseudopotential does not say how many electrons it brings; pw.x then chooses the bands itself.
    """
    electrons = 0.0
    for symbol, count in atoms.symbols.formula.count().items():
        valence = valence_electrons(pseudopotentials[symbol])
        if valence is None:
            return None
        electrons += count * valence
    occupied = math.ceil(electrons / 2 - 1e-9)
    return occupied + max(FEWEST_EMPTY, math.ceil(empty_share * occupied - 1e-9))


def too_few_bands(output: str) -> str:
    """Why the bands of a finished SCF were too few, or '' if the highest one is empty at every k-point.

    An output without bands (100 k-points and more) or without a smearing says nothing, hence ''.
    """
    fermi, smearing, blocks = FERMI.findall(output), SMEARING.search(output), BLOCK.findall(output)
    if not (fermi and smearing and blocks):
        return ""
    last = [[float(value) for value in VALUE.findall(block)] for block in blocks[-_k_points(output) :]]
    above = min(max(values) for values in last if values) - float(fermi[-1])
    widths = WIDTHS_ABOVE.get(smearing.group(1).lower(), WIDTHS_ABOVE_GAUSSIAN)
    if above >= widths * float(smearing.group(2)) * RYDBERG_EV:
        return ""
    return f"the highest band lies {above:.2f} eV above the Fermi energy, so it is not empty: more bands are needed"


def _k_points(output: str) -> int:
    told = re.search(r"number of k points=\s*(\d+)", output)
    return int(told.group(1)) if told else 1
