"""A LAMMPS include file as a member of an ensemble: a classical potential wherever a model is taken."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from ase import Atoms

from melt2crystal.lammps.include import species_of
from melt2crystal.lammps.session import Session

INCLUDE = ".lmp"  # of a member that is a LAMMPS include file
EWALD_ACCURACY = 1e-6  # relative, where the file leaves it to the variable ``accuracy``


def is_include(path: Path | str) -> bool:
    """Whether a member is a LAMMPS include file."""
    return Path(path).suffix == INCLUDE


class IncludeModel:
    """An include file that answers as DeePMD-kit's ``DeepPot`` does: many structures in one call of one process.

    Args:
        path: the file; its line ``# species: ...`` names its types in their order.

    Raises:
        UserError: no such file, or no such line.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.species = species_of(self.path)
        self.session = Session(self.path, self.species, EWALD_ACCURACY)

    def get_type_map(self) -> list[str]:
        """Symbols by type number."""
        return list(self.species)

    def core_s(self) -> float:
        """Core-seconds that LAMMPS spent: no part of this process's own."""
        return self.session.core_s()

    def eval(
        self, coordinates: np.ndarray, cells: np.ndarray, types: Sequence[int]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Energies [n, 1] (eV), forces [n, atoms, 3] (eV/Å), virials [n, 9] (eV; minus volume times stress).

        NaN of a structure that breaks LAMMPS.

        Args:
            coordinates: [n, 3 atoms], Å.
            cells: [n, 9], Å; periodic.
            types: numbers of the atoms in ``get_type_map()``.

        Raises:
            EngineError: LAMMPS could not work.
        """
        symbols = [self.species[kind] for kind in types]
        frames = [
            Atoms(symbols, positions=positions.reshape(-1, 3), cell=cell.reshape(3, 3), pbc=True)
            for positions, cell in zip(coordinates, cells, strict=True)
        ]
        energies = np.full((len(frames), 1), np.nan)
        forces = np.full((len(frames), len(symbols), 3), np.nan)
        virials = np.full((len(frames), 9), np.nan)
        for index, result in enumerate(self.session.evaluate(frames)):
            if result.energy is not None and result.forces is not None and result.stress is not None:
                energies[index], forces[index] = result.energy, result.forces
                virials[index] = -frames[index].get_volume() * result.stress.ravel()
        return energies, forces, virials
