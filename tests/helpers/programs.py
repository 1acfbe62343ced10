"""Programs of rules as modules."""

from importlib import import_module
from types import ModuleType


def program(rule: str) -> ModuleType:
    """The program that a rule runs: figures_found_crystals is scripts/figures/found_crystals.py."""
    return import_module("scripts." + rule.replace("_", ".", 1))
