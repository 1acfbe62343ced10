"""Quantum ESPRESSO (pw.x) as the reference; what goes in and comes out is in ``files.py`` beside this."""

import os
import resource
import shlex
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ase import Atoms

from melt2crystal.engines.base import RELAX_TIMES, Label, SharedFile
from melt2crystal.engines.espresso import exchange as espresso_exchange
from melt2crystal.engines.espresso.files import SINGLE_POINT, Calculation, label_of, last_structure, write_input
from melt2crystal.engines.k_points import identity_of
from melt2crystal.engines.process import ONE_THREAD, Ended, run_program
from melt2crystal.engines.recipes import first_converged, relaxed
from melt2crystal.engines.scratch import remove_abandoned
from melt2crystal.errors import EngineError
from melt2crystal.files import digest_of_file
from melt2crystal.sections.reference import EspressoRecipe, EspressoReference

SCRATCH = "melt2crystal-pw"
ENVIRONMENT = {
    **ONE_THREAD,
    # large arrays come and go in every call: glibc keeps their pages instead of asking the kernel for zeroed ones
    "MALLOC_MMAP_THRESHOLD_": "4000000000",
    "MALLOC_TRIM_THRESHOLD_": "8000000000",
    # Open MPI binds the ranks of every job to the same first cores, so that two jobs on one machine share them
    "OMPI_MCA_hwloc_base_binding_policy": "none",
    # a lone rank starts no daemon, which would keep the scratch folder in use for a moment after pw.x
    "OMPI_MCA_ess_singleton_isolated": "1",
}
AS_ROOT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}  # containers; mpirun refuses otherwise


class EspressoEngine:
    """Single points and relaxations with pw.x, one process (or one mpirun) a frame.

    Energy is QE's total energy with the smearing's -TS, the one whose derivatives the forces and the stress are.
    """

    name = "espresso"

    def __init__(self, reference: EspressoReference, species: Sequence[str]) -> None:
        self.reference = reference
        self.species = list(species)
        missing = [symbol for symbol in species if symbol not in reference.pseudopotentials]
        if missing:
            raise EngineError(
                f"reference.pseudopotentials names no file for {', '.join(missing)}; add 'species: file' for each"
            )

    def identity(self) -> dict[str, object]:
        """Content of the pseudopotentials and every number the converged result depends on.

        A pinned checksum stands for its file, so that released labels are found on a machine without pseudopotentials;
        ``check`` compares the file with it. Recipes, command, ranks and folders are not part of it. Nor is the version
        of pw.x, whose releases agree far within ``conv_thr_Ry`` on the same input.
        """
        reference = self.reference
        return {
            "pseudopotentials": {symbol: self._checksum(symbol) for symbol in self.species},
            "ecutwfc_Ry": float(reference.ecutwfc_Ry),
            "ecutrho_Ry": float(reference.ecutrho_Ry),
            "smearing": reference.smearing,
            "degauss_eV": float(reference.degauss_eV),
            "conv_thr_Ry": float(reference.conv_thr_Ry),
            "k_points": identity_of(reference.k_points),
        }

    def check(self) -> None:
        """See the protocol: programs and pseudopotentials are there, and the latter are the right ones."""
        programs = [shlex.split(self.reference.command)[0]]
        if self.reference.ranks > 1:
            programs.insert(0, shlex.split(self.reference.launcher)[0])
        for program in programs:
            if shutil.which(program) is None:
                raise EngineError(
                    f"{program} is not on PATH, so reference.engine espresso can't run; make env-espresso "
                    "installs it from Debian packages, or says what to do; elsewhere name the program in "
                    "reference.command"
                )
        scratch = self.reference.scratch
        if scratch is not None and not Path(scratch).is_dir():
            raise EngineError(f"{scratch}: there is no such folder; create it, or change reference.scratch")
        for symbol in self.species:
            self._check_pseudopotential(symbol)

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol; ``seconds`` are CPU seconds of all ranks, which pauses and busy machines don't change."""
        remove_abandoned(SCRATCH, self.reference.scratch)
        for frame in frames:
            yield self._tried(frame, SINGLE_POINT, self.reference.timeout_s)[0]

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """See the protocol; BFGS of pw.x, then a label with the plane waves of the relaxed cell.

        Raises:
            EngineError: pw.x stopped on one of the structures.
        """
        calculation = Calculation("relax" if pressure_GPa is None else "vc-relax", pressure_GPa)
        ends = []
        for start in structures:
            label, atoms = self._tried(start, calculation, RELAX_TIMES * self.reference.timeout_s)
            if label.status == "ok" and atoms is not None:
                label = next(self.label([atoms]))
            ends.append(relaxed("pw.x", start, atoms, label))
        return ends

    def run(self, folder: Path, timeout_s: float) -> Ended:
        """One pw.x on the ``pw.in`` in ``folder``, output in ``pw.out`` and ``pw.err``; it never outlives this call."""
        command = [*shlex.split(self.reference.command), "-in", "pw.in"]
        if self.reference.ranks > 1:
            command = [*shlex.split(self.reference.launcher), str(self.reference.ranks), *command]
        variables = {**ENVIRONMENT, **(AS_ROOT if os.geteuid() == 0 else {})}
        return run_program(command, folder, timeout_s, "pw", variables)

    def shared_files(self) -> list[SharedFile]:
        """See ExchangingEngine: the pseudopotentials, free to copy; one that is not here needs its pinned checksum."""
        files = []
        for symbol in self.species:
            name = self.reference.pseudopotentials[symbol]
            path = Path(self.reference.pseudopotential_folder) / name
            if path.is_file():
                self._check_pseudopotential(symbol)
            files.append(SharedFile(name, self._checksum(symbol), path if path.is_file() else None))
        return files

    def site_note(self) -> str:
        """See ExchangingEngine: all that pw.x needs is in the folder."""
        return ""

    def run_script(self) -> str:
        """See ExchangingEngine."""
        return espresso_exchange.run_script(self.reference)

    def write_inputs(self, frame: Atoms, folder: Path) -> None:
        """See ExchangingEngine."""
        espresso_exchange.write_inputs(frame, folder, self.reference)

    def read_outputs(self, frame: Atoms, folder: Path, shared: Path) -> Label | str:
        """See ExchangingEngine."""
        return espresso_exchange.read_outputs(frame, folder, shared, self.reference)

    def _pseudopotential(self, symbol: str) -> Path:
        path = Path(self.reference.pseudopotential_folder) / self.reference.pseudopotentials[symbol]
        if not path.is_file():
            raise EngineError(
                f"{path}: the pseudopotential of {symbol} is missing; install quantum-espresso-data (Debian) or name "
                "the right file and folder in reference.pseudopotentials and reference.pseudopotential_folder"
            )
        return path

    def _check_pseudopotential(self, symbol: str) -> None:
        path = self._pseudopotential(symbol)
        pinned = self.reference.checksums.get(symbol)
        found = digest_of_file(path)
        if pinned and found != pinned:
            raise EngineError(
                f"{path}: this pseudopotential of {symbol} has the checksum {found[:12]}..., reference.checksums "
                f"asks for {pinned[:12]}...; get the right file, or change the checksum (a new settings digest, "
                "all labels anew)"
            )

    def _checksum(self, symbol: str) -> str:
        return self.reference.checksums.get(symbol) or digest_of_file(self._pseudopotential(symbol))

    def _tried(self, frame: Atoms, calculation: Calculation, timeout_s: float) -> tuple[Label, Atoms | None]:
        """Label and, of a relaxation, structure of the first recipe that converges."""

        def run(recipe: EspressoRecipe, folder: Path, left_s: float) -> tuple[Ended, float]:
            before = _children_seconds()
            write_input(folder / "pw.in", frame, self.reference, recipe, calculation)
            return self.run(folder, left_s), _children_seconds() - before

        def read(ended: Ended, folder: Path) -> tuple[Label, Atoms | None]:
            return (label_of(ended, frame), None) if calculation is SINGLE_POINT else last_structure(ended, frame)

        return first_converged(self.reference.recipes, run, read, timeout_s, SCRATCH, self.reference.scratch)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
