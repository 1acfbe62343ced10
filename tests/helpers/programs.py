"""Programs of rules as modules."""

from importlib import import_module
from types import ModuleType


def program(rule: str) -> ModuleType:
    """The program that a rule runs: figures_found is scripts/figures/found.py."""
    return import_module("scripts." + rule.replace("_", ".", 1))
