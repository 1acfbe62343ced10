"""Study files: ``extends`` chains, and where each value came from."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_origin

import yaml
from pydantic import BaseModel

from melt2crystal.errors import UserError
from melt2crystal.project import STUDIES
from melt2crystal.provenance import ROOT
from melt2crystal.study.yaml_text import LARGEST_BYTES, KeyPath, Mistake, PlainText, parsed

LONGEST_CHAIN = 20


@dataclass
class Source(PlainText):
    """Plain data with the place (``file:line``) of every key."""

    def place(self, path: KeyPath) -> str:
        """Where a key, or the nearest section around it, was written."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return self.label


def shown(path: Path, root: Path) -> str:
    """A path as the user would type it from the repository root."""
    try:
        return str(path.resolve().relative_to(root.resolve()))
    except ValueError:
        return str(path)


def read_source(path: Path, root: Path) -> Source:
    """One YAML file; mistakes of single keys are collected.

    Raises:
        UserError: the file is missing, is no YAML, holds no mapping at its top, or grows without end.
    """
    label = shown(path, root)
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise UserError(f"{label}: has more than {LARGEST_BYTES // 1000} kB; allowed: a study, which is short")
        return Source(**vars(parsed(path.read_text(encoding="utf-8-sig"), label)))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{label}: can't be read ({error}); allowed: a YAML text file") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        problem = " ".join(str(getattr(error, "problem", None) or error).split())
        raise UserError(
            f"{label}{line}: not valid YAML ({problem}); allowed: 'key: value' lines, nested by spaces (no tabs)"
        ) from error


def study_path(name: Any, root: Path, asked_by: str) -> Path:
    """The file of a study given by name (``laptop``) or path.

    Raises:
        UserError: there is no such study; the message lists those that exist.
    """
    known = sorted({path.stem for folder in (root, ROOT) for path in (folder / STUDIES).glob("*.yaml")})
    if isinstance(name, str) and name:
        is_path = "/" in name or name.endswith((".yaml", ".yml"))
        for folder in (root, ROOT):  # a project's own studies, then those of the clone
            path = folder / name if is_path else folder / STUDIES / f"{name}.yaml"
            with suppress(OSError):  # a name longer than names can be
                if path.is_file():
                    return path
    close = difflib.get_close_matches(Path(str(name)[:60]).stem, known, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    raise UserError(
        f"{asked_by}: {repr(name)[:60]} is no study{hint}; allowed: {', '.join(known) or 'nothing yet'} "
        f"(the files in {STUDIES}), or the path of a YAML file"
    )


def read_study(path: Path, root: Path, model: type[BaseModel]) -> Source:
    """A study file on top of the chain it extends. The name is the file's, never inherited.

    Raises:
        UserError: a file of the chain is missing or unreadable, or the chain is a loop.
    """
    source = read_source(path, root)
    given = source.data.get("name", path.stem)
    if given != path.stem:
        allowed = f"{path.stem} (the file's name, which also names the results folder), or leave the key out"
        source.mistakes.append(Mistake(("name",), f"{given!r} is not the name of the file", allowed))
    source = on_its_base(source, root, model, (path.resolve(),))
    source.data["name"] = path.stem
    return source


def on_its_base(source: Source, root: Path, model: type[BaseModel], chain: Sequence[Path] = ()) -> Source:
    """Lay a source over what its ``extends`` names, recursively; lists are replaced."""
    if "extends" not in source.data:
        return source
    where = f"{source.place(('extends',))}: extends"
    base_path = study_path(source.data.pop("extends"), root, where).resolve()
    if len(chain) > LONGEST_CHAIN:
        raise UserError(f"{where}: a chain of more than {LONGEST_CHAIN} studies; allowed: a shorter one")
    if base_path in chain:
        loop = " -> ".join(shown(path, root) for path in (*chain, base_path))
        raise UserError(f"{where}: the studies extend each other in a loop ({loop}); allowed: a chain that ends")
    base = on_its_base(read_source(base_path, root), root, model, (*chain, base_path))
    base.data.pop("name", None)
    base.places.pop(("name",), None)
    base.places.pop(("extends",), None)
    return merged(base, source, model)


def merged(base: Source, over: Source, model: type[BaseModel]) -> Source:
    """``over`` on top of ``base``: sections key by key; lists, tables with free keys and other engines whole."""
    replaced: list[KeyPath] = []
    data = _merge(base.data, over.data, model, (), replaced)
    kept = {
        path: place for path, place in base.places.items() if not any(path[: len(gone)] == gone for gone in replaced)
    }
    return Source(over.label, data, {**kept, **over.places}, base.mistakes + over.mistakes)


def _merge(
    base: dict[str, Any], over: dict[str, Any], model: type[BaseModel], path: KeyPath, replaced: list[KeyPath]
) -> dict[str, Any]:
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        section = _section_of(model, key, old, value)
        if section and isinstance(value, dict) and isinstance(old, dict):
            result[key] = _merge(old, value, section, (*path, key), replaced)
        else:
            replaced.append((*path, key))
            result[key] = value
    return result


def _section_of(model: type[BaseModel], key: str, old: Any, new: Any) -> type[BaseModel] | None:
    """The section that both values of a key belong to; None for plain values and for two different engines."""
    annotation = model.model_fields[key].annotation if key in model.model_fields else None
    options = [option for option in get_args(annotation) or (annotation,) if isinstance(option, type)]
    sections = [option for option in options if issubclass(option, BaseModel)]
    if len(sections) < 2:
        return sections[0] if sections and get_origin(annotation) not in (list, tuple, dict) else None
    engine = _engine(old)
    same = [section for section in sections if section.model_fields["engine"].default == engine]
    return same[0] if same and (_engine(new) or engine) == engine else None


def _engine(reference: Any) -> Any:
    return reference.get("engine") if isinstance(reference, dict) else None
