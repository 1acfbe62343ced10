"""Rules between settings: importing this package registers all of them, those of the melts first."""

from melt2crystal.study.checks import melts, outcomes
from melt2crystal.study.checks.melts import SMALLEST_MELT
from melt2crystal.study.checks.registry import exactly, mistakes_between_sections

__all__ = ["SMALLEST_MELT", "exactly", "melts", "mistakes_between_sections", "outcomes"]
