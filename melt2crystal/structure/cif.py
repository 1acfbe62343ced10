"""The one reader of CIF files, on top of ASE's parser: nothing in the file is dropped, nothing is guessed unsaid.

A file holds one crystal, each site one element, fully there. Listed operators count; a symbol or number of the space
group counts where none are listed. S. R. Hall, F. H. Allen, I. D. Brown, Acta Cryst. A47, 655 (1991).

ASE and spglib are imported where they are called: which elements a file names can be told without them.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from melt2crystal.errors import UserError
from melt2crystal.structure import cif_words

if TYPE_CHECKING:
    from ase import Atoms
    from ase.io.cif import CIFBlock

LARGEST_BYTES = 20_000_000  # a crystal has kilobytes; with all its reflections, megabytes
NEAREST_A = 0.4  # two atoms closer than this are two descriptions of one site
ONE_PLACE = "sites in one place"  # under the operators that were tried
SHARED = "shared; take an ordered structure, or a supercell in which each site holds one atom"
TWICE = "said twice: take one out, or the operators but x,y,z where all atoms of the cell are listed"
FULL = 0.005  # an occupancy that differs from 1 by less is 1
OPERATORS = (
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
)
SYMBOLS = ("_space_group_name_h-m_alt", "_symmetry_space_group_name_h-m")
NUMBERS = ("_space_group_it_number", "_space_group.it_number", "_symmetry_int_tables_number")
SETTINGS = ("_symmetry_space_group_setting", "_space_group_crystal_system", "_symmetry_cell_setting")
ORIGIN_CODES = ("_space_group_it_coordinate_system_code", "_symmetry_space_group_setting")
FRACTIONS = ("_atom_site_fract_x", "_atom_site_fract_y", "_atom_site_fract_z")
POSITIONS = ("_atom_site_cartn_x", "_atom_site_cartn_y", "_atom_site_cartn_z")
CELL = (*(f"_cell_length_{axis}" for axis in "abc"), *(f"_cell_angle_{name}" for name in ("alpha", "beta", "gamma")))
# "F d -3 m :2", "F d -3 m Z", "R -3 m H" -> setting in ASE's table: origin or axes of choice 1, or 2
ORIGIN = re.compile(r"(?:\s*:\s*([12HR])|\s+([SZHR]))$", re.IGNORECASE)
SETTING_OF = {"1": 1, "S": 1, "H": 1, "2": 2, "Z": 2, "R": 2}
OPERATOR = re.compile(r"(?:[\s\d./*+-]*[xyz\d][\s\d./*+xyz-]*,){2}[\s\d./*+-]*[xyz\d][\s\d./*+xyz-]*", re.IGNORECASE)
SAME_SITE = re.compile(r"scaled_positions (\d+) and (\d+) are equivalent")  # what ASE warns of


def read_cif(path: Path) -> Atoms:
    """All atoms of the cell of the one crystal in a CIF file.

    Raises:
        UserError: it is no CIF, holds several crystals, or lacks or blurs what makes one; the message says where.
    """
    from melt2crystal.structure.frame_check import structure_problem

    block = _the_block(path)
    tags: dict[str, Any] = dict(block)
    where = f"{path}, data_{block.name}"
    lacking = [tag for tag in CELL if not isinstance(tags.get(tag), (int, float))]
    if lacking:
        raise UserError(f"{where}: {lacking[0]} is no number; complete the cell")
    tags["_atom_site_type_symbol"] = _elements(tags, where)
    if problem := cif_words.cell_problem([tags[tag] for tag in CELL]) or cif_words.unread(tags):
        raise UserError(f"{where}: {problem}")
    _whole_sites(tags, where)
    atoms = _listed(block.name, tags, where) if _first(tags, OPERATORS) else _from_symbol(block.name, tags, where)
    if problem := atoms.info.pop(ONE_PLACE, "") or structure_problem(atoms):
        raise UserError(f"{where}: {problem}")
    stated = cif_words.formula_in(str(tags.get("_chemical_formula_sum", "")))
    if stated and not cif_words.same_ratio(cif_words.counts_of(atoms), stated):
        raise UserError(
            f"{where}: its sites and operators make {atoms.symbols.formula}, but _chemical_formula_sum is "
            f"{tags['_chemical_formula_sum']}: correct the one that is wrong"
        )
    _apart(atoms, where)  # in too narrow a cell it would have no end
    return atoms


def text_of(path: Path) -> str:
    """A CIF file as text: UTF-8 with or without a byte-order mark, else Latin-1; lines end in a line feed."""
    if path.stat().st_size > LARGEST_BYTES:
        raise UserError(f"{path}: is larger than {LARGEST_BYTES // 10**6} MB; a CIF file of one crystal is small")
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def of_composition(paths: Iterable[Path], formula: Mapping[str, int]) -> list[Path]:
    """Those CIF files that may hold a crystal of a substance; another substance's file is left out.

    What a file states is believed (``_chemical_formula_sum``); where it states nothing it is read. A file that can't be
    read stays: whoever uses it says so.
    """
    return [path for path in paths if _may_hold(path, formula)]


def _may_hold(path: Path, formula: Mapping[str, int]) -> bool:
    try:
        text = text_of(path)
        stated = cif_words.stated_formula(text) if len(re.findall(r"(?im)^data_", text)) == 1 else {}
        return cif_words.same_ratio(stated or cif_words.counts_of(read_cif(path)), formula)
    except (UserError, OSError):
        return True


def unsaid_origin(path: Path) -> str:
    """A remark on a file that lists no operators and doesn't say which origin of its group it uses, else nothing."""
    tags: dict[str, Any] = dict(_the_block(path))
    symbol = str(_first(tags, SYMBOLS) or "").strip()
    if _first(tags, OPERATORS) or ORIGIN.search(symbol) or _first(tags, ORIGIN_CODES):
        return ""
    settings = cif_words.settings_of(symbol, int(_first(tags, NUMBERS) or 0), tags[CELL[-1]])
    if len(set(settings.values())) < 2:
        return ""
    return f" (read with origin 1 of {symbol}, which the file doesn't name: is it '{symbol} :2'?)"


def _the_block(path: Path) -> CIFBlock:
    from ase.io.cif import parse_cif

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            blocks = list(parse_cif(io.StringIO(text_of(path))))
    except UserError:
        raise
    except Exception as error:  # ASE raises many kinds on broken files
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path}: is no CIF file that can be read ({reason}); take a complete one") from error
    filled = [block for block in blocks if FRACTIONS[0] in block or POSITIONS[0] in block]
    if not filled:
        raise UserError(f"{path}: holds no atoms (_atom_site_fract_x, ...); take a complete CIF file")
    if len(filled) > 1:
        names = ", ".join(f"data_{block.name}" for block in filled[:6]) + (", ..." if len(filled) > 6 else "")
        raise UserError(
            f"{path}: holds {len(filled)} crystals ({names}); put the one that is meant into a file of its own"
        )
    return filled[0]


def _first(tags: Mapping[str, Any], names: Iterable[str]) -> Any:
    """The first of the tags that says something."""
    return next((tags[name] for name in names if tags.get(name) not in (None, "", ".", "?", [])), None)


# ---- sites


def _elements(tags: Mapping[str, Any], where: str) -> list[str]:
    """The element of each site: by its type symbol (``Si4+``), else by its label (``Si1``, ``Obr``)."""
    symbols, labels = cif_words.column(tags, "_atom_site_type_symbol"), cif_words.column(tags, "_atom_site_label")
    stated = set(cif_words.formula_in(str(tags.get("_chemical_formula_sum", ""))))
    elements = []
    for index in range(len(symbols or labels)):
        name = str((symbols or labels)[index])
        choices = cif_words.elements_of_symbol(name) if symbols else cif_words.elements_of_label(name)
        if len(choices) > 1:
            choices = [one for one in choices if one in stated]
        if len(choices) != 1:
            kind = "type symbol" if symbols else "label"
            raise UserError(
                f"{where}: site {index + 1}: the {kind} {name!r} does not say which element it is; "
                "give _atom_site_type_symbol, for example Si or O"
            )
        elements.append(choices[0])
    if not elements:
        raise UserError(f"{where}: the sites name no elements; give _atom_site_type_symbol")
    return elements


def _whole_sites(tags: dict[str, Any], where: str) -> None:
    """Refuse coordinates that are no numbers and sites that are not there, or shared; the occupancies are then gone."""
    names, elements = cif_words.column(tags, "_atom_site_label"), tags["_atom_site_type_symbol"]
    sites = [f"site {names[k] if k < len(names) else k + 1} ({element})" for k, element in enumerate(elements)]
    for tag in FRACTIONS if FRACTIONS[0] in tags else POSITIONS:
        values = cif_words.column(tags, tag)
        tags[tag] = values
        for site, value in zip(sites, values, strict=False):
            if not isinstance(value, (int, float)):
                raise UserError(f"{where}: {site}: {tag} is {value!r}, no number; complete the coordinates")
        if len(values) != len(sites):
            raise UserError(f"{where}: {tag} is given for {len(values)} of {len(sites)} sites; complete the table")
    if problem := cif_words.positions_problem(tags, FRACTIONS, POSITIONS, [tags[tag] for tag in CELL]):
        raise UserError(f"{where}: {problem}")
    for site, value in zip(sites, cif_words.column(tags, "_atom_site_occupancy"), strict=False):
        if value in (".", "?"):
            continue  # CIF's default: 1
        if not isinstance(value, (int, float)) or abs(value - 1) > FULL:
            raise UserError(
                f"{where}: {site}: occupancy {value}; a crystal here has whole atoms: take an ordered structure, or a "
                "supercell in which each site holds one atom"
            )
    tags.pop("_atom_site_occupancy", None)


def _apart(atoms: Atoms, where: str) -> None:
    """Refuse two atoms in one place: a site that is shared or split, without occupancies that would say so."""
    from ase.neighborlist import neighbor_list

    first, second, distances = neighbor_list("ijd", atoms, NEAREST_A)
    if len(distances):
        one, other = (atoms.symbols[index[distances.argmin()]] for index in (first, second))
        raise UserError(
            f"{where}: atoms of {one} and {other} are {distances.min():.2f} Å apart: a shared or split site, or "
            "operators that don't belong to these coordinates; take an ordered structure with its operators"
        )


# ---- symmetry


def _listed(name: str, tags: dict[str, Any], where: str) -> Atoms:
    """The cell by the operators that the file lists, whatever symbol stands beside them."""
    for number, operator in enumerate(operators_listed(tags), 1):
        if not OPERATOR.fullmatch(operator.strip()):
            raise UserError(f"{where}: operator {number} is {operator!r}; operators look like 'x-y, -y, z+1/2'")
    kept = {tag: value for tag, value in tags.items() if tag not in (*SYMBOLS, *NUMBERS, *SETTINGS)}
    return _built(name, {**kept, NUMBERS[0]: 1}, where)


def _from_symbol(name: str, tags: dict[str, Any], where: str) -> Atoms:
    """The cell by the tables, where the file lists no operators.

    Where a group has two origins and the file names none, the one that makes the stated formula is taken, else the
    first.
    """
    symbol, number = str(_first(tags, SYMBOLS) or "").strip(), _first(tags, NUMBERS)
    code = ORIGIN.search(symbol) or ORIGIN.search(f" :{_first(tags, ORIGIN_CODES) or ''}")
    symbol = ORIGIN.sub("", symbol)
    wanted = [SETTING_OF[(code.group(1) or code.group(2)).upper()]] if code else [1, 2]
    try:
        settings = cif_words.settings_of(symbol, int(number or 0), tags["_cell_angle_gamma"])
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{where}: no table here knows the space group {symbol or number!r}; list the operators ({OPERATORS[0]})"
        ) from error
    kept = {tag: value for tag, value in tags.items() if tag not in (*SYMBOLS, *NUMBERS, *SETTINGS)}
    kept[NUMBERS[0]] = 1
    found = [
        _built(name, {**kept, OPERATORS[0]: cif_words.operators(settings[one])}, where)
        for one in wanted
        if one in settings
    ]
    if not found:
        raise UserError(f"{where}: {symbol or number} has no second origin; list the operators ({OPERATORS[0]})")
    stated = cif_words.formula_in(str(tags.get("_chemical_formula_sum", "")))
    right = [atoms for atoms in found if cif_words.same_ratio(cif_words.counts_of(atoms), stated)]
    if stated and not right and not code:  # an older origin, if there is one alone that makes the formula
        moved = [_built(name, {**kept, OPERATORS[0]: texts}, where) for texts in cif_words.moved_along_c(settings[1])]
        fitting = [atoms for atoms in moved if cif_words.same_ratio(cif_words.counts_of(atoms), stated)]
        right = fitting if len(fitting) == 1 else []
    if stated and not right:
        raise UserError(
            f"{where}: by the tables' operators of {symbol or number} its sites make {found[0].symbols.formula}, "
            f"but the file says {tags['_chemical_formula_sum']}: it has another origin or other axes; list its "
            f"operators ({OPERATORS[0]})"
        )
    return right[0] if len(right) == 1 else found[0]


def operators_listed(tags: Mapping[str, Any]) -> list[str]:
    """Symmetry operators that a block lists, none if it leaves them to its symbol."""
    found = _first(tags, OPERATORS)
    return [] if found is None else [str(one) for one in (found if isinstance(found, list) else [found])]


def _built(name: str, tags: dict[str, Any], where: str) -> Atoms:
    from ase.io.cif import CIFBlock

    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            atoms = CIFBlock(name, tags).get_atoms()
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise UserError(
            f"{where}: its space group or operators can't be read ({reason}); list the operators ({OPERATORS[0]})"
        ) from error
    elements = tags["_atom_site_type_symbol"]
    for one, other in (map(int, pair) for warning in told for pair in SAME_SITE.findall(str(warning.message))):
        advice = TWICE if elements[one] == elements[other] else SHARED  # ASE keeps the first alone
        atoms.info[ONE_PLACE] = (
            f"sites {one + 1} and {other + 1} ({elements[one]}, {elements[other]}) are one place, {advice}"
        )
    return atoms
