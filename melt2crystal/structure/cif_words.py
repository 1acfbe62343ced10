"""What a CIF says in words: elements, cell, symbols of space groups in all settings, and formulae.

Space groups are those of spglib's table of Hall's 530: S. R. Hall, Acta Cryst. A37, 517 (1981).
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ase import Atoms

FORMULA_SUM = re.compile(r"^\s*_chemical_formula_sum\s+(?:'([^']*)'|\"([^\"]*)\"|(\S+))", re.IGNORECASE | re.MULTILINE)

CARTESIAN_A = 0.05  # by which Cartesian positions, often of three digits, may differ from fractional ones
# tag -> values that change nothing, and what the others mean
MORE_THAN_SITES = {
    "_atom_site_disorder_group": (("0",), "the site is one of several choices; take an ordered structure"),
    "_atom_site_disorder_assembly": (("0",), "the site is one of several choices; take an ordered structure"),
    "_atom_site_calc_flag": (("d", "calc", "c"), "it holds no atom (dum); take the site out"),
    "_atom_site_attached_hydrogens": (("0",), "these hydrogens have no sites; give each hydrogen a site of its own"),
    "_cell_modulation_dimension": (("0",), "the crystal is modulated; take an approximant that is periodic"),
    "_cell_subsystems_number": (("0", "1"), "the crystal is a composite; take an approximant that is periodic"),
}


class _Hall(NamedTuple):
    hall: int
    number: int
    choice: str
    names: set[str]


def settings_of(symbol: str, number: int, gamma_degrees: float) -> dict[int, int]:
    """Origin (1, 2) -> number of its operators in S. R. Hall's table, for a symbol, else a number; P 1 for neither.

    Axes of rhombohedral groups are those of the cell.

    Raises:
        KeyError: the table doesn't know them.
        ValueError: the symbol and the number are of different groups.
    """
    table = _hall_table()
    rows = [row for row in table if _plain(symbol) in row.names] if symbol else []
    if not rows and symbol and not number:
        raise KeyError(symbol)
    if rows and number and all(row.number != number for row in rows):
        raise ValueError(number)
    if not rows:
        of_number = [row for row in table if row.number == (number or 1)]
        rows = [row for row in of_number if row.choice in ("1", "2", "H", "R")] or of_number[:1]
    if any(row.choice == "R" for row in rows):
        axes = "H" if abs(gamma_degrees - 120) < 1 else "R"
        return dict.fromkeys((1, 2), next(row.hall for row in rows if row.choice == axes))
    second = [row for row in rows if row.choice.startswith("2")]
    first = [row for row in rows if row not in second]
    return {origin: some[0].hall for origin, some in ((1, first), (2, second)) if some}


@cache
def _hall_table() -> list[_Hall]:
    """The 530 settings of the space groups with their symbols, as spglib has them."""
    import spglib  # where it is asked: planning a study needs no table

    table: list[_Hall] = []
    for hall in range(1, 531):
        kind: Any = spglib.get_spacegroup_type(hall)
        names = {_plain(kind.international_full), *(map(_plain, kind.international.split("=")[1:]))}
        if not table or table[-1].number != kind.number or kind.choice in ("1", "2", "H", "R"):
            names |= {_plain(kind.international_short), _plain(kind.international.split("=")[0])}
        if kind.choice.lstrip("-").startswith("b"):  # monoclinic, axis b: I 1 2/a 1 is I 2/a
            letter, *axes = kind.international_full.split()
            names.add(_plain(letter + "".join(axis for axis in axes if axis != "1")))
        table.append(_Hall(hall, int(kind.number), str(kind.choice), names))
    return table


def _plain(symbol: str) -> str:
    return re.sub(r"[\s_]", "", symbol).lower()


def operators(hall: int) -> list[str]:
    """Operators of a setting, as a CIF lists them."""
    import spglib

    found: Any = spglib.get_symmetry_from_database(hall)
    return [_as_text(*one) for one in zip(found["rotations"], found["translations"], strict=True)]


def moved_along_c(hall: int) -> list[list[str]]:
    """Operators of a setting with the origin moved along c by twelfths, each set once; none where c is no main axis.

    The International Tables of 1952, and files that follow them, have another origin for groups such as P 32 2 1.
    """
    import spglib

    kind: Any = spglib.get_spacegroup_type(hall)
    found: Any = spglib.get_symmetry_from_database(hall)
    sets: dict[frozenset[str], list[str]] = {}
    for twelfths in range(12 if 75 <= kind.number <= 194 else 0):
        texts = []
        for rotation, translation in zip(found["rotations"], found["translations"], strict=True):
            z = translation[2] + twelfths / 12 * (1 - rotation[2][2])
            texts.append(_as_text(rotation, [translation[0], translation[1], (z + 1e-9) % 1]))
        sets.setdefault(frozenset(texts), texts)
    return list(sets.values())


def _as_text(rotation: Sequence[Sequence[int]], translation: Sequence[float]) -> str:
    rows = []
    for row, shift in zip(rotation, translation, strict=True):
        terms = "".join(f"{'+' if step > 0 else '-'}{axis}" for step, axis in zip(row, "xyz", strict=True) if step)
        rows.append(f"{terms}+{Fraction(float(shift)).limit_denominator(24)}")
    return ",".join(rows)


def _known() -> set[str]:
    from ase.data import chemical_symbols

    return set(chemical_symbols[1:])


def elements_of_symbol(name: str) -> list[str]:
    """The element that a type symbol names, ``Si4+`` or ``SI``; none if it names none. Deuterium is hydrogen."""
    letters = re.match(r"[A-Za-z]*", name).group().capitalize()  # type: ignore[union-attr]
    return ["H"] if letters in ("D", "T") else [letters] if letters in _known() else []


def elements_of_label(name: str) -> list[str]:
    """Elements that a label may begin with. ``Si1`` is silicon, as it is spelt; ``CO1`` is carbon or cobalt."""
    letters = re.match(r"[A-Za-z]*", name).group()  # type: ignore[union-attr]
    two, one = letters[:2].capitalize(), letters[:1].upper()
    choices = [symbol for symbol in dict.fromkeys((two, one)) if symbol in _known() or symbol == "D"]
    spelt = letters[:2] in choices and letters[1:2].islower()
    return ["H" if symbol == "D" else symbol for symbol in (choices[:1] if spelt else choices)]


def cell_problem(cell: Sequence[float]) -> str:
    """Why three lengths (Å) and three angles (degrees) make no cell, in words, or an empty text."""
    lengths, angles = cell[:3], cell[3:]
    if not all(0 < length < math.inf for length in lengths):
        return f"cell lengths {', '.join(f'{length:g}' for length in lengths)}: correct them (finite, in Å)"
    said = ", ".join(f"{angle:g}" for angle in angles)
    if all(0 < angle < 180 for angle in angles):
        a, b, c = (math.cos(math.radians(angle)) for angle in angles)
        if 1 + 2 * a * b * c - a * a - b * b - c * c > 1e-9:
            return ""
    return (
        f"no cell has the angles {said} (degrees): the vectors would lie in one plane or miss each other; correct them"
    )


def unread(tags: Mapping[str, Any]) -> str:
    """What a file says of its crystal that sites, cell and operators don't hold, in words, or an empty text."""
    for tag, (harmless, what) in MORE_THAN_SITES.items():
        for number, value in enumerate(column(tags, tag), 1):
            if str(value).lower() not in ("", ".", "?", *harmless):
                place = f"site {number}: " if tag.startswith("_atom_site") else ""
                return f"{place}{tag} is {value}: {what}"
    for beginning in ("_atom_site_moment", "_space_group_symop_magn", "_atom_site_fourier", "_space_group_ssg"):
        if tag := next((tag for tag in tags if tag.startswith(beginning)), ""):
            return f"it has {tag}: magnetic and modulated structures can't be held here; take one without"
    return ""


def positions_problem(
    tags: Mapping[str, Any], fractions: Sequence[str], positions: Sequence[str], cell: Sequence[float]
) -> str:
    """How Cartesian positions, where a file has both, contradict the fractional ones, in words, or an empty text.

    Distances to four points are compared, since the axes may be turned and the origin moved.
    """
    import numpy as np
    from ase.geometry import cellpar_to_cell

    if fractions[0] not in tags or positions[0] not in tags:
        return ""
    rows = list(zip(*(column(tags, tag) for tag in (*fractions, *positions)), strict=False))
    numbers = [row for row in rows if all(isinstance(value, (int, float)) for value in row)]
    if not any(tag.startswith("_atom_sites_cartn_tran") for tag in tags):
        numbers.insert(0, (0.0,) * 6)
    sites = np.array(numbers, dtype=float).reshape(-1, 6)
    by_fractions, by_positions = (
        np.linalg.norm(points[:, None] - points[:4], axis=-1)
        for points in (sites[:, :3] @ cellpar_to_cell(cell), sites[:, 3:])
    )
    apart = float(np.abs(by_fractions - by_positions).max(initial=0.0))
    if apart <= CARTESIAN_A:
        return ""
    return f"{positions[0]}, ... puts sites {apart:.2f} Å from where {fractions[0]}, ... does; take the wrong ones out"


def column(tags: Mapping[str, Any], name: str) -> list[Any]:
    """The values of a tag, of a loop or alone; none where it is missing."""
    value = tags.get(name, [])
    return value if isinstance(value, list) else [value]


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
