"""The jobs of a study as plain data, whatever program plans them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Place = Literal["gpu", "cpu", "local"]
LOOP_WILDCARDS = re.compile(r"(?:iteration-)?(\d\d)")


@dataclass(frozen=True)
class Job:
    """One job and what its rule says of it.

    Attributes:
        number: identity within one graph.
        file: file of rules, without its folder ("train.smk").
        gpus, threads: what it asks for; ``local`` that it stays on the machine that drives the study.
        depends: numbers of the jobs whose files it reads.
        runtime_min: its time limit, min; 0 for none.
    """

    number: int
    rule: str
    file: str = ""
    wildcards: dict[str, str] = field(default_factory=dict)
    threads: int = 1
    gpus: int = 0
    local: bool = False
    outputs: tuple[str, ...] = ()
    log: str = ""
    benchmark: str = ""
    depends: tuple[int, ...] = ()
    runtime_min: int = 0

    @property
    def place(self) -> Place:
        """Where it runs: a GPU, a CPU of the cluster, or beside the driver."""
        if self.gpus:
            return "gpu"
        return "local" if self.local else "cpu"

    @property
    def stage(self) -> str:
        """Stage of its rule."""
        return stage_of(self.rule)

    @property
    def iteration(self) -> str | None:
        """Iteration of the loop ("00") it is part of, None for a job before or after the loop."""
        given = self.wildcards
        named = [given["iteration"]] if "iteration" in given else []
        named += [value for value in given.values() if value.startswith("iteration-")]
        found = [match for value in named if (match := LOOP_WILDCARDS.fullmatch(value))]
        return found[0].group(1) if found else None

    @property
    def title(self) -> str:
        """Rule and wildcards on one line."""
        values = ", ".join(f"{key}={value}" for key, value in sorted(self.wildcards.items()))
        return f"{self.rule} ({values})" if values else self.rule


def stage_of(rule: str) -> str:
    """Stage a rule belongs to: the first word of its name."""
    return rule.split("_")[0]


def with_outputs(jobs: Iterable[Job]) -> list[Job]:
    """The jobs that make something; targets that only gather files are plumbing."""
    return [job for job in jobs if job.outputs]
