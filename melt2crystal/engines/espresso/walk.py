"""Molecular dynamics of pw.x in a folder of segments: steps computed before a kill are kept, the next segment goes on.

``segments/000``, ``001``, ... each hold the input and the output of one pw.x; the output is the record, nothing is
copied out of it. A segment begins with the last step of the one before, computed again (one step lost to each kill).
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from ase import Atoms
from ase.io import read

from melt2crystal.engines.espresso.dynamics import Step, steps_of, velocities_at_end, write_md_input
from melt2crystal.engines.espresso.engine import EspressoEngine
from melt2crystal.engines.espresso.files import verdict
from melt2crystal.engines.process import Ended
from melt2crystal.errors import EngineError, UserError

SAME_PLACE_A = 1e-8
WALL_S = 3e6  # a process on idle CPU may stand still for long
FEWEST = 2  # steps that a velocity needs


class EspressoWalk:
    """The segments of one walk.

    Args:
        folder: holds ``segments``.
        start: first configuration, with velocities.
        time_step_fs: of Verlet's algorithm.
    """

    def __init__(self, folder: Path, start: Atoms, time_step_fs: float) -> None:
        self.folder, self.start, self.time_step_fs = folder, start, time_step_fs

    def segments(self) -> list[Path]:
        """Folders of the segments, in order."""
        return sorted((self.folder / "segments").glob("[0-9][0-9][0-9]"))

    def steps(self) -> tuple[list[Step], list[float]]:
        """The walk so far, and how far each repeated step's energy was off, eV.

        Raises:
            UserError: a segment does not go on where the one before ended.
        """
        walk: list[Step] = []
        off: list[float] = []
        for segment in self.segments():
            found = steps_in(segment)
            if walk and found:
                if np.abs(found[0].positions - walk[-1].positions).max() > SAME_PLACE_A:
                    raise UserError(f"{segment}: does not go on where the segment before ended; move it away")
                off.append(found[0].energy - walk[-1].energy)
                found = found[1:]
            walk += found
        return walk, off

    def compute(self, engine: EspressoEngine, steps: int) -> None:
        """Go on until there are so many steps.

        Raises:
            EngineError: pw.x stopped before it had computed a new step, with its first telling line.
        """
        with locked(self.folder):
            self._discard_empty()
            while (have := len(self.steps()[0])) < steps:
                ended = self._segment(engine, steps, have)
                if len(self.steps()[0]) == have:
                    status, reason = verdict(ended)
                    raise EngineError(f"{self.segments()[-1]}/pw.out: {status}: {reason or 'no new step'}")

    def _segment(self, engine: EspressoEngine, steps: int, have: int) -> Ended:
        """One pw.x over all that is missing."""
        walk = self.steps()[0]
        start = self.start.copy()
        if have:
            start.set_positions(walk[-1].positions)
            start.set_velocities(velocities_at_end(walk, start.get_masses(), self.time_step_fs))
        segment = self.folder / "segments" / f"{len(self.segments()):03d}"
        segment.mkdir(parents=True)
        recipe = engine.reference.recipes[0]
        write_md_input(segment / "pw.in", start, engine.reference, recipe, self.time_step_fs, steps - have + bool(have))
        ended = engine.run(segment, WALL_S)
        shutil.rmtree(segment / "scratch", ignore_errors=True)
        return ended

    def _discard_empty(self) -> None:
        """Remove segments too short to go on from, and what a killed pw.x left of its wavefunctions."""
        for segment in self.segments():
            shutil.rmtree(segment / "scratch", ignore_errors=True)
        while (there := self.segments()) and len(steps_in(there[-1])) < FEWEST:
            shutil.rmtree(there[-1])


def steps_in(segment: Path) -> list[Step]:
    """Whole steps of a segment; none if pw.x never began."""
    output = segment / "pw.out"
    if not output.is_file():
        return []
    given = read(segment / "pw.in", format="espresso-in")
    assert isinstance(given, Atoms)
    return steps_of(output.read_text(errors="replace"), given.get_positions())


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second process out of the folder.

    Raises:
        UserError: one is at work there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w", encoding="utf-8") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError(f"{folder}: another process computes here; wait for it or end it") from None
        yield
