"""A LAMMPS process that stays: structures in, energies, forces and stresses out, as often as wanted.

A relaxation asks hundreds of times, and LAMMPS needs a second to begin. Commands go through its standard input; what
it computes comes back through files, as :mod:`melt2crystal.lammps.static` writes them.
"""

import contextlib
import subprocess
import threading
import weakref
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from ase import Atoms

from melt2crystal.errors import EngineError
from melt2crystal.lammps.endings import broken_by, incomplete, stopped
from melt2crystal.lammps.include import potential_commands
from melt2crystal.lammps.program import find_lammps, setup_commands, write_data
from melt2crystal.lammps.static import Evaluation, is_finite, read_results, write_result

DONE = "all structures are evaluated"
RESULTS = "results.txt"
KEPT_LINES = 200  # of what LAMMPS says, for messages


class Session:
    """Evaluates structures with a LAMMPS include file.

    Args:
        potential: the include file, with its line ``# species:``.
        species: in the order of its types.
        accuracy: relative accuracy of a long-range sum, for potentials that use the variable.
        timeout_s: a structure that takes longer is given up.

    Raises:
        UserError: no such file, or one of other species.
    """

    def __init__(self, potential: Path, species: Sequence[str], accuracy: float, timeout_s: float = 600.0) -> None:
        self.potential, self.species, self.timeout_s = potential, list(species), timeout_s
        self._switch_on = potential_commands(potential, species, accuracy)  # read once: it costs as much as a structure
        self._temporary = TemporaryDirectory(prefix="lammps-session-")
        self._folder = Path(self._temporary.name)
        self._process: subprocess.Popen[str] | None = None
        self._ended_s = 0.0  # core-seconds of processes that are no more

    def evaluate(self, frames: Sequence[Atoms]) -> list[Evaluation]:
        """Their results, in their order; one that breaks LAMMPS has its words as ``error``, the others are unaffected.

        Raises:
            EngineError: LAMMPS is missing, or could not work at all.
        """
        results: list[Evaluation | None] = [
            None if is_finite(atoms) else Evaluation(error="positions or cell are not finite") for atoms in frames
        ]
        waiting = [index for index, result in enumerate(results) if result is None]
        while waiting:
            done = self._answered([frames[index] for index in waiting])
            for index, result in zip(waiting, done, strict=False):
                results[index] = result
            waiting = waiting[len(done) :]
        return [result for result in results if result is not None]

    def core_s(self) -> float:
        """Core-seconds of all processes of this session."""
        return self._ended_s + _core_s(self._process)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._ended_s += _core_s(self._process)
            _end(self._process)
            self._process = None

    def _answered(self, frames: Sequence[Atoms]) -> list[Evaluation]:
        """Results up to the first that breaks LAMMPS, this one included: at least one."""
        folder = self._folder
        (folder / RESULTS).unlink(missing_ok=True)
        prisms, text = [], ""
        for index, atoms in enumerate(frames):
            prisms.append(write_data(folder / f"{index}.data", atoms, self.species))
            text += setup_commands(f"{index}.data") + self._switch_on
            text += "thermo_style custom step pe pxx pyy pzz pxy pxz pyz\nthermo 100000\n" + write_result(index)
        (folder / "batch.lammps").write_text(f'{text}print "{DONE}"\n', encoding="utf-8")
        said, late = self._asked(len(frames))
        results = read_results(folder, frames, prisms, 0, self.species)
        if said is None:
            if len(results) < len(frames):
                raise incomplete(folder)
            return results
        if len(results) == len(frames):
            return results
        return [*results, Evaluation(error=self._why(said, late))]

    def _asked(self, number: int) -> tuple[str | None, bool]:
        """None when all is done, else what LAMMPS said before it ended, and whether it was ended for being late."""
        process = self._running()
        assert process.stdin is not None and process.stdout is not None
        late = threading.Event()

        def end() -> None:
            late.set()
            process.kill()

        patience = threading.Timer(self.timeout_s * number, end)
        patience.start()
        lines: list[str] = []
        try:
            process.stdin.write("include batch.lammps\n")
            process.stdin.flush()
            for line in process.stdout:
                if line.strip() == DONE:
                    return None, False
                lines = [*lines[-KEPT_LINES:], line]
        except BrokenPipeError:
            pass
        except BaseException:  # Ctrl-C: what the process says next answers a question nobody asks any more
            self.close()
            raise
        finally:
            patience.cancel()
        return "".join(lines), late.is_set()

    def _why(self, said: str, late: bool) -> str:
        """What broke the structure.

        Raises:
            EngineError: something else than the structure stopped LAMMPS.
        """
        process = self._process
        assert process is not None
        status = process.wait()
        self.close()
        if late:
            return f"LAMMPS needed more than {self.timeout_s:g} s"
        if told := broken_by(status, said):
            return told
        raise stopped(status, said, said, self._folder) or EngineError(
            f"{self.potential}: LAMMPS ended before it was asked to; take 'quit' out of this file"
        )

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None:
            command, environment = find_lammps()
            self._process = subprocess.Popen(
                [*command, "-nonbuf", "-log", "none"],
                cwd=self._folder,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,  # Ctrl-C is for the search; LAMMPS ends when its input does
            )
            weakref.finalize(self, _end, self._process)
        return self._process


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # what was not sent is of no use
                stream.close()


def _core_s(process: "subprocess.Popen[str] | None") -> float:
    if process is None:
        return 0.0
    try:
        times = psutil.Process(process.pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)
