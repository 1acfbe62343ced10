"""Rows of a plan: products of factors that can be read, and what they come to in core-hours and GPU-hours."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import prod

import networkx as nx

from melt2crystal.jobs.job import Job
from melt2crystal.jobs.ledger import HOUR_S
from melt2crystal.plan.units import Basis


@dataclass(frozen=True)
class Factor:
    """A number and what it counts."""

    value: float
    words: str

    def __str__(self) -> str:
        return f"{in_digits(self.value)} {self.words}".strip()


Term = tuple[Factor, ...]


def total(terms: Iterable[Term]) -> float:
    """Sum of the products."""
    return sum(prod(factor.value for factor in term) for term in terms)


def formula(terms: Iterable[Term]) -> str:
    """The products with their numbers put in."""
    return " + ".join(" x ".join(str(factor) for factor in term) for term in terms)


@dataclass(frozen=True)
class Row:
    """Jobs of one rule in one box.

    Attributes:
        terms: sums of products; core-seconds of work, or GPU-seconds where the jobs have a GPU.
        jobs: numbers of the jobs.
        cores: cores of each job; ``gpus`` likewise.
        runtime_min: time limit of each job, 0 if there is none.
    """

    box: str
    rule: str
    terms: tuple[Term, ...]
    jobs: tuple[int, ...]
    cores: int
    gpus: int
    runtime_min: int
    basis: Basis

    @property
    def work_s(self) -> float:
        """Sum of the products, s."""
        return total(self.terms)

    @property
    def job_s(self) -> float:
        """Wall time of one job, s: its share of the work, over its cores unless a GPU does it."""
        return self.work_s / len(self.jobs) / (1 if self.gpus else self.cores)

    @property
    def core_hours(self) -> float:
        """Reserved core-hours (a GPU job's core included)."""
        return self.job_s * len(self.jobs) * self.cores / HOUR_S

    @property
    def gpu_hours(self) -> float:
        """Reserved GPU-hours."""
        return self.job_s * len(self.jobs) * self.gpus / HOUR_S

    @property
    def formula(self) -> str:
        """The products with their numbers put in."""
        return formula(self.terms)

    def times(self, factor: Factor) -> "Row":
        """The row with one more factor in every product."""
        return replace(self, terms=tuple((*term, factor) for term in self.terms))


def longest_chain_s(jobs: Iterable[Job], rows: Iterable[Row]) -> float:
    """Seconds of the longest chain of jobs that wait for each other: no machine is faster."""
    seconds = {number: row.job_s for row in rows for number in row.jobs}
    graph = nx.DiGraph()
    for job in jobs:
        before = [*job.depends, "start"]
        graph.add_weighted_edges_from((other, job.number, seconds.get(job.number, 0.0)) for other in before)
    return float(nx.dag_longest_path_length(graph))


def in_digits(value: float) -> str:
    """A number as a person writes it: whole ones with commas, others with three digits."""
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
