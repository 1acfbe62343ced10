"""What the numbers of a study are for, and the words that figures and pages say it with."""

from typing import Literal

Purpose = Literal["results", "smoke test"]
WARNING = "smoke test: these numbers mean nothing"


def warning(purpose: str) -> str:
    """What every figure and page of a study must say of its numbers; empty for a study that is meant."""
    return WARNING if purpose == "smoke test" else ""
