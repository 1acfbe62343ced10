"""A search by USPEX, which users bring themselves: its inputs are written here, its results read here.

How long it searches, and its shares of random structures, are those of the embedded engine (``search.structures``,
``search.generation_structures``, ``search.unchanged_generations``, ``search.random_share``).
"""

from typing import Literal

from pydantic import Field, field_validator

from melt2crystal.settings import Section, place


class Uspex(Section):
    """How USPEX is given its work; only with search.engine: uspex."""

    mode: Literal["handover", "run"] = Field(
        "handover",
        description="handover: write inputs, stop with a message, go on when results are put back; run: call command",
    )
    version: Literal["9.4.4", "10"] = Field("10", description="version whose INPUT.txt is written; 10: any 10.x")
    command: str = place(
        "USPEX -r",
        min_length=1,
        description="command of mode run, started in the folder of INPUT.txt again and again until USPEX says that it "
        "is done",
    )
    wait_s: float = place(60.0, ge=0, le=86400, description="pause between two calls of command, s")
    lammps: str = Field(
        "lmp -in lammps.in > lammps.out",
        min_length=1,
        description="how USPEX calls LAMMPS (with DeePMD's plugin), where it runs; LAMMPS writes lammps.out",
    )
    parallel: int = Field(1, ge=1, le=10_000, description="relaxations that USPEX has at work at a time")

    @field_validator("command", "lammps")
    @classmethod
    def _one_line(cls, command: str) -> str:
        if not command.strip() or len(command.splitlines()) != 1 or "\0" in command:
            raise ValueError("a command is one line")
        return command.strip()
