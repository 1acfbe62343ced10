"""Formulae of substances: what a text says, what a structure holds, whether two agree."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ase import Atoms

FORMULA_SUM = re.compile(r"^\s*_chemical_formula_sum\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))", re.IGNORECASE | re.MULTILINE)


def formula_in(text: str) -> dict[str, float]:
    """Elements and their numbers in a formula as CIF files write it (``Si O2``), in whatever units."""
    parts = re.findall(r"([A-Z][a-z]?)\s*(\d*\.?\d*)", text)
    return {symbol: float(count or 1) for symbol, count in parts}


def counts_of(atoms: Atoms) -> dict[str, float]:
    """Elements and their numbers in a structure."""
    symbols = atoms.get_chemical_symbols()
    return {symbol: float(symbols.count(symbol)) for symbol in set(symbols)}


def same_ratio(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether two formulae are of one composition; two empty ones aren't."""
    if set(one) != set(other) or not one:
        return False
    ratios = [one[symbol] / other[symbol] for symbol in one if other[symbol]]
    return len(ratios) == len(one) and max(ratios) - min(ratios) < 1e-3 * max(ratios)


def stated_formula(text: str) -> dict[str, float]:
    """Elements and their numbers by ``_chemical_formula_sum``; empty where the file doesn't tell."""
    found = FORMULA_SUM.search(text)
    return formula_in(next(filter(None, found.groups()), "")) if found else {}
