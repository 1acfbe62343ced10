"""A LAMMPS include file of a potential: its species, the parameter files it names, and how its text reaches LAMMPS.

LAMMPS runs in a folder of its own, where a relative name leads nowhere. So names of parameter files are looked for
beside the include file, in the folder the study runs in, and where LAMMPS looks (LAMMPS_POTENTIALS); LAMMPS is given
the paths found. A path with a blank, a quote, ``$`` or another letter that means something to LAMMPS is never pasted:
LAMMPS gets a link of a plain name.
"""

import functools
import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ase.data import atomic_numbers

from melt2crystal.errors import UserError
from melt2crystal.files import digest_of_file

PLAIN = re.compile(r"[\w./+,:=@%-]+", re.ASCII)
WORD = re.compile(r'#.*|"""(.*?)"""|"([^"]*)"|\'([^\']*)\'|([^\s#]+)')
VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w)")
CONTINUED = re.compile(r"&[ \t]*\n")
# commands that write, or whose words are text
HIDING = re.compile(r"\b(?:include|pair_coeff|jump)\b")  # commands inside the words of another one
SAYING = ("print", "log", "dump", "echo", "write_data", "write_dump", "write_restart", "restart", "shell", "if")


def check_potential(path: Path, species: Sequence[str]) -> str:
    """Absolute path of a potential include file whose '# species:' line names the types in the right order.

    Raises:
        UserError: missing file or other species.
    """
    named = species_of(path, species)
    if named != list(species):
        raise UserError(
            f"{path}: written for the species {' '.join(named)}, the substance has {' '.join(species)} "
            "(same elements in the same order are needed)"
        )
    return str(path.resolve())


def species_of(path: Path, expected: Sequence[str] = ("Si", "O")) -> list[str]:
    """Elements of the types 1, 2, ... of a potential include file, from its line '# species:'.

    Args:
        expected: what a file without the line is told to say.

    Raises:
        UserError: no such file, or no such line.
    """
    if not path.exists():
        raise UserError(f"{path}: this LAMMPS potential file does not exist; name one that does in the study")
    for line in _text(path).splitlines():
        if line.startswith("# species:"):
            return line.split(":", 1)[1].split()
    raise UserError(f"{path}: has no line '# species: {' '.join(expected)}', which says what its types 1, 2, ... are")


def potential_commands(path: Path, species: Sequence[str], accuracy: float) -> str:
    """Commands that switch on a classical potential after the box exists."""
    check_potential(path, species)
    text, files = _resolved(path, ())
    included = _written(text) if files else lammps_word(path)
    return f"variable accuracy string {accuracy:g}\ninclude {included}\n"


def potential_files(path: str | Path) -> list[str]:
    """An include file, as it was named, and every file it names: all that the numbers of a potential depend on."""
    given = Path(path)
    if not given.is_file():
        return [str(path)]  # told by check_potential
    return [str(path), *map(str, dict.fromkeys(_resolved(given, ())[1]))]


def missing_files(path: Path) -> list[str]:
    """Names of files that an include file gives its commands, and that lie nowhere they are looked for.

    Raises:
        UserError: it includes itself, names a file that may be one of two, or hides commands inside an ``if``.
    """
    _resolved(path, ())
    lacking, styles = [], set()
    for line in _lines(path):
        command, *words = [word for _, _, word in _words(line)] or [""]
        if command == "pair_style":
            styles.update(words)
        if command not in ("include", "pair_coeff"):
            continue
        for word in words:
            looks = _may_be_file(command, word, styles) and (command == "include" or "." in word or "/" in word)
            if looks and not VARIABLE.search(word) and file_named(word, path) is None:
                lacking.append(word)
    return lacking


def potential_digests(path: Path) -> list[str]:
    """SHA-256 of the include file, then of the files it names, in their order there."""
    return [digest_of_file(Path(name)) for name in potential_files(path)]


def lammps_word(path: Path) -> str:
    """A file's name as one word of a LAMMPS input; a link of a plain name where the path isn't plain."""
    absolute = path.absolute()
    if PLAIN.fullmatch(str(absolute)):
        return str(absolute)
    number = hashlib.sha256(os.fsencode(absolute)).hexdigest()[:12]
    suffix = path.suffix if PLAIN.fullmatch(path.suffix or ".") else ""
    link = Path(_links().name) / f"file-{number}{suffix}"
    if not link.is_symlink():
        link.symlink_to(absolute)
    return _quoted(link)


def _quoted(path: Path) -> str:
    """Of a file in the system's folder of temporary files, whose name we don't choose."""
    text = str(path)
    if PLAIN.fullmatch(text):
        return text
    for quote in "\"'":
        if quote not in text and text.isprintable():
            return f"{quote}{text}{quote}"
    raise UserError(f"{path.parent}: LAMMPS can't read a file in a folder of this name; name another one in TMPDIR")


@functools.cache
def _links() -> tempfile.TemporaryDirectory:
    """Where links and rewritten include files are; it goes with the process."""
    return tempfile.TemporaryDirectory(prefix="lammps-files-")


def _written(text: str) -> str:
    content = text.encode("utf-8", "surrogateescape")
    path = Path(_links().name) / f"potential-{hashlib.sha256(content).hexdigest()[:12]}.lmp"
    if not path.exists():
        path.write_bytes(content)
    return _quoted(path)


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise UserError(f"{path}: this LAMMPS potential file can't be read ({error.strerror})") from error


def _lines(path: Path) -> list[str]:
    """Lines of an include file, continued ones joined as LAMMPS joins them."""
    return CONTINUED.sub("", _text(path).replace("\r\n", "\n")).splitlines()


def _resolved(path: Path, above: tuple[Path, ...]) -> tuple[str, list[Path]]:
    """Text of an include file with the files it names by their paths, and these files; included ones too."""
    if path.resolve() in above:
        raise UserError(f"{path}: this LAMMPS potential file includes itself; take the 'include' out")
    lines, files = [], []
    styles: set[str] = set()
    variables: dict[str, str] = {}
    for line in _lines(path):
        words = list(_words(line))
        command = [word for _, _, word in words]
        if command[:1] == ["pair_style"]:
            styles.update(command[1:])
        if command[:1] == ["if"] and any(HIDING.search(word) for word in command[1:]):
            raise UserError(f"{path}: an 'if' holds commands that name files ({line.strip()}); write them out")
        if command[:1] == ["variable"] and len(command) == 4 and command[2] in ("string", "index"):
            variables[command[1]] = command[3]
        for begin, end, word in reversed(words[1:]):
            plain = VARIABLE.sub(lambda found: variables.get(found[1] or found[2], found[0]), word)
            if not _may_be_file(command[0], plain, styles):
                continue
            found = file_named(plain, path)
            if found is None:
                continue
            inner, named = _resolved(found, (*above, path.resolve())) if command[0] == "include" else ("", [])
            line = line[:begin] + (_written(inner) if named else lammps_word(found)) + line[end:]
            files += [found, *named]
        lines.append(line)
    return "\n".join(lines) + "\n", files


def _words(line: str) -> Iterator[tuple[int, int, str]]:
    """Begin, end and text of each word, as LAMMPS divides a line; not of the comment."""
    for found in WORD.finditer(line):
        if not found[0].startswith("#"):
            yield found.start(), found.end(), next(text for text in found.groups() if text is not None)


def _may_be_file(command: str, word: str, styles: set[str]) -> bool:
    """Whether a word can be a file's name: numbers, atom types, species and styles can't."""
    if command in SAYING or "*" in word or word in atomic_numbers or re.fullmatch(r"[-+\d.eE:]*", word):
        return False
    if command in ("include", "pair_coeff") and word not in styles:
        return True
    return "." in word or ("/" in word and word not in styles)


def file_named(word: str, include: Path) -> Path | None:
    """The file that a word of an include file names, if there is one.

    Raises:
        UserError: two files of this name differ.
    """
    given = Path(word).expanduser()
    folders = [include.parent, Path.cwd()]
    known = [Path(folder) / given.name for folder in os.environ.get("LAMMPS_POTENTIALS", "").split(":") if folder]
    places = dict.fromkeys((folder / given).resolve() for folder in folders)
    found = [path for path in places if path.is_file()]
    if len({digest_of_file(path) for path in found}) > 1:
        raise UserError(
            f"{include}: names the file {word}, and {' and '.join(map(str, found))} differ; write the whole path of "
            "the one that is meant"
        )
    return next(iter([*found, *(path for path in known if path.is_file())]), None)
