"""A classical potential in LAMMPS as the reference: the stand-in for DFT."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from melt2crystal.engines.base import Label, name_of
from melt2crystal.errors import EngineError
from melt2crystal.lammps.include import check_potential, potential_digests
from melt2crystal.lammps.program import find_lammps
from melt2crystal.lammps.static import evaluate, minimise, try_potential
from melt2crystal.sections.reference import LammpsReference

BATCH = 50  # frames in one LAMMPS process: what a kill can cost


class LammpsEngine:
    """Single points and relaxations with a LAMMPS include file."""

    name = "lammps"

    def __init__(self, reference: LammpsReference, species: Sequence[str]) -> None:
        self.reference = reference
        self.potential = Path(reference.potential)
        self.species = list(species)

    def identity(self) -> dict[str, object]:
        """Content of the potential and of the files it names, the species' order and the accuracy of the Ewald sum."""
        potential, *named = potential_digests(self.potential)
        identity: dict[str, object] = {
            "potential": potential,
            "species": self.species,
            "ewald_accuracy": self.reference.ewald_accuracy,
        }
        return {**identity, "potential_files": named} if named else identity

    def check(self) -> None:
        """See the protocol: LAMMPS is there, and the potential gives a few atoms an energy."""
        find_lammps()
        check_potential(self.potential, self.species)
        try_potential(self.potential, dict.fromkeys(self.species, 1))

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol."""
        for start in range(0, len(frames), BATCH):
            batch = frames[start : start + BATCH]
            began = time.perf_counter()
            results = evaluate(batch, self.potential, self.species, self.reference.ewald_accuracy)
            seconds = (time.perf_counter() - began) / len(batch)
            for result in results:
                if result.error:
                    yield Label("crashed", result.error, seconds=seconds)
                else:
                    yield Label("ok", "", result.energy, result.forces, result.stress, seconds)

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """See the protocol.

        Raises:
            EngineError: LAMMPS stopped on one of the structures.
        """
        results = minimise(
            structures, self.potential, self.species, self.reference.ewald_accuracy, 3000, 1e-4, pressure_GPa
        )
        relaxed = []
        for start, result in zip(structures, results, strict=True):
            if result.atoms is None:
                raise EngineError(f"LAMMPS could not relax {name_of(start)}: {result.error}")
            result.atoms.info.update(start.info)
            result.atoms.calc = SinglePointCalculator(
                result.atoms, energy=result.energy, forces=result.forces, stress=result.stress
            )
            relaxed.append(result.atoms)
        return relaxed
