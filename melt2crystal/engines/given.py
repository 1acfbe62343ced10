"""The reference engine ``given``: labels of another code, from files. It computes nothing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from ase import Atoms

from melt2crystal.engines.base import Label
from melt2crystal.errors import EngineError
from melt2crystal.files import digest_of_file
from melt2crystal.sections.reference import GivenReference


class GivenEngine:
    """Stands for a code that ran elsewhere; its labels are looked up in files like those of ``label.known``."""

    name = "given"

    def __init__(self, reference: GivenReference) -> None:
        self.reference = reference

    def identity(self) -> dict[str, object]:
        """Code, settings and content of its files as they are declared; more labels of the same code change nothing."""
        files = [digest_of_file(Path(name)) for name in self.reference.files]
        return {"code": self.reference.code, "settings": self.reference.settings, "files": files}

    def check(self) -> None:
        """See the protocol: the files of labels are there."""
        for name in self.reference.labels:
            if not Path(name).is_file():
                raise EngineError(f"reference.labels: there is no file {name}; name the files that hold the labels")

    def label(self, frames: Sequence[Atoms]) -> Iterator[Label]:
        """See the protocol: what is asked for here was not among the labels."""
        yield from (Label("not known", "the engine `given` computes nothing") for _ in frames)

    def relax(self, structures: Sequence[Atoms], pressure_GPa: float | None) -> list[Atoms]:
        """See the protocol; it can't.

        Raises:
            EngineError: always.
        """
        raise EngineError(
            "reference.engine: given computes nothing, so that it can't relax; set "
            "benchmark.energy_volume.structures: experimental, ions: fixed"
        )
