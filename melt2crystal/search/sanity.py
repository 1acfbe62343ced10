"""Bounds of volume, energy and distances: a structure beyond them is an artefact of the potential, not a crystal."""

from dataclasses import dataclass

from ase import Atoms

from melt2crystal.errors import UserError
from melt2crystal.frames import too_close


@dataclass(frozen=True)
class Sanity:
    """Bounds of believable structures.

    Args:
        volume_range_A3_per_atom: least and largest volume, Å^3 per atom.
        energy_range_eV_per_atom: below it the potential is wrong (unphysically deep), above it only symmetry keeps
            the forces zero; None: no bounds.
        minimum_distances_A: pair ('A-B') -> smallest distance, Å.
    """

    volume_range_A3_per_atom: tuple[float, float]
    energy_range_eV_per_atom: tuple[float, float] | None
    minimum_distances_A: dict[str, float]

    def guard(self, energy_eV_per_atom: float, volume_A3_per_atom: float) -> str | None:
        """What is wrong with energy and volume, in words, or None; cheap enough for every step."""
        low, high = self.volume_range_A3_per_atom
        if not low <= volume_A3_per_atom <= high:
            return f"volume {volume_A3_per_atom:.2f} Å³ per atom is outside {low:g}-{high:g}"
        if self.energy_range_eV_per_atom is not None and energy_eV_per_atom < self.energy_range_eV_per_atom[0]:
            return f"energy {energy_eV_per_atom:.3f} eV/atom is below the floor {self.energy_range_eV_per_atom[0]:.3f}"
        return None

    def complaint(self, atoms: Atoms, energy_eV: float) -> str | None:
        """What is wrong with a relaxed structure, in words, or None."""
        energy = energy_eV / len(atoms)
        found = self.guard(energy, atoms.get_volume() / len(atoms))
        if found is None and self.energy_range_eV_per_atom is not None and energy > self.energy_range_eV_per_atom[1]:
            found = f"energy {energy:.3f} eV/atom is above the ceiling {self.energy_range_eV_per_atom[1]:.3f}"
        return found or too_close(atoms, self.minimum_distances_A)


def start_volumes(
    melts_A3_per_atom: tuple[float, float], margin: float, volume_range_A3_per_atom: tuple[float, float]
) -> tuple[float, float]:
    """Volumes random starts are drawn from, Å^3 per atom: those of the melts widened by ``margin`` (share), inside the
    sane range.

    Raises:
        UserError: the melts lie outside the sane range.
    """
    low, high = volume_range_A3_per_atom
    least, largest = melts_A3_per_atom
    if largest < low or least > high:
        raise UserError(
            f"search.volume_range_A3_per_atom is {low:g}-{high:g}, the melts have {least:.1f}-{largest:.1f} Å³ per "
            "atom; widen it"
        )
    return max(low, least * (1 - margin)), min(high, largest * (1 + margin))
