"""Which source files a script's numbers depend on, found by reading its imports (nothing is imported)."""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import chain
from pathlib import Path

from melt2crystal.errors import UserError

PACKAGE = "melt2crystal"
CALLS = ("import_module", "__import__")
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")  # where a statement holds others
MARKED = re.compile(r"(\S+\.py) ([0-9a-f]{16})")


def code_inputs(script: Path, root: Path, seen: dict[Path, list[Path]] | None = None) -> list[str]:
    """The script and every module of the package that it imports, directly or through others.

    Imports inside functions count; those under ``if TYPE_CHECKING`` don't, because they never run. A package's
    ``__init__.py`` counts unless it holds nothing but its docstring and dunder constants: a new version number must
    not retrain a potential.

    Args:
        script: a Python file, relative to ``root`` or absolute.
        root: repository root, which holds the package.
        seen: what each file imports, filled here. Scripts of one plan share it, and with it most of their work; a
            later plan begins with an empty one, because files may have come or gone.

    Returns:
        Paths relative to ``root``, sorted.

    Raises:
        UserError: the script or an imported module doesn't exist or isn't Python.
    """
    root = Path(root).resolve()
    seen = {} if seen is None else seen
    found: set[Path] = set()
    waiting = [(root / script).resolve()]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        if path not in seen:
            named = _imports_of(path, root)
            seen[path] = [file for name, must_exist in named for file in _files_of(name, must_exist, path, root)]
        waiting += seen[path]
    return sorted(path.relative_to(root).as_posix() for path in found)


def code_digests(script: Path, root: Path, seen: dict[Path, list[Path]] | None = None) -> list[str]:
    """``path digest`` of every file of ``code_inputs``, one text each.

    Rules take them as parameters, which Snakemake compares by value: a file that is touched, or restored by git, is the
    same; an edited one makes its rules run again, and the reason shows that file alone. As input files they would be
    looked up, and their times compared, for each job anew: in a study of ten thousand jobs a third of the planning.
    Arguments and errors are those of ``code_inputs``.
    """
    names = code_inputs(script, root, seen)
    return [f"{name} {_digest(Path(root, name), *_state(Path(root, name)))}" for name in names]


def code_of_params(params: Iterable[str]) -> dict[str, str]:
    """Path -> digest of the parameters that ``code_digests`` wrote; others are left out."""
    return {found[1]: found[2] for text in params if (found := MARKED.fullmatch(text))}


def _files_of(name: str, must_exist: bool, importer: Path, root: Path) -> list[Path]:
    """Files that run when the dotted ``name`` is imported, its packages' non-trivial ``__init__`` among them."""
    parts = name.split(".")
    inits = [root.joinpath(*parts[:depth], "__init__.py") for depth in range(1, len(parts))]
    files = [init for init in inits if init.is_file() and not _is_trivial(init)]
    module, package = root.joinpath(*parts).with_suffix(".py"), root.joinpath(*parts, "__init__.py")
    if module.is_file():
        return [*files, module]
    if package.is_file():
        return files if _is_trivial(package) and not must_exist else [*files, package]
    if must_exist and not root.joinpath(*parts).is_dir():
        raise UserError(
            f"{importer.relative_to(root)}: imports {name}, which doesn't exist; write the module or mend the import"
        )
    return files


def _imports_of(path: Path, root: Path) -> list[tuple[str, bool]]:
    """Dotted names of the package that a file imports, and whether they must be modules (or may be attributes)."""
    names: list[tuple[str, bool]] = []
    for node in _imports_in(path, *_state(path)):
        if isinstance(node, ast.Import):
            names += [(alias.name, True) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, path, root)
            if base.split(".")[0] != PACKAGE:
                continue
            submodules = [f"{base}.{alias.name}" for alias in node.names]
            are_modules = [_is_module(name, root) for name in submodules]
            names += [(name, True) for name, is_module in zip(submodules, are_modules, strict=True) if is_module]
            # something besides submodules is taken from the package itself: its __init__ counts, trivial or not
            names.append((base, not all(are_modules)))
        else:
            names.append((node, True))
    return [(name, must) for name, must in names if name.split(".")[0] == PACKAGE]


@lru_cache(maxsize=1024)
def _imports_in(path: Path, modified: int, size: int) -> list[ast.Import | ast.ImportFrom | str]:
    """Import statements of a file in one state, and names given to ``import_module``; every plan asks for them."""
    found: list[ast.Import | ast.ImportFrom | str] = []
    # imports are statements; expressions, four fifths of all nodes, need a look only where one of them imports
    text = path.read_text(encoding="utf-8")
    into_expressions = any(name in text for name in CALLS)
    for node in _nodes_that_run(_parsed(path), into_expressions):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found.append(node)
        elif isinstance(node, ast.Call):
            found += _literal_import(node)
    return found


def _literal_import(node: ast.Call) -> Iterator[str]:
    """``import_module("melt2crystal.x")`` with its name written out."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if called in CALLS and node.args and isinstance(node.args[0], ast.Constant):
        yield str(node.args[0].value)


def _absolute(node: ast.ImportFrom, path: Path, root: Path) -> str:
    if not node.level:
        return node.module or ""
    package = path.relative_to(root).parent.parts
    package = package[: len(package) - node.level + 1]
    return ".".join((*package, *(node.module or "").split("."))).rstrip(".")


def _is_module(name: str, root: Path) -> bool:
    place = root.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def _nodes_that_run(tree: ast.AST, into_expressions: bool) -> Iterator[ast.AST]:
    """All statements, or all nodes, but those under ``if TYPE_CHECKING``."""
    yield tree
    blocks = (getattr(tree, name, ()) for name in BLOCKS)
    for child in ast.iter_child_nodes(tree) if into_expressions else chain.from_iterable(blocks):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            for other in child.orelse:
                yield from _nodes_that_run(other, into_expressions)
        else:
            yield from _nodes_that_run(child, into_expressions)


def _is_trivial(init: Path) -> bool:
    """Nothing but docstring and constants such as ``__version__ = "1.0"``."""
    return _has_no_content(init, *_state(init))


@lru_cache(maxsize=1024)
def _has_no_content(init: Path, modified: int, size: int) -> bool:
    for statement in _parsed(init).body:
        is_text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        is_dunder = (
            isinstance(statement, ast.Assign)
            and isinstance(statement.value, ast.Constant)
            and all(isinstance(target, ast.Name) and target.id.startswith("__") for target in statement.targets)
        )
        if not (is_text or is_dunder):
            return False
    return True


@lru_cache(maxsize=1024)
def _digest(path: Path, modified: int, size: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def _state(path: Path) -> tuple[int, int]:
    """Time of modification and size: part of the keys of the caches."""
    try:
        stat = path.stat()
    except OSError as error:
        raise UserError(f"{path}: there is no such script; a rule's code(...) names a file in scripts/") from error
    return stat.st_mtime_ns, stat.st_size


def _parsed(path: Path) -> ast.Module:
    """The syntax tree of a file; none is kept, the nodes of all files are half a million objects."""
    try:
        return ast.parse(path.read_text(encoding="utf-8"))
    except (SyntaxError, ValueError) as error:
        raise UserError(f"{path}: not valid Python ({error}); mend it first") from error
