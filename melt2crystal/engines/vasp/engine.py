"""VASP as the reference, the paper's engine. No VASP was at hand: tested with recorded formats and a stand-in program.

Beside this: ``files.py`` (input), ``potcar.py`` (POTCAR), ``outputs.py`` (output), ``exchange.py`` (frames computed on
another machine).
"""

import shlex
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from ase import Atoms

from melt2crystal.engines.base import RELAX_TIMES, Label, SharedFile
from melt2crystal.engines.k_points import identity_of, k_mesh
from melt2crystal.engines.process import Ended, run_program
from melt2crystal.engines.recipes import first_converged, relaxed
from melt2crystal.engines.scratch import remove_abandoned
from melt2crystal.engines.vasp import exchange as vasp_exchange
from melt2crystal.engines.vasp.inputs import check_tags, tags_of_numbers, write_inputs
from melt2crystal.engines.vasp.outputs import cpu_seconds, label_of, last_structure
from melt2crystal.engines.vasp.potcar import checked_potcar, potcar_digest, potcar_text, write_potcar
from melt2crystal.errors import EngineError
from melt2crystal.sections.reference import VaspRecipe, VaspReference

SCRATCH = "melt2crystal-vasp"


class VaspEngine:
    """Single points and relaxations with VASP, one call of the study's command a frame.

    Energy is VASP's free energy (``free  energy   TOTEN``), the one whose derivatives the forces and the stress are;
    not energy(sigma->0).
    """

    name = "vasp"

    def __init__(self, reference: VaspReference, species: Sequence[str]) -> None:
        self.reference = reference
        self.species = list(species)
        self.potcars: dict[str, str] = {}  # checked contents, read once: the labels of a job are all of one kind
        missing = [symbol for symbol in species if symbol not in reference.potcars]
        if missing:
            raise EngineError(
                f"reference.potcars names no POTCAR for {', '.join(missing)}; add 'species: name' for each"
            )

    def identity(self) -> dict[str, object]:
        """Content of the POTCARs and every number the converged result depends on.

        A pinned checksum stands for its file. Recipes, commands, folders, tags of parallel runs and VASP's version are
        not part of it.

        Raises:
            EngineError: a POTCAR is missing and no checksum stands for it.
        """
        reference = self.reference
        return {
            "potcars": {symbol: self._digest(symbol) for symbol in self.species},
            "encut_eV": float(reference.encut_eV),
            "prec": reference.prec,
            "ediff_eV": float(reference.ediff_eV),
            "ismear": reference.ismear,
            "sigma_eV": float(reference.sigma_eV),
            "k_points": identity_of(reference.k_points),
            "incar": tags_of_numbers(reference),
        }

    def check(self) -> None:
        """See the protocol: POTCARs are there and right, INCAR tags exist, programs (or their launcher) are on PATH."""
        for symbol in self.species:
            self._potcar(symbol)
        check_tags(self.reference)
        scratch = self.reference.scratch
        if scratch is not None and not Path(scratch).is_dir():
            raise EngineError(f"{scratch}: there is no such folder; create it, or change reference.scratch")
        for key, command in (("command", self.reference.command), ("gamma_command", self.reference.gamma_command)):
            program = shlex.split(command)[0] if command else None
            if program and shutil.which(program) is None:
                raise EngineError(
                    f"{program} is not on PATH, so reference.{key} can't run; load VASP's module before the study "
                    "or in the profile, or name the program with its launcher in the study: srun vasp_std"
                )

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol; ``seconds`` are CPU seconds of all ranks, or wall seconds where VASP told none."""
        remove_abandoned(SCRATCH, self.reference.scratch)  # of jobs that were killed, POTCAR included
        for frame in frames:
            yield self._tried(frame, False, None, self.reference.timeout_s)[0]

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """See the protocol; conjugate gradients of VASP, then a label with the plane waves of the relaxed cell.

        A cell is relaxed twice, because its plane waves are those of the cell it began with.

        Raises:
            EngineError: VASP stopped on one of the structures.
        """
        ends = []
        for start in structures:
            atoms: Atoms | None = start
            for _ in range(1 if pressure_GPa is None else 2):
                assert atoms is not None
                label, atoms = self._tried(atoms, True, pressure_GPa, RELAX_TIMES * self.reference.timeout_s)
                if atoms is None:
                    break
            if atoms is not None:
                label = next(self.label([atoms]))
            ends.append(relaxed("VASP", start, atoms, label))
        return ends

    def shared_files(self) -> list[SharedFile]:
        """See ExchangingEngine: none. POTCARs are licensed; each frame names its own by specification and checksum."""
        return []

    def site_note(self) -> str:
        """See ExchangingEngine: the POTCAR library and how to name it."""
        return vasp_exchange.site_note(self.reference)

    def run_script(self) -> str:
        """See ExchangingEngine."""
        return vasp_exchange.run_script(self.reference)

    def write_inputs(self, frame: Atoms, folder: Path) -> None:
        """See ExchangingEngine."""
        potcars = {symbol: self._digest(symbol) for symbol in self.species if symbol in frame.symbols}
        vasp_exchange.write_frame(frame, folder, self.species, self.reference, potcars)

    def read_outputs(self, frame: Atoms, folder: Path, shared: Path) -> Label | str:
        """See ExchangingEngine."""
        potcars = {symbol: self._digest(symbol) for symbol in self.species if symbol in frame.symbols}
        return vasp_exchange.read_outputs(frame, folder, self.species, self.reference, potcars)

    def _digest(self, symbol: str) -> str:
        return self.reference.checksums.get(symbol) or potcar_digest(potcar_text(symbol, self.reference))

    def _potcar(self, symbol: str) -> str:
        if symbol not in self.potcars:
            self.potcars[symbol] = checked_potcar(symbol, self.reference)
        return self.potcars[symbol]

    def _tried(
        self, frame: Atoms, relax: bool, pressure_GPa: float | None, timeout_s: float
    ) -> tuple[Label, Atoms | None]:
        """Label and, of a relaxation, structure of the first recipe that converges."""

        def run(recipe: VaspRecipe, folder: Path, left_s: float) -> tuple[Ended, float]:
            began = time.monotonic()
            write_inputs(folder, frame, self.species, self.reference, recipe, relax, pressure_GPa)
            ended = self._run(folder, frame, left_s)
            return ended, cpu_seconds(folder) or time.monotonic() - began

        def read(ended: Ended, folder: Path) -> tuple[Label, Atoms | None]:
            if relax:
                return last_structure(ended, folder, frame, self.species)
            return label_of(ended, folder, frame, self.species), None

        return first_converged(self.reference.recipes, run, read, timeout_s, SCRATCH, self.reference.scratch)

    def _run(self, folder: Path, frame: Atoms, timeout_s: float) -> Ended:
        """One VASP on the inputs in ``folder``; the POTCAR is there for as long as VASP runs."""
        present = [symbol for symbol in self.species if symbol in frame.symbols]
        at_gamma = (k_mesh(frame, self.reference.k_points) or (1, 1, 1)) == (1, 1, 1)
        command = (at_gamma and self.reference.gamma_command) or self.reference.command
        potcar = folder / "POTCAR"
        try:
            write_potcar(potcar, [self._potcar(symbol) for symbol in present])
            return run_program(shlex.split(command), folder, timeout_s, "vasp")
        finally:
            potcar.unlink(missing_ok=True)
