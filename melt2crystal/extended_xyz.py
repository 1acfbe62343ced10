"""Extended XYZ in the plain form this workflow writes, read and written without ``ase.io``.

A job between engines takes half a CPU second; importing ``ase.io``, with all of scipy that it brings, takes another. So
frames of the plain form (species, positions, perhaps forces; energy, stress, words and numbers) are read and
written here, to the same ``Atoms`` and the same bytes; both functions answer None to any others, which are ASE's.
"""

import re
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from ase import Atoms
from ase.calculators.calculator import all_properties
from ase.calculators.singlepoint import SinglePointCalculator
from ase.data import atomic_numbers
from ase.stress import voigt_6_to_full_3x3_stress

COLUMNS = {"species:S:1:pos:R:3": 4, "species:S:1:pos:R:3:forces:R:3": 7}
WORD = r"""[^\s"'{}\[\]=\\,]+"""  # needs no quotes and is one value
PAIR = re.compile(rf"""([A-Za-z_]\w*)=(?:"([^"\\]*)"|({WORD}))(?:\s+|$)""", re.ASCII)
TRUTHS = {
    "T": True,
    "true": True,
    "True": True,
    "TRUE": True,
    "F": False,
    "false": False,
    "False": False,
    "FALSE": False,
}
VOIGT = [0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]  # xx yy zz yz xz xy
ASYMMETRIC = 1e-4  # eV/Å³
RESULTS = ("energy", "forces", "stress")
# names stay texts: 0001, 1e3 and 1000.0 are three structures
TEXTS = ("frame_id", "id", "origin", "polymorph", "settings_digest", "walk")
_COLUMNS = re.compile(r":[RISL]:(\d+)")
_STRESS = re.compile(r"""(?<!\S)stress=(?:"([^"]*)"|'([^']*)')""")
_DELIMITED = re.compile(r"""\"((?:[^"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)'|\{([^}]*)\}|\[([^]]*)\]""")
_TOLD = re.compile(r"([^\s=]+)\s*=\s*(\S*)")
_TEXT = re.compile(rf"""(?<!\S)({"|".join(TEXTS)})=(?:"([^"]*)"|'([^']*)'|(\S+))""")


class _Foreign(Exception):
    """Not of the plain form."""


def parse(text: str) -> list[Atoms] | None:
    """The frames of an extended XYZ text as ``ase.io.read`` gives them, but for names (``TEXTS``), which stay texts.

    None if one of them isn't of the plain form.
    """
    lines = text.split("\n")
    while lines and not lines[-1].strip():
        lines.pop()
    frames, start = [], 0
    try:
        while start < len(lines):
            count = int(lines[start])
            frames.append(_frame(lines[start + 1], lines[start + 2 : start + 2 + count], count))
            start += 2 + count
    except (_Foreign, ValueError, IndexError, KeyError):  # ASE reads it, or says what is wrong with it
        return None
    return frames


def without_blank_lines(text: str) -> str:
    """The text without blank lines before its frames: for ASE they end the file, and the rest would be lost."""
    lines = text.split("\n")
    kept, start = [], 0
    while start < len(lines):
        if not lines[start].strip():
            start += 1
            continue
        try:
            count = max(int(lines[start]), 0)
        except ValueError:  # ASE says what is wrong
            count = len(lines)
        kept += lines[start : start + 2 + count]
        start += 2 + count
    return "\n".join(kept) + "\n"


def told_twice(text: str) -> str:
    """A key that the comment line of a frame gives two values, in words, or an empty text: ASE takes the last."""
    lines = text.split("\n")
    start = frame = 0
    while start + 1 < len(lines) and lines[start].strip().isdecimal():
        told: dict[str, str] = {}
        # blanks and signs within quotes or brackets part nothing
        comment = _DELIMITED.sub(lambda found: re.sub(r"[\s=]", "\0", found[found.lastindex or 0]), lines[start + 1])
        for key, value in _TOLD.findall(comment):
            if told.setdefault(key, value) != value:
                one, other = (words.replace("\0", " ")[:40] for words in (told[key], value))
                return f"frame {frame} gives {key[:40]} twice, {one!r} and {other!r}: take the wrong one out"
        start, frame = start + 2 + int(lines[start]), frame + 1
    return ""


def impossible_size(text: str) -> str:
    """Why the numbers of atoms or columns that a text states can't be, in words, or an empty text.

    ASE counts up to whatever number a file names; where no number stands it says so itself.
    """
    lines = text.rstrip().split("\n")
    start = frame = 0
    while start < len(lines):
        try:
            count = int(lines[start])
        except ValueError:
            return ""
        left = len(lines) - start - 2
        if not 0 <= count <= max(left, 0):
            shown = lines[start].strip()
            shown = shown if len(shown) < 30 else f"{shown[:20]}... ({len(shown)} digits)"
            return f"frame {frame} says {shown} atoms, but {max(left, 0)} lines follow its comment: is the file cut?"
        for columns in _COLUMNS.findall(lines[start + 1]) if left > 0 else ():
            if len(columns) > 3 and int(columns[:9]) > len(lines[start + 2]):
                return (
                    f"frame {frame} says {columns[:20]} columns in Properties, more than its lines can hold: correct it"
                )
        start, frame = start + 2 + count, frame + 1
    return ""


def _frame(comment: str, rows: Sequence[str], count: int) -> Atoms:
    info = _pairs(comment.strip())
    width = COLUMNS[info.pop("Properties")]
    cell = _numbers(info.pop("Lattice"))
    if info.pop("pbc", "T T T") != "T T T":
        raise _Foreign
    # lists of another length make numpy raise ValueError
    cells = np.array([row.split() for row in rows]).reshape(count, width)
    if not {*cells[:, 0]} <= atomic_numbers.keys():
        raise _Foreign
    numbers = cells[:, 1:].astype(float)
    results: dict[str, Any] = {"forces": numbers[:, 3:]} if width == 7 else {}
    for name in [name for name in info if name in all_properties]:
        results[name] = _result(name, info.pop(name))
    values = {name: str(word) if name in TEXTS else _value(word) for name, word in info.items()}
    atoms = Atoms(list(cells[:, 0]), positions=numbers[:, :3], cell=cell.reshape(3, 3), pbc=True, info=values)
    if results:
        atoms.calc = SinglePointCalculator(atoms, **results)
    return atoms


def _pairs(comment: str) -> dict[str, str]:
    """Key -> text of its value."""
    pairs: dict[str, str] = {}
    end = 0
    while end < len(comment):
        found = PAIR.match(comment, end)
        if found is None:
            raise _Foreign
        value = found[2] if found[3] is None else found[3]
        if pairs.setdefault(found[1], value) != value:
            raise _Foreign  # refused by ``told_twice``
        end = found.end()
    return pairs


def _numbers(text: str) -> np.ndarray:
    return np.array(text.split(), dtype=float)


def _result(name: str, text: str) -> Any:
    if name == "energy":
        return _value(text)
    if name == "stress":
        return stress_of(_numbers(text))
    raise _Foreign


def stress_of(numbers: np.ndarray) -> np.ndarray:
    """Nine numbers as xx yy zz yz xz xy, as ASE has them; whole [3, 3] where xy and yx are not the same.

    ASE would leave yx, zx and zy out, and none could see that they differ.
    """
    whole = numbers.reshape(3, 3, order="F")
    upper: np.ndarray = whole[VOIGT]
    return whole if np.abs(whole - whole.T).max() > ASYMMETRIC else upper


def _value(text: str) -> Any:
    """A number, a truth value, or a text of one or several words."""
    words = text.split(" ")
    if not all(re.fullmatch(WORD, word) for word in words) or words[0] == "_JSON":
        raise _Foreign
    values = [_one(word) for word in words]
    if len(words) > 1 and not any(isinstance(value, str) for value in values):
        raise _Foreign  # a list
    return values[0] if len(words) == 1 else text


def _one(word: str) -> Any:
    for kind in (int, float):
        try:
            return np.array([word], dtype=kind)[0]
        except (ValueError, OverflowError):
            continue
    return TRUTHS.get(word, word)


def with_texts(frames: list[Atoms], text: str) -> list[Atoms]:
    """Frames that ASE has read from a text, with names and an asymmetric stress as the text has them."""
    lines = iter(text.split("\n"))
    for atoms in frames:
        count = next((line for line in lines if line.strip()), "")
        comment = next(lines, "")
        if count.split()[:1] != [str(len(atoms))]:
            return frames  # something stands between the frames
        for name, *words in _TEXT.findall(comment):
            if name in atoms.info:
                atoms.info[name] = next(filter(None, words), "")
        for words in _STRESS.findall(comment):
            if len(numbers := next(filter(None, words), "").split()) == 9:
                atoms.calc.results["stress"] = stress_of(np.array(numbers, dtype=float))
        for _ in range(len(atoms)):
            next(lines, "")
    return frames


def render(frames: Sequence[Atoms]) -> str | None:
    """The frames as ``ase.io.write`` writes them; None if one of them isn't of the plain form."""
    try:
        return "".join(map(_text, frames))
    except _Foreign:
        return None


def _text(atoms: Atoms) -> str:
    results = dict(atoms.calc.results) if atoms.calc else {}
    plain = {*atoms.arrays} == {"numbers", "positions"} and len(atoms) and atoms.cell.any() and not atoms.constraints
    if not plain or not {*results} <= {*RESULTS} or {*atoms.info} & {*all_properties, "Lattice", "Properties", "pbc"}:
        raise _Foreign
    columns, width = [atoms.positions], 4
    if "forces" in results:
        columns, width = [atoms.positions, results.pop("forces")], 7
    words = [f'Lattice="{_listed(atoms.cell.array.ravel())}"']
    words += ["Properties=" + next(name for name, columns in COLUMNS.items() if columns == width)]
    words += [f"{_key(key)}={_word(value)}" for key, value in atoms.info.items()]
    for name, value in results.items():
        words.append(f"energy={value}" if name == "energy" else f'stress="{_listed(_full(value).ravel(order="F"))}"')
    words.append('pbc="' + " ".join("T" if periodic else "F" for periodic in atoms.pbc) + '"')
    row = "%-2s" + (width - 1) * " %16.8f" + "\n"
    numbers = np.concatenate(columns, axis=1).tolist()
    rows = (row % (symbol, *values) for symbol, values in zip(atoms.symbols, numbers, strict=True))
    return f"{len(atoms)}\n{' '.join(words)}\n" + "".join(rows)


def _listed(values: np.ndarray) -> str:
    return " ".join(map(str, values))


def _full(stress: np.ndarray) -> np.ndarray:
    return voigt_6_to_full_3x3_stress(stress) if np.shape(stress) == (6,) else np.asarray(stress)


def _key(key: Any) -> str:
    if not isinstance(key, str) or not re.fullmatch(r"[A-Za-z_]\w*", key, re.ASCII):
        raise _Foreign
    return key


def _word(value: Any) -> str:
    if isinstance(value, (bool, np.bool_)):
        return "T" if value else "F"
    if isinstance(value, Real):
        return f"{value}"
    if isinstance(value, str) and all(re.fullmatch(WORD, word) for word in value.split(" ")):
        return f'"{value}"' if " " in value else value
    raise _Foreign
